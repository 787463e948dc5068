import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failureTypes } from '../../contracts/failures.ts';
import { roundPayoutIdOf } from '../../contracts/hashes.ts';
import { payoutWorkflowId } from '../../contracts/ids.ts';
import { openPayoutStages, type PayoutRejection, type PayoutResult } from '../../contracts/payout.ts';
import { closedPayoutStatus, nextOfOpenPayout } from '../../contracts/payout-words.ts';
import { payoutPollMs, waitingLookMs } from '../../contracts/retry-profiles.ts';
import { MarkedFailed } from '../../workflows/outcomes.ts';
import { NotApproved } from '../../workflows/outcomes.ts';
import { NotPaid, payoutEndOf } from '../../workflows/payout-ends.ts';

const cancelled = { actor: 'me', reason: 'changed my mind' };
const failure = (type: string, code: string) => {
  const cause = ApplicationFailure.create({ type, message: code, details: [{ provider: 'stripe', code, sent: 1 }] });
  return new ActivityFailure('failed', 'createPayout', '1', 'NON_RETRYABLE_FAILURE', 'worker', cause);
};
const notPaid = new NotPaid({ providerPayoutId: 'po_1', status: 'failed', failureCode: 'account_closed' });
const rejectedBy = new NotApproved({ actor: 'grace' });
const declined = (code: string) => failure(failureTypes.declined, code);

describe('how a payout ends', () => {
  it.each([
    ['cancelled before money moved', false, 'with_us', new Error('cancelled'), cancelled, { status: 'cancelled', moneyMoved: 'with_us', ...cancelled }],
    ['cancelled while people thought', false, 'with_us', rejectedBy, cancelled, { status: 'cancelled', moneyMoved: 'with_us', ...cancelled }],
    ['not approved', false, 'with_us', rejectedBy, undefined, { status: 'rejected', moneyMoved: 'with_us', reason: 'not_approved', actor: 'grace' }],
    ['nobody approved', false, 'with_us', new NotApproved('expired'), undefined, { status: 'expired', moneyMoved: 'with_us' }],
    ['a bug before money moved', false, 'with_us', new Error('bug'), undefined, undefined],
    ['the transfer is declined', true, 'with_us', declined('account_invalid'), undefined, { status: 'returned', moneyMoved: 'with_us', code: 'account_invalid' }],
    ['the payout is declined', true, 'with_provider', declined('payouts_not_allowed'), undefined, { status: 'returned', moneyMoved: 'with_provider', code: 'payouts_not_allowed' }],
    ['marked as failed', true, 'unknown', new MarkedFailed('payout'), undefined, { status: 'returned', moneyMoved: 'with_provider', code: 'marked_failed' }],
    ['failed at the bank, cancelled too late', true, 'in_transit', notPaid, cancelled, { status: 'returned', moneyMoved: 'with_provider', code: 'account_closed' }],
  ] as const)('%s', (_, asked, money, error, cancel, end) => {
    expect(payoutEndOf({ asked, money, error, cancelled: cancel })).toEqual(end);
  }); // prettier-ignore

  it.each([undefined, cancelled])('a bug after money may have moved is no end at all (cancelled: %j)', (cancel) => {
    for (const error of [new TypeError('bug'), failure(failureTypes.budgetExhausted, 'budget_exhausted')])
      expect(() => payoutEndOf({ asked: true, money: 'with_us', error, cancelled: cancel })).toThrow('may have been');
  });
});

it('is looked at after 1, 2, 4 … minutes, and every 6 hours in the end', () => {
  expect([0, 1, 2, 6, 7, 1_000].map((look) => payoutPollMs(look) / 60_000)).toEqual([1, 2, 4, 64, 128, 360]);
});

it('waits for a year in one history: each look costs 6 events at most, of 51,200', () => {
  let looks = 0;
  for (let waited = 0; waited < 365 * 24 * 3_600_000; looks += 1) waited += waitingLookMs(looks);
  expect(looks * 6).toBeLessThan(51_200 / 2);
});

it('every stage and every end says what comes next', () => {
  expect(new Set(Object.values(nextOfOpenPayout)).size).toBe(openPayoutStages.length);
  const reasons: PayoutRejection[] = ['key_reused', 'no_venue', 'exceeds', 'nothing_available', 'not_approved'];
  const ends: PayoutResult[] = [
    ...reasons.map((reason) => ({ status: 'rejected', moneyMoved: 'with_us', reason }) as const),
    { status: 'paid', moneyMoved: 'paid_out', amount: 8_550, currency: 'USD', providerPayoutId: 'po_1' },
    { status: 'returned', moneyMoved: 'with_us', code: 'account_invalid' },
    { status: 'returned', moneyMoved: 'with_provider', code: 'account_closed' },
    { status: 'expired', moneyMoved: 'with_us' },
    { status: 'cancelled', moneyMoved: 'with_us', actor: 'me', reason: 'x' },
  ];
  expect(new Set(ends.map((end) => closedPayoutStatus(end).next)).size).toBe(ends.length);
  expect(closedPayoutStatus(ends[5]!)).toMatchObject({
    stage: 'paid',
    attention: 'none',
    next: expect.stringContaining('85.50 USD'),
  });
});

it('the id of a round’s payout is one per venue and moment, and an id', () => {
  const at = '2027-01-04T06:00:00.000Z';
  expect(roundPayoutIdOf('arena', at)).toMatch(/^auto-[0-9a-f]{24}-20270104T060000$/);
  expect(roundPayoutIdOf('arena', at)).not.toBe(roundPayoutIdOf('club', at));
  expect(roundPayoutIdOf('arena', at)).not.toBe(roundPayoutIdOf('arena', '2027-01-04T06:00:01Z'));
  expect(() => payoutWorkflowId('acme', roundPayoutIdOf('v'.repeat(64), at))).not.toThrow();
});
