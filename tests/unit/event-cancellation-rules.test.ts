import { describe, expect, it } from 'vitest';
import { type CancellationReport, isSettled, nothingYet, pauseMs } from '../../contracts/event-cancellation.ts';
import { closedCancellationStatus, factsOf } from '../../contracts/event-cancellation-words.ts';
import { eventRefundIdOf } from '../../contracts/hashes.ts';
import { refundWorkflowId } from '../../contracts/ids.ts';
import { type PurchaseGroup, reportOf, standingOf, underWay } from '../../store/event-cancellation-rules.ts';

const group = (change: Partial<PurchaseGroup> = {}): PurchaseGroup => ({
  currency: 'USD', free: false, planned: false, ended: null, reason: null, taken: false, reserved: false, parked: false,
  fresh: false, count: 1, amount: 0, ...change,
}); // prettier-ignore

const report = (change: Partial<CancellationReport>): CancellationReport => ({ ...nothingYet, ...change });

describe('where a purchase of a cancelled event stands', () => {
  it.each<[string, Partial<PurchaseGroup>]>([
    ['free', { free: true, taken: true }],
    ['notStarted', {}],
    ['pending', { planned: true }],
    ['pending', { planned: true, taken: true, reserved: true }],
    ['inReview', { planned: true, taken: true, reserved: true, parked: true }],
    ['inReview', { planned: true, taken: true, parked: true }],
    ['refunded', { planned: true, ended: 'completed', taken: true }],
    ['failed', { planned: true, ended: 'failed' }],
    ['refused', { planned: true, ended: 'rejected', reason: 'disputed' }],
    ['refused', { planned: true, ended: 'cancelled' }],
    // Others took all of it, before or while this one came.
    ['refundedBefore', { taken: true }],
    ['refundedBefore', { planned: true, ended: 'rejected', reason: 'exceeds', taken: true }],
    // Not at the provider yet: it may come back to the books, and is waited for.
    ['pending', { taken: true, reserved: true }],
    ['inReview', { taken: true, reserved: true, parked: true }],
    ['pending', { planned: true, ended: 'rejected', reason: 'exceeds', taken: true, reserved: true }],
    // It came back after this one was rejected: somebody has to ask again.
    ['refused', { planned: true, ended: 'rejected', reason: 'exceeds' }],
  ])('%s: %j', (standing, change) => {
    expect(standingOf(group(change))).toBe(standing);
  });

  it('adds up, by reason and by currency', () => {
    const done = { planned: true, taken: true, ended: 'completed' } as const;
    const groups = [
      group({ ...done, count: 3, amount: 15_000 }),
      group({ ...done, count: 1, amount: 4_000, fresh: true }),
      group({ ...done, currency: 'JPY', count: 2, amount: 900 }),
      group({ planned: true, ended: 'rejected', reason: 'disputed', count: 2 }),
      group({ planned: true, ended: 'cancelled' }),
      group({ planned: true, count: 4 }),
      group({ free: true, count: 5 }),
    ];
    const sums = reportOf(groups, { inFlight: 6, cancelledInFlight: 7 });
    expect(sums).toEqual({
      ...nothingYet, purchases: 18, refunded: 6, free: 5, pending: 4, refused: { disputed: 2, cancelled: 1 },
      inFlight: 6, cancelledInFlight: 7, amounts: { USD: 19_000, JPY: 900 },
    }); // prettier-ignore
    expect(Object.fromEntries(factsOf(sums))).toMatchObject({
      Purchases: '18', Refused: 'cancelled 1, disputed 2', Amount: '900 JPY, 190.00 USD', 'In review': '0',
    }); // prettier-ignore
  });

  it('fills the window only with what was begun lately and waits for nobody', () => {
    const lately = { planned: true, fresh: true };
    expect(
      underWay([
        group({ ...lately, count: 3 }),
        group({ ...lately, parked: true, count: 20 }),
        group({ planned: true, count: 40 }),
        group({ taken: true, reserved: true, count: 80 }),
      ]),
    ).toBe(3);
  });
});

describe('the next look', () => {
  it.each(['pending', 'inReview', 'notStarted', 'inFlight'] as const)('is taken while something is %s', (name) => {
    expect(isSettled(report({ [name]: 1 }))).toBe(false);
    expect(isSettled(report({ refunded: 1, failed: 1, free: 1, refused: { disputed: 1 } }))).toBe(true);
  });

  it('comes after a second while there is work, and seldom when only people are waited for', () => {
    const work = report({ pending: 1, inReview: 1 });
    expect([0, 5, 10, 11, 13, 99].map((quiet) => pauseMs(quiet, work))).toEqual([
      1_000, 1_000, 1_000, 2_000, 8_000, 60_000,
    ]);
    const people = report({ inReview: 1 });
    expect([0, 1, 3, 6, 99].map((quiet) => pauseMs(quiet, people))).toEqual([1_000, 2_000, 8_000, 60_000, 60_000]);
  });
});

it('the refund of a purchase has one id, which is one of ours', () => {
  const id = eventRefundIdOf('event-1', 'key-1');
  expect(id).toMatch(/^ec-[0-9a-f]{40}$/);
  expect(eventRefundIdOf('event-1', 'key-1')).toBe(id);
  expect(new Set([id, eventRefundIdOf('event-1', 'key-2'), eventRefundIdOf('event-2', 'key-1')]).size).toBe(3);
  expect(refundWorkflowId('acme', id)).toBe(`refund:acme:${id}`);
});

it('an end says what is left to do', () => {
  const partly = report({ purchases: 2, refunded: 1, failed: 1 });
  expect(closedCancellationStatus({ status: 'completed', moneyMoved: 'refunded', report: partly }).next).toContain(
    'in another way',
  );
  expect(closedCancellationStatus({ status: 'refused', moneyMoved: 'none', reason: 'no_event' }).next).toBe(
    'There is no such event.',
  );
});
