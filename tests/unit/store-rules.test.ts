import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharesOf } from '../../contracts/money.ts';
import { judgeClaim } from '../../store/claims.ts';
import { inLockOrder } from '../../store/holds.ts';
import { captured, providerFee } from '../../store/postings.ts';
import { refusalOf } from '../../store/sale-rules.ts';

describe('postings', () => {
  it("are those of the money model's example", () => {
    const shares = sharesOf(10_000, { feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000 });
    expect(captured({ amount: 10_000, shares })).toEqual([
      { account: 'stripe_balance', amount: 10_000 },
      { account: 'venue_payable', amount: -8_550 },
      { account: 'venue_reserve', amount: -950 },
      { account: 'platform_fees', amount: -500 },
    ]);
    expect(providerFee(320)).toEqual([
      { account: 'provider_fees', amount: 320 },
      { account: 'stripe_balance', amount: -320 },
    ]);
  });

  it('sum to zero, with at least two lines and none of 0, for every amount and policy', () => {
    const basisPoints = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        basisPoints,
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        basisPoints,
        (amount, feeBasisPoints, feeFixed, reserveBasisPoints) => {
          const postings = captured({
            amount,
            shares: sharesOf(amount, { feeBasisPoints, feeFixed, reserveBasisPoints }),
          });
          expect(postings.reduce((sum, posting) => sum + BigInt(posting.amount), 0n)).toBe(0n);
          expect(postings.length).toBeGreaterThanOrEqual(2);
          expect(postings.every((posting) => posting.amount !== 0)).toBe(true);
        },
      ),
    );
  });

  it('of nothing are none', () => {
    expect(providerFee(0)).toEqual([]);
  });

  it.each([0.5, -1, Number.NaN, 2 ** 53])('refuse %s as an amount', (fee) => {
    expect(() => providerFee(fee)).toThrow(/fee of a posting to provider_fees/);
  });

  it('refuse shares that are not the whole amount', () => {
    const shares = { platformFee: 500, venueReserve: 950, venuePayable: 8_549 };
    expect(() => captured({ amount: 10_000, shares })).toThrow(/sum to 1, not 0/);
  });
});

describe('a claim that exists', () => {
  const operation = { tenantId: 'acme', workflowId: 'w', runId: 'r' };
  const row = { fingerprint: 'f', workflowId: 'w', runId: 'r', status: 'live' as const, result: null };

  it.each([
    ['its own run', row, 'f', { kind: 'owned' }],
    ['another run', { ...row, runId: 'old' }, 'f', { kind: 'foreign', workflowId: 'w', runId: 'old' }],
    ['another body', row, 'g', { kind: 'refused', reason: 'key_reused' }],
    ['settled', { ...row, runId: 'old', status: 'settled' as const, result: 1 }, 'f', { kind: 'settled', result: 1 }],
    ['settled, other body', { ...row, status: 'settled' as const }, 'g', { kind: 'refused', reason: 'key_reused' }],
  ])('means, for %s, what it should', (_, existing, fingerprint, outcome) => {
    expect(judgeClaim(existing, fingerprint, operation)).toEqual(outcome);
  });
});

describe('a sale', () => {
  const order = { venueId: 'venue', currency: 'USD' } as const;
  const venue = { currency: 'USD', frozen: false };
  const event = { venueId: 'venue', salesOpen: true };

  it.each([
    [{ venue, event }, undefined],
    [{ event }, 'no_venue'],
    [{ venue }, 'no_event'],
    [{ venue, event: { ...event, venueId: 'other' } }, 'no_event'],
    [{ venue: { ...venue, currency: 'EUR', frozen: true }, event }, 'currency'],
    [{ venue: { ...venue, frozen: true }, event: { ...event, salesOpen: false } }, 'venue_frozen'],
    [{ venue, event: { ...event, salesOpen: false } }, 'sales_closed'],
  ])('of %j is refused with %s', (setting, reason) => {
    expect(refusalOf(setting, order)).toBe(reason);
  });
});

it('holds are taken in one order, whatever order they come in', () => {
  const holds = [
    { kind: 'ticket', id: 'b' },
    { kind: 'order', id: 'z' },
    { kind: 'ticket', id: 'B' },
    { kind: 'ticket', id: 'a' },
  ] as const;
  expect(inLockOrder(holds)).toEqual(inLockOrder([...holds].toReversed()));
  expect(inLockOrder(holds)[0]).toEqual({ kind: 'order', id: 'z' });
});
