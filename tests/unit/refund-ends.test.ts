import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failureTypes } from '../../contracts/failures.ts';
import { closedRefundStatus } from '../../contracts/refund-words.ts';
import type { ProviderRefund, RefundRejection } from '../../contracts/refund.ts';
import { refundPollMs } from '../../contracts/retry-profiles.ts';
import { NotRefunded, refundEndOf } from '../../workflows/refund-ends.ts';

const cancelled = { actor: 'me', reason: 'changed my mind' };
const refund = (change: Partial<ProviderRefund>): ProviderRefund => ({
  providerRefundId: 're_1',
  status: 'failed',
  ...change,
});
const failure = (type: string, code: string) => {
  const cause = ApplicationFailure.create({ type, message: code, details: [{ provider: 'stripe', code, sent: 1 }] });
  return new ActivityFailure('failed', 'createRefund', '1', 'NON_RETRYABLE_FAILURE', 'worker', cause);
};

describe('how a refund ends', () => {
  it.each([
    ['cancelled before the provider was asked', false, new Error('cancelled'), cancelled, { status: 'cancelled', ...cancelled }],
    ['a bug before the provider was asked', false, new Error('bug'), undefined, undefined],
    ['failed at the provider', true, new NotRefunded(refund({ failureCode: 'lost_or_stolen_card' })), undefined, { status: 'failed', code: 'lost_or_stolen_card' }],
    ['canceled at the provider', true, new NotRefunded(refund({ status: 'canceled' })), undefined, { status: 'failed', code: 'canceled' }],
    ['failed, and cancelled too late', true, new NotRefunded(refund({})), cancelled, { status: 'failed', code: 'failed' }],
    ['disputed', true, failure(failureTypes.declined, 'disputed'), undefined, { status: 'rejected', reason: 'disputed' }],
    ['declined otherwise', true, failure(failureTypes.declined, 'charge_not_refundable'), undefined, { status: 'failed', code: 'charge_not_refundable' }],
  ] as const)('%s', (_, asked, error, cancel, end) => {
    expect(refundEndOf({ asked, error, cancelled: cancel })).toEqual(end && { moneyMoved: 'captured', ...end });
  }); // prettier-ignore

  it.each([undefined, cancelled])('a bug after the provider was asked is no end at all (cancelled: %j)', (cancel) => {
    for (const error of [new TypeError('bug'), failure(failureTypes.budgetExhausted, 'budget_exhausted')])
      expect(() => refundEndOf({ asked: true, error, cancelled: cancel })).toThrow('may have been made');
  });
});

it('is looked at after 1, 2, 4 … minutes, and every 6 hours in the end', () => {
  const minutes = [0, 1, 2, 8, 9, 1_000].map((look) => refundPollMs(look) / 60_000);
  expect(minutes).toEqual([1, 2, 4, 256, 360, 360]);
});

it('every end says what comes next', () => {
  const rejections: RefundRejection[] = [
    'key_reused', 'no_payment', 'not_captured', 'exceeds', 'ticket_unknown', 'ticket_refunded', 'disputed',
  ]; // prettier-ignore
  const next = rejections.map(
    (reason) => closedRefundStatus({ status: 'rejected', moneyMoved: 'captured', reason }).next,
  );
  expect(new Set(next).size).toBe(rejections.length);
  expect(
    closedRefundStatus({
      status: 'completed',
      moneyMoved: 'refunded',
      amount: 1_050,
      currency: 'USD',
      providerRefundId: 're_1',
      burned: [],
    }),
  ).toMatchObject({ stage: 'completed', attention: 'none', next: '10.50 USD are on their way to the card.' });
});
