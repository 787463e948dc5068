import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { failureTypes, type FailureType } from '../../contracts/failures.ts';
import { captureMarginMs } from '../../contracts/retry-profiles.ts';
import { DeadlinePassed, readFailure } from '../../workflows/outcomes.ts';
import { captureDeadline, endOf, type ForwardStep } from '../../workflows/payment-ends.ts';

const failed = (cause: Error, retryState: RetryState = RetryState.NON_RETRYABLE_FAILURE) =>
  new ActivityFailure('activity failed', 'authorizePayment', '1', retryState, 'worker', cause);

const said = (type: FailureType, code: string, sent = 1) =>
  failed(ApplicationFailure.create({ type, message: 'said', details: [{ provider: 'stripe', code, sent }] }));

const timeout = (timeoutType: TimeoutType, retryState?: RetryState) =>
  failed(new TimeoutFailure('time-out', undefined, timeoutType), retryState);

describe('how a failed activity reads', () => {
  test.each([
    ['a business "no"', said('Declined', 'insufficient_funds', 2), 'declined', 'insufficient_funds', 2],
    ['a request that is wrong', said('Refused', 'invalid_request'), 'person', 'invalid_request', 1],
    ['a spent budget', said('BudgetExhausted', 'budget_exhausted', 10), 'person', 'budget_exhausted', 10],
    ['a step that is fenced', said('Fenced', 'fenced', 0), 'person', 'fenced', 0],
    ['no time left', timeout(TimeoutType.SCHEDULE_TO_CLOSE), 'deadline', 'time_over', 0],
    [
      'no time left for the next attempt',
      failed(said('Retry', 'ETIMEDOUT', 3).cause!, RetryState.TIMEOUT),
      'deadline',
      'time_over',
      3,
    ],
    ['our own deadline', new DeadlinePassed('mint'), 'deadline', 'time_over', 0],
    ['a lost heartbeat', timeout(TimeoutType.HEARTBEAT), 'person', 'TimeoutFailure', 0],
    ['an attempt that took too long', timeout(TimeoutType.START_TO_CLOSE), 'person', 'TimeoutFailure', 0],
    ['a failure without details', failed(ApplicationFailure.nonRetryable('?')), 'person', 'ApplicationFailure', 0],
    ['an error of the workflow', new TypeError('?'), 'person', 'TypeError', 0],
    ['what is no error', 'oops', 'person', 'unexpected', 0],
  ] as const)('%s', (_, error, kind, code, sent) => {
    expect(readFailure(error)).toEqual({ kind, code, sent });
  });

  test('a "no" in the last moment is still a "no"', () => {
    const no = failed(said('Declined', 'expired_card').cause!, RetryState.TIMEOUT);
    expect(readFailure(no).kind).toBe('declined');
  });

  test('only a business "no" is read as one, whatever its message says', () => {
    for (const type of Object.values(failureTypes).filter((type) => type !== 'Declined')) {
      expect(readFailure(said(type, 'card_declined')).kind).toBe('person');
    }
  });
});

const expired = (what: 'time' | 'authorization' | 'customer') => ({ status: 'expired', moneyMoved: 'none', what });

describe('how a purchase ends', () => {
  const me = { actor: 'me', reason: 'changed' };
  const no = said('Declined', 'no');
  const cancelled = { status: 'cancelled', moneyMoved: 'none', ...me };
  const steps: ForwardStep[] = ['authorize', 'customer', 'mint', 'capture'];
  const stop = { cancelled: undefined, authorizationEnded: false };

  test.each([
    ['authorize', no, { status: 'declined', moneyMoved: 'none', code: 'no' }],
    ['customer', no, { status: 'declined', moneyMoved: 'none', code: 'no' }],
    ['customer', said('Declined', 'authorization_ended'), expired('authorization')],
    ['customer', new DeadlinePassed('customer'), expired('customer')],
    ['mint', no, { status: 'unfulfilled', moneyMoved: 'none', reason: 'no' }],
    ['capture', no, { status: 'declined', moneyMoved: 'none', code: 'no' }],
    ['capture', said('Declined', 'authorization_ended'), expired('authorization')],
    ['authorize', new DeadlinePassed('authorize'), expired('time')],
    ['mint', new DeadlinePassed('mint'), expired('authorization')],
    ['authorize', said('Refused', 'x'), undefined],
    ['mint', new TypeError('bug'), undefined],
    ['capture', failed(ApplicationFailure.nonRetryable('bug')), undefined],
  ] as const)('%s stopped by %s', (step, error, end) => {
    expect(endOf({ ...stop, step, error })).toEqual(end);
  });

  test.each(steps)('a cancel at %s outranks what the step answered besides', (step) => {
    for (const error of [no, new DeadlinePassed(step), new TypeError('bug')]) {
      expect(endOf({ ...stop, step, error, cancelled: me })).toEqual(cancelled);
    }
  });

  test.each(steps)('an authorization that is gone at %s outranks a cancel, which it may have caused', (step) => {
    expect(endOf({ step, error: no, cancelled: me, authorizationEnded: true })).toEqual(expired('authorization'));
  });
});

describe('when minting has to be over', () => {
  const now = Date.parse('2027-01-01T00:00:00Z');
  const after = (milliseconds: number) => new Date(now + milliseconds).toISOString();
  const minute = 60_000;

  test.each([
    ['seven days', 7 * 24 * 60 * minute, 7 * 24 * 60 * minute - captureMarginMs],
    ['two hours', 120 * minute, 110 * minute],
    ['ten minutes', 10 * minute, 9 * minute],
    ['one minute', minute, 54_000],
    ['none', 0, 0],
  ])('an authorization of %s', (_, given, left) => {
    expect(captureDeadline(after(given), now, captureMarginMs) - now).toBe(left);
  });

  test('one that is over already leaves no time at all', () => {
    expect(captureDeadline(after(-5_000), now, captureMarginMs)).toBeLessThanOrEqual(now);
  });
});
