import { ActivityCancellationType } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { backoffMs, jobTypes } from '../../contracts/job-types.ts';
import { contractLimits, endpointLimit, readLimits } from '../../contracts/lane-limits.ts';
import * as profiles from '../../contracts/retry-profiles.ts';
import { laneNames } from '../../contracts/task-queues.ts';

describe('the pause before the next call', () => {
  it.each([
    ['payment-process', [2_000, 4_000, 8_000, 16_000, 20_000, 20_000]],
    ['nft-mint', [5_000, 10_000, 20_000, 20_000]],
    ['send-email', [5_000, 5_000, 5_000, 5_000]],
  ] as const)('of %s is the contract’s, at most 20 s', (job, pauses) => {
    expect(pauses.map((_, index) => backoffMs(jobTypes[job], index + 1))).toEqual(pauses);
  });

  it('is the first one when nothing was sent, and finite after a thousand calls', () => {
    expect(backoffMs(jobTypes['payment-process'], 0)).toBe(2_000);
    expect(backoffMs(jobTypes['payment-process'], 1_000)).toBe(20_000);
  });

  it('bounds the calls as the contract does', () => {
    expect(Object.entries(jobTypes).map(([job, { attempts, priority }]) => [job, attempts, priority])).toEqual([
      ['payment-process', 10, 1],
      ['refund-process', 10, 2],
      ['payout-process', 8, 2],
      ['nft-mint', 5, 2],
      ['send-email', 5, 3],
      ['send-sms', 3, 3],
      ['analytics-event', 2, 5],
      ['generate-report', 2, 4],
      ['cleanup-old-data', 2, 5],
    ]);
  });
});

describe('the limits of the lanes', () => {
  it('are the contract’s where nothing is set', () => {
    const { limits, faults } = readLimits({ RATE_LIMIT_STRIPE: '' });
    expect(faults).toEqual([]);
    expect(limits).toEqual(contractLimits);
    expect(Object.keys(limits).toSorted()).toEqual([...laneNames, 'square', 'quickbooks'].toSorted());
    expect(limits.stripe).toEqual({
      perSecond: 25,
      concurrent: 10,
      burst: 50,
      cooldownMs: 1_000,
      endpoints: { payouts: 15 },
    });
    expect(endpointLimit(limits.stripe, 'payouts')).toBe(15);
    expect(endpointLimit(limits.stripe, 'refunds')).toBeUndefined();
    expect(endpointLimit(limits.webhook, 'endpoint-7')).toBe(5);
  });

  it('take what a variable says, in its order, and keep the rest', () => {
    const { limits } = readLimits({ RATE_LIMIT_STRIPE: '0.5', RATE_LIMIT_SMS: '2,3', RATE_LIMIT_WEBHOOK: '1,2,3,4' });
    expect(limits.stripe).toEqual({ ...contractLimits.stripe, perSecond: 0.5 });
    expect(limits.sms).toEqual({ ...contractLimits.sms, perSecond: 2, concurrent: 3 });
    expect(limits.webhook).toEqual({ perSecond: 1, concurrent: 2, burst: 3, cooldownMs: 4, eachEndpoint: 5 });
  });

  it('make buckets of the lanes that are named, and name what is no lane', () => {
    const { limits, faults } = readLimits({ RATE_LIMIT_BUCKETS: 'email,webhook', RATE_LIMIT_EMAIL: '7' });
    expect(faults).toEqual([]);
    expect(limits.email).toEqual({ ...contractLimits.email, perSecond: 7, bucket: true });
    expect(limits.webhook).toEqual({ ...contractLimits.webhook, bucket: true });
    expect(limits.stripe).toEqual(contractLimits.stripe);
    expect(readLimits({ RATE_LIMIT_BUCKETS: 'email,fax' }).faults[0]).toMatch(
      /^RATE_LIMIT_BUCKETS is "email,fax"; set/,
    );
  });

  it.each([
    ['chain', 'RATE_LIMIT_CHAIN', 'RATE_LIMIT_SOLANA'],
    ['email', 'RATE_LIMIT_EMAIL', 'RATE_LIMIT_SENDGRID'],
    ['sms', 'RATE_LIMIT_SMS', 'RATE_LIMIT_TWILIO'],
  ] as const)('of %s listen to the legacy name, and to ours first', (lane, ours, legacy) => {
    expect(readLimits({ [legacy]: '3' }).limits[lane].perSecond).toBe(3);
    expect(readLimits({ [ours]: '4', [legacy]: '3' }).limits[lane].perSecond).toBe(4);
    expect(readLimits({ [legacy]: 'x' }).faults[0]).toMatch(new RegExp(`^${legacy} is "x"`));
  });

  it('are all gone when unpaced, but for a variable that says otherwise', () => {
    const { limits } = readLimits({ RATE_LIMITS: 'unpaced', RATE_LIMIT_SMS: '1' });
    expect(limits.stripe.perSecond).toBe(Infinity);
    expect(limits.sms).toEqual(contractLimits.sms);
  });

  it('name every fault at once, and what is accepted', () => {
    const wrong = ['0', '-1', '25,', '25,0', 'fast', '1,2,3,4,5', '1,1.5', '25 '];
    for (const value of wrong) expect(readLimits({ RATE_LIMIT_STRIPE: value }).faults, value).toHaveLength(1);
    const { faults, limits } = readLimits({ RATE_LIMIT_STRIPE: 'fast', RATE_LIMIT_SOLANA: '0', RATE_LIMIT_ALERT: 'x' });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'RATE_LIMIT_STRIPE',
      'RATE_LIMIT_SOLANA',
      'RATE_LIMIT_ALERT',
    ]);
    expect(faults[0]).toBe(
      'RATE_LIMIT_STRIPE is "fast"; set it to rate[,concurrent[,burst[,cooldownMs]]], e.g. 25,10,50,1000',
    );
    expect(limits).toEqual(contractLimits);
  });
});

describe('the retry profiles', () => {
  const { moneyCall, compensation, receiptCall, messageCall, record, backgroundCall, longBackgroundCall } = profiles;

  it.each(
    Object.entries({ moneyCall, compensation, receiptCall, messageCall, record, backgroundCall, longBackgroundCall }),
  )('%s waits for what it cancels', (_, profile) => {
    expect(profile.cancellationType).toBe(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED);
    expect(profile.retry).not.toHaveProperty('maximumAttempts');
  });

  it.each(Object.entries({ moneyCall, compensation, receiptCall, messageCall, longBackgroundCall }))(
    '%s hears of a cancel within five seconds',
    (_, profile) => {
      expect(profile.heartbeatTimeout).toBe('5 seconds');
    },
  );

  it('nothing bounds a compensation or a money call as a whole', () => {
    expect(compensation).not.toHaveProperty('scheduleToCloseTimeout');
    expect(moneyCall).not.toHaveProperty('scheduleToCloseTimeout');
  });

  it('a database that was away is found again within five seconds', () => {
    expect(record.retry.maximumInterval).toBe('5 seconds');
  });

  it('parked work is tried after 1, 2, 4 … 15 minutes, and rarely after a day of it', () => {
    const minutes = [0, 1, 2, 3, 4, 99, 100].map((round) => profiles.parkedRetryMs(round) / 60_000);
    expect(minutes).toEqual([1, 2, 4, 8, 15, 15, 360]);
  });
});
