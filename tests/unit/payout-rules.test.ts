import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availableOf,
  type Lying,
  obstacleOf,
  type Owed,
  planPayout,
  transferAmountOf,
} from '../../store/payout-rules.ts';
import {
  type Account,
  payoutCreated,
  payoutFailed,
  payoutPaid,
  payoutReserved,
  payoutReturned,
  type Posting,
  reserveReleased,
  reversed,
  transferred,
  writtenOff,
} from '../../store/postings.ts';
import { lineKindOf } from '../../store/statements.ts';

/** What is left of some postings, by account. */
const sums = (...steps: Posting[][]) => {
  const totals = new Map<Account, number>();
  for (const { account, amount } of steps.flat()) totals.set(account, (totals.get(account) ?? 0) + amount);
  return Object.fromEntries([...totals].filter(([, total]) => total !== 0));
};

describe('postings', () => {
  it.each<[string, Posting[], Partial<Record<Account, number>>]>([
    ['a reserve released', reserveReleased(950), { venue_reserve: 950, venue_payable: -950 }],
    ['a payout reserved', payoutReserved(8_550), { venue_payable: 8_550, venue_payout: -8_550 }],
    ['transferred', transferred(8_550), { connected_balance: 8_550, stripe_balance: -8_550 }],
    ['a transfer reversed', reversed(transferred(8_550)), { connected_balance: -8_550, stripe_balance: 8_550 }],
    ['a payout created', payoutCreated(8_550), { in_transit: 8_550, connected_balance: -8_550 }],
    ['paid', payoutPaid(8_550), { venue_payout: 8_550, in_transit: -8_550 }],
    [
      'failed before paid',
      payoutFailed(8_550),
      { connected_balance: 8_550, in_transit: -8_550, venue_payout: 8_550, venue_payable: -8_550 },
    ],
    ['failed after paid', payoutReturned(8_550), { connected_balance: 8_550, venue_payable: -8_550 }],
    ['a write-off', writtenOff(10), { losses: 10, venue_payable: -10 }],
  ])("of %s are those of the money model's table", (_, postings, entries) => {
    expect(Object.fromEntries(postings.map(({ account, amount }) => [account, amount]))).toEqual(entries);
    expect(postings.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
  });

  it('of nothing are none', () => {
    for (const post of [reserveReleased, transferred, payoutFailed, writtenOff]) expect(post(0)).toEqual([]);
  });

  it('of any payout leave nothing behind, however it ends', () => {
    const toTheBank = [payoutReserved(7), transferred(7), payoutCreated(7)];
    const given = { venue_payable: 7, stripe_balance: -7 };
    const back = { connected_balance: 7, stripe_balance: -7 };
    expect(sums(...toTheBank, payoutPaid(7))).toEqual(given);
    expect(sums(...toTheBank, payoutFailed(7))).toEqual(back);
    expect(sums(...toTheBank, payoutPaid(7), payoutReturned(7))).toEqual(back);
    expect(sums(payoutReserved(7), transferred(7), reversed(payoutReserved(7)))).toEqual(back);
    expect(sums(payoutReserved(7), reversed(payoutReserved(7)))).toEqual({});
  });
});

describe('a venue', () => {
  const venue = { frozen: false, payoutsEnabled: true, connectedAccount: 'acct_1' };

  it.each([
    [{}, undefined],
    [{ payoutsEnabled: false }, 'payouts_disabled'],
    [{ connectedAccount: null, payoutsEnabled: false }, 'no_account'],
    [{ frozen: true, connectedAccount: null, payoutsEnabled: false }, 'frozen'],
  ])('with %j is waited for because of %s', (parts, obstacle) => {
    expect(obstacleOf({ ...venue, ...parts })).toBe(obstacle);
  });
});

describe('what is available', () => {
  it.each<[string, Owed, number]>([
    ['all of it', { payable: 100, availableNow: 100 }, 100],
    ['what has come in', { payable: 100, availableNow: 60 }, 60],
    ['no more than is owed at all', { payable: 50, availableNow: 60 }, 50],
    ['nothing of a venue that owes', { payable: -10, availableNow: -10 }, 0],
    ['nothing when what comes in will not cover it', { payable: -1, availableNow: 60 }, 0],
  ])('is %s', (_, owed, available) => {
    expect(availableOf(owed)).toBe(available);
  });
});

const owed = (available: number): Owed => ({ payable: available, availableNow: available });

describe('a payout', () => {
  it.each([
    [undefined, 8_550, 'USD', 8_550],
    [8_550, 8_550, 'USD', 8_550],
    [1, 8_550, 'USD', 1],
    [undefined, 8_555, 'JPY', 8_555],
    [undefined, 8_559, 'KWD', 8_550],
    [8_550, 8_559, 'KWD', 8_550],
  ] as const)('of %s out of %i %s takes %i', (wanted, available, currency, amount) => {
    expect(planPayout(wanted, owed(available), currency)).toEqual({ amount });
  });

  it.each([
    [8_551, 8_550, 'USD', 'exceeds', 8_550],
    [1, -5, 'USD', 'exceeds', 0],
    [undefined, 0, 'USD', 'nothing_available', 0],
    [undefined, -5, 'USD', 'nothing_available', 0],
    [undefined, 9, 'KWD', 'nothing_available', 9],
  ] as const)('of %s out of %i %s is refused: %s, of %i', (wanted, left, currency, reason, available) => {
    expect(planPayout(wanted, owed(left), currency)).toEqual({ refusal: { reason, available } });
  });

  it('never takes more than what is owed and has come in', () => {
    const amount = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
    const wanted = fc.option(fc.integer({ min: 1, max: 2 ** 53 - 1 }), { nil: undefined });
    fc.assert(
      fc.property(wanted, amount, amount, fc.constantFrom('JPY', 'USD', 'KWD'), (asked, payable, now, currency) => {
        const plan = planPayout(asked, { payable, availableNow: now }, currency);
        if (!('amount' in plan)) return;
        expect(plan.amount).toBeGreaterThan(0);
        expect(plan.amount).toBeLessThanOrEqual(Math.min(payable, now));
        expect(plan.amount).toBe(asked ?? plan.amount);
      }),
    );
  });
});

describe("what the venue's account lacks", () => {
  it.each<[string, Lying, number]>([
    ['all, when nothing lies there', { connected: 0, earmarked: 0, inAccount: 0 }, 100],
    ['the rest', { connected: 30, earmarked: 0, inAccount: 30 }, 70],
    ['nothing, when enough lies there', { connected: 300, earmarked: 0, inAccount: 300 }, 0],
    ['what others are about to take', { connected: 130, earmarked: 100, inAccount: 30 }, 70],
    ['all, when others take more than lies there', { connected: 50, earmarked: 60, inAccount: 0 }, 100],
    ['what lies in an earlier account', { connected: 100, earmarked: 0, inAccount: 20 }, 80],
    ['what was fetched back from it', { connected: 0, earmarked: 0, inAccount: 40 }, 100],
  ])('is %s', (_, lying, transferAmount) => {
    expect(transferAmountOf(100, lying)).toBe(transferAmount);
  });
});

it.each([
  ['payment:acme:k', 'capture', 'purchase'],
  ['payment:acme:k', 'reserve_released', 'reserve_released'],
  ['payment:acme:k', 'write_off', 'adjustment'],
  ['refund:acme:r', 'refund_reserved', 'refund'],
  ['refund:acme:r', 'refund_reserved_reversed', 'refund'],
  ['refund-return:acme:r', 'refund_returned', 'refund'],
  ['dispute:acme:d', 'funds_withdrawn', 'dispute'],
  ['dispute:acme:d', 'dispute_fee', 'dispute_fee'],
  ['payout:acme:p', 'payout_released', 'payout_released'],
  ['payout:acme:p', 'payout_failed', 'payout_released'],
  ['payout-return:acme:p', 'payout_returned', 'payout_returned'],
  ['somebody', 'anything', 'adjustment'],
])('%s, %s stands in a statement as %s', (operation, step, kind) => {
  expect(lineKindOf(operation, step)).toBe(kind);
});
