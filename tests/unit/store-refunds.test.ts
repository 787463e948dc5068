import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RefundRequest } from '../../contracts/refund.ts';
import { refundDone, refundReserved, reversed } from '../../store/postings.ts';
import { type FeeState, feeShareOf, planRefund, type RefundState } from '../../store/refund-rules.ts';

const untouched: FeeState = { captured: 10_000, platformFee: 500, taken: 0, feeTaken: 0 };

describe('postings of a refund', () => {
  it("are those of the money model's table", () => {
    const full = refundReserved({ amount: 10_000, feeShare: feeShareOf(10_000, untouched) });
    expect(full).toEqual([
      { account: 'venue_payable', amount: 9_500 },
      { account: 'platform_fees', amount: 500 },
      { account: 'refunds_pending', amount: -10_000 },
    ]);
    expect(refundReserved({ amount: 3_333, feeShare: feeShareOf(3_333, untouched) })).toEqual([
      { account: 'venue_payable', amount: 3_167 },
      { account: 'platform_fees', amount: 166 },
      { account: 'refunds_pending', amount: -3_333 },
    ]);
    expect(refundDone(10_000)).toEqual([
      { account: 'refunds_pending', amount: 10_000 },
      { account: 'stripe_balance', amount: -10_000 },
    ]);
    expect(reversed(full)).toEqual(full.map(({ account, amount }) => ({ account, amount: -amount })));
  });

  it('leave out a share of nothing, and refuse one of more than the refund', () => {
    expect(refundReserved({ amount: 5, feeShare: 0 }).map(({ account }) => account)).toEqual([
      'venue_payable',
      'refunds_pending',
    ]);
    expect(() => refundReserved({ amount: 5, feeShare: 6 })).toThrow(/venueShare of a posting to venue_payable is -1/);
  });
});

const sum = (numbers: readonly number[]) => Number(numbers.reduce((total, number) => total + BigInt(number), 0n));

/** A payment, and what is done to it one after the other: a part of what is left is refunded, or a live refund fails. */
const histories = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).chain((captured) =>
  fc.record({
    captured: fc.constant(captured),
    platformFee: fc.oneof(
      fc.integer({ min: 0, max: captured }),
      fc.constantFrom(0, captured, Math.ceil(captured / 20)),
    ),
    steps: fc.array(
      fc.oneof(
        fc.record({ refund: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: captured })) }),
        fc.record({ fail: fc.nat() }),
      ),
      { maxLength: 40 },
    ),
  }),
);

interface LiveRefund {
  amount: number;
  feeShare: number;
}
const stateOf = (captured: number, platformFee: number, live: readonly LiveRefund[]): FeeState => ({
  captured,
  platformFee,
  taken: sum(live.map(({ amount }) => amount)),
  feeTaken: sum(live.map(({ feeShare }) => feeShare)),
});

describe('the fee that goes back', () => {
  it('of thirds is rounded over all of them, and the last takes the rest', () => {
    const live: LiveRefund[] = [];
    for (const amount of [3_333, 3_333, 3_334]) {
      live.push({ amount, feeShare: feeShareOf(amount, stateOf(10_000, 500, live)) });
    }
    expect(live.map(({ feeShare }) => feeShare)).toEqual([166, 167, 167]);
  });

  it('is, whatever fails in between, never negative, never above the refund, and all of it when all is refunded', () => {
    fc.assert(
      fc.property(histories, ({ captured, platformFee, steps }) => {
        const live: LiveRefund[] = [];
        const refund = (amount: number) => {
          const feeShare = feeShareOf(amount, stateOf(captured, platformFee, live));
          expect(feeShare).toBeGreaterThanOrEqual(0);
          expect(feeShare).toBeLessThanOrEqual(amount);
          expect(Number.isSafeInteger(feeShare)).toBe(true);
          live.push({ amount, feeShare });
        };
        const left = () => captured - stateOf(captured, platformFee, live).taken;
        for (const step of steps) {
          if ('fail' in step) live.splice(step.fail % Math.max(live.length, 1), 1);
          else if (left() > 0) refund(Math.min(step.refund, left()));
        }
        if (left() > 0) refund(left());
        expect(stateOf(captured, platformFee, live)).toEqual({
          captured,
          platformFee,
          taken: captured,
          feeTaken: platformFee,
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('without failures is exactly the share of all refunds so far, rounded down', () => {
    fc.assert(
      fc.property(histories, ({ captured, platformFee, steps }) => {
        const live: LiveRefund[] = [];
        for (const step of steps) {
          const state = stateOf(captured, platformFee, live);
          const amount = Math.min('refund' in step ? step.refund : 1, captured - state.taken);
          if (amount === 0) break;
          live.push({ amount, feeShare: feeShareOf(amount, state) });
          const { taken, feeTaken } = stateOf(captured, platformFee, live);
          expect(BigInt(feeTaken)).toBe((BigInt(platformFee) * BigInt(taken)) / BigInt(captured));
        }
      }),
    );
  });
});

const ticket = (ticketId: string, parts: Partial<RefundState['tickets'][number]> = {}) => ({
  ticketId,
  price: 4_000,
  refunded: false,
  burning: false,
  live: true,
  ...parts,
});
/** Two tickets of 4,000 and fees of 2,000. */
const state = (parts: Partial<RefundState> = {}): RefundState => ({
  ...untouched,
  tickets: [ticket('a'), ticket('b')],
  ...parts,
});
type Wanted = Partial<Pick<RefundRequest, 'amount' | 'ticketIds' | 'tickets'>>;
const planOf = (wanted: Wanted, now: RefundState) => planRefund({ tickets: 'burn', ...wanted }, now);

describe('a refund', () => {
  it.each<[string, Wanted, RefundState, object]>([
    ['all', {}, state(), { amount: 10_000, feeShare: 500, ticketIds: ['a', 'b'], burnTicketIds: ['a', 'b'] }],
    ['all, kept', { tickets: 'keep' }, state(), { amount: 10_000, ticketIds: ['a', 'b'], burnTicketIds: [] }],
    [
      'a ticket',
      { ticketIds: ['b'] },
      state(),
      { amount: 4_000, feeShare: 200, ticketIds: ['b'], burnTicketIds: ['b'] },
    ],
    ['a ticket named twice', { ticketIds: ['b', 'b'] }, state(), { amount: 4_000, ticketIds: ['b'] }],
    [
      'a ticket for less',
      { ticketIds: ['a'], amount: 1 },
      state(),
      { amount: 1, ticketIds: ['a'], burnTicketIds: ['a'] },
    ],
    ['tickets dearer than what is left', { ticketIds: ['a', 'b'] }, state({ taken: 5_000 }), { amount: 5_000 }],
    ['a part', { amount: 3_333 }, state(), { amount: 3_333, feeShare: 166, ticketIds: [], burnTicketIds: [] }],
    ['the amount that is left', { amount: 7_000 }, state({ taken: 3_000 }), { burnTicketIds: ['a', 'b'] }],
    [
      'the rest after a kept ticket',
      {},
      state({ taken: 4_000, tickets: [ticket('a', { refunded: true }), ticket('b')] }),
      { amount: 6_000, ticketIds: ['b'], burnTicketIds: ['a', 'b'] },
    ],
    [
      'the rest, one ticket gone and one being burned by another refund',
      {},
      state({ tickets: [ticket('a', { live: false }), ticket('b', { burning: true, refunded: true }), ticket('c')] }),
      { ticketIds: ['a', 'c'], burnTicketIds: ['c'] },
    ],
  ])('of %s takes what it should', (_, wanted, now, plan) => {
    expect(planOf(wanted, now)).toMatchObject({ plan });
  });

  it.each<[string, Wanted, RefundState, object]>([
    ['more than is left', { amount: 7_001 }, state({ taken: 3_000 }), { reason: 'exceeds', refundable: 7_000 }],
    ['nothing that is left', {}, state({ taken: 10_000 }), { reason: 'exceeds', refundable: 0 }],
    [
      'a ticket when nothing is left',
      { ticketIds: ['a'] },
      state({ taken: 10_000 }),
      { reason: 'exceeds', refundable: 0 },
    ],
    [
      'a ticket that cost nothing',
      { ticketIds: ['f'] },
      state({ tickets: [ticket('f', { price: 0 })] }),
      { reason: 'exceeds', refundable: 0 },
    ],
    ['a stranger', { ticketIds: ['a', 'x'] }, state(), { reason: 'ticket_unknown' }],
    [
      'one that is refunded',
      { ticketIds: ['a', 'b'] },
      state({ tickets: [ticket('a'), ticket('b', { refunded: true })] }),
      { reason: 'ticket_refunded' },
    ],
  ])('of %s is refused', (_, wanted, now, refusal) => {
    expect(planOf(wanted, now)).toEqual({ refusal });
  });
});
