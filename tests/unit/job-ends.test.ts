import type { WorkflowInfo } from '@temporalio/workflow';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { endOfJob, type JobEnd, jobTypeOf, receiptIn, saysClaimEnded } from '../../contracts/job-ends.ts';
import { jobTypes } from '../../contracts/job-types.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import { createJobMetrics, type JobMetrics } from '../../infrastructure/job-metrics.ts';
import { countEnd, createJobSinks } from '../../workers/job-sinks.ts';
import { countedBy } from '../support/counted.ts';

const unseen = { claimEnded: false, receipt: undefined };
const sold = { status: 'completed', amount: 5_250, currency: 'USD', tickets: [{}, {}] };

it("the contract's job types are all there, and each workflow has its own name", () => {
  const names = Object.values(workflowTypes).map(jobTypeOf);
  expect(names).toEqual(expect.arrayContaining(Object.keys(jobTypes)));
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
});

describe('how a job ended', () => {
  it.each<[string, unknown, object, object]>([
    ['payment', sold, unseen, { result: 'completed', money: { amount: 5_250, currency: 'USD' }, tickets: 2 }],
    ['payment', sold, { ...unseen, receipt: 'sent' }, { result: 'completed', receipt: 'sent' }],
    // After Temporal's retention the claim answers a purchase that is asked for again.
    ['payment', sold, { ...unseen, claimEnded: true }, { result: 'repeated' }],
    ['payment', { status: 'refused' }, { ...unseen, claimEnded: true }, { result: 'refused' }],
    ['payment', { status: 'declined', code: 'x' }, unseen, { result: 'declined' }],
    ['refund', { ...sold, tickets: undefined, amount: 1 }, unseen, { money: { amount: 1, currency: 'USD' } }],
    ['refund', { status: 'failed', code: 'x' }, unseen, { result: 'failed' }],
    ['mint', { status: 'minted', ticket: {} }, unseen, { result: 'completed', tickets: 1 }],
    [
      'payout',
      { status: 'paid', amount: 1, currency: 'USD' },
      unseen,
      { jobType: 'payout-process', result: 'completed' },
    ],
    ['dispute', { status: 'lost', amount: 1, currency: 'USD', locked: [] }, unseen, { result: 'lost' }],
    ['sendEmail', { status: 'sent', messageId: 'm' }, unseen, { jobType: 'send-email', result: 'completed' }],
    ['cleanup', { removed: 3 }, unseen, { jobType: 'cleanup-old-data', result: 'completed' }],
    ['cleanup', undefined, unseen, { result: 'completed' }],
  ])('%s %j', (type, value, seen, expected) => {
    expect(endOfJob(type, value, seen as typeof unseen)).toMatchObject(expected);
  });

  it('only purchases and refunds have money, only purchases and mints tickets', () => {
    expect(endOfJob('payout', { status: 'paid', amount: 1, currency: 'USD' }, unseen)).not.toHaveProperty('money');
    expect(endOfJob('payment', { ...sold, status: 'declined' }, unseen)).toEqual({
      jobType: 'payment-process',
      result: 'declined',
    });
    expect(endOfJob('payment', sold, { ...unseen, claimEnded: true })).not.toHaveProperty('tickets');
  });

  it('is told by answers of activities that are about it, and by no others', () => {
    const ended = { kind: 'ended', result: {} };
    expect(
      ['claimPayment', 'reserveRefund', 'reservePayout', 'claimMove'].every((one) => saysClaimEnded(one, ended)),
    ).toBe(true);
    expect([saysClaimEnded('claimPayment', { kind: 'owned' }), saysClaimEnded('returnRefund', ended)]).toEqual([
      false,
      false,
    ]);
    expect(receiptIn('sendReceipt', { status: 'undeliverable' })).toBe('undeliverable');
    expect([receiptIn('sendMail', { status: 'sent' }), receiptIn('sendReceipt', undefined)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

const end = (change: Partial<JobEnd>): JobEnd => ({
  jobType: 'payment-process',
  seconds: 1.5,
  result: 'completed',
  ...change,
});
const run = (runId: string) => ({ runId, taskQueue: 'money' }) as WorkflowInfo;

describe('counting', () => {
  let metrics: JobMetrics;
  beforeEach(() => {
    metrics = createJobMetrics(new Registry());
  });
  const counters = [
    'payments',
    'paymentAmount',
    'refunds',
    'refundAmount',
    'nftsMinted',
    'emailsSent',
    'emailsFailed',
  ] as const;

  it.each<[Partial<JobEnd>, Partial<Record<(typeof counters)[number], Record<string, number>>>]>([
    [
      { money: { amount: 5_250, currency: 'USD' }, tickets: 2, receipt: 'sent' },
      { payments: { '': 1 }, paymentAmount: { USD: 5_250 }, nftsMinted: { '': 2 }, emailsSent: { '': 1 } },
    ],
    [{ receipt: 'undeliverable' }, { payments: { '': 1 }, emailsFailed: { '': 1 } }],
    [{ receipt: 'suppressed' }, { payments: { '': 1 } }],
    [{ result: 'declined' }, {}],
    [{ result: 'repeated' }, {}],
    [{ result: 'failed' }, {}],
    [
      { jobType: 'refund-process', money: { amount: 100, currency: 'JPY' } },
      { refunds: { '': 1 }, refundAmount: { JPY: 100 } },
    ],
    [{ jobType: 'refund-process', result: 'failed' }, {}],
    [{ jobType: 'nft-mint', tickets: 1 }, { nftsMinted: { '': 1 } }],
    [{ jobType: 'send-email' }, { emailsSent: { '': 1 } }],
    [{ jobType: 'send-email', result: 'undeliverable' }, { emailsFailed: { '': 1 } }],
    [{ jobType: 'send-email', result: 'suppressed' }, {}],
    [{ jobType: 'send-sms' }, {}],
    [{ jobType: 'payout-process' }, {}],
  ])('%j', async (change, expected) => {
    countEnd(metrics, 'money', end(change));
    const { jobType, result } = end(change);
    expect(await countedBy(metrics.results)).toEqual({ [`money/${jobType}/${result}`]: 1 });
    const zeros = {
      payments: { '': 0 },
      refunds: { '': 0 },
      nftsMinted: { '': 0 },
      emailsSent: { '': 0 },
      emailsFailed: { '': 0 },
    };
    const counted = await Promise.all(counters.map(async (name) => [name, await countedBy(metrics[name])] as const));
    expect(Object.fromEntries(counted)).toEqual({ paymentAmount: {}, refundAmount: {}, ...zeros, ...expected });
    const { values } = await metrics.duration.get();
    expect(values.find(({ metricName }) => metricName?.endsWith('_sum'))).toMatchObject({
      value: 1.5,
      labels: { queue_name: 'money', job_type: jobType },
    });
  });

  it('a last task that is tried again counts once, and never during replay', async () => {
    const { ended } = createJobSinks(metrics).jobs;
    expect(ended.callDuringReplay).toBe(false);
    for (const runId of ['run-1', 'run-1', 'run-2', 'run-1']) await ended.fn(run(runId), end({}));
    expect(await countedBy(metrics.results)).toEqual({ 'money/payment-process/completed': 2 });
  });
});
