/** Samples of a real server: each job counted once and as what it is, at a bounded cost. */
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createQueueCounts } from '../../activities/queue-counts.ts';
import { createSamplingActivities, mostCalls } from '../../activities/sampling.ts';
import { defaultMonitorSettings, type Sample, type SampledQueue } from '../../contracts/monitor.ts';
import { laneNames } from '../../contracts/task-queues.ts';
import { createMetrics } from '../../infrastructure/metrics.ts';
import { createPool } from '../../infrastructure/postgres.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { createStore, type Store } from '../../store/index.ts';
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let hand: HandWorker;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());
beforeEach(async () => {
  hand = await startHandWorker((await readEndpoints(inject('worldDir'))).temporal.address);
});
afterEach(() => hand.close());

const samplingOver = (store: Pick<Store, 'monitorReads' | 'queueMetrics'> = db.store) =>
  createSamplingActivities({
    counts: () => createQueueCounts(hand.client, { most: mostCalls, callMs: 10_000 }),
    books: store.monitorReads,
    records: store.queueMetrics,
    gauges: createMetrics().queues,
    settings: defaultMonitorSettings,
  });

const of = (sample: Sample, name: SampledQueue) => sample.queues.find(({ queue }) => queue === name)!;

describe('a sample', () => {
  it('of 200 jobs is exact, and those taken meanwhile count each end once', async () => {
    const { takeSample } = samplingOver();
    const before = await takeSample({});
    expect(of(before, 'money')).toEqual({
      queue: 'money', waiting: 0, active: 0, waitingForPerson: 0, completed: 0, failed: 0, oldestSeconds: 0,
    }); // prettier-ignore
    const load = { completes: 150, declines: 20, runs: 20, parks: 10 } as const;
    const courses = Object.entries(load).flatMap(([course, count]) =>
      Array<keyof typeof load>(count).fill(course as keyof typeof load),
    );
    await Promise.all(courses.map((course, index) => hand.start(course, index % 2 ? { attention: 'none' } : {})));
    const samples = [before];
    for (const tasks of [60, 80, 60]) {
      const meanwhile = takeSample({ cursor: samples.at(-1)!.cursor! });
      await Promise.all([hand.play(tasks), meanwhile]);
      samples.push(await meanwhile);
    }
    await hand.shows(`TaskQueue = 'money' AND ExecutionStatus = 'Completed'`, 170);
    await hand.shows(`Attention = 'review'`, 10);
    const last = await takeSample({ cursor: samples.at(-1)!.cursor! });
    samples.push(last);
    const sum = (what: 'completed' | 'failed') => samples.reduce((all, sample) => all + of(sample, 'money')[what], 0);
    expect([sum('completed'), sum('failed')]).toEqual([170, 0]);
    expect(of(last, 'money')).toMatchObject({ active: 20, waitingForPerson: 10 });
    expect(of(last, 'money').oldestSeconds).toBeGreaterThan(0);
    expect(Math.max(...samples.map(({ cost }) => cost.calls))).toBeLessThanOrEqual(mostCalls);
    // Nothing new, and nothing again.
    const quiet = await takeSample({ cursor: last.cursor! });
    expect(of(quiet, 'money')).toMatchObject({ completed: 0, failed: 0, active: 20, waitingForPerson: 10 });
    // All of it by a single one, whatever the samples between them counted.
    const asBefore = { ends: { money: { since: before.at, completed: 0, failed: 0 } }, oldest: {} };
    expect(of(await takeSample({ cursor: asBefore }), 'money')).toMatchObject({ completed: 170, failed: 0 });
  });

  it('tells ends apart, and counts no children', async () => {
    const { takeSample } = samplingOver();
    const before = await takeSample({});
    await Promise.all([
      hand.start('fails'),
      hand.start('continues'),
      hand.start('asks-another'),
      hand.start('completes', { queue: 'communication' }),
    ]);
    // The parent runs on; its child completes and tells it so.
    await hand.play(6);
    await hand.play(1, 'communication');
    const canceled = await hand.start('runs');
    const terminated = await hand.start('runs');
    await hand.start('runs', { workflowExecutionTimeout: '1 second' });
    await hand.client.workflow.getHandle(terminated).terminate();
    await hand.client.workflow.getHandle(canceled).cancel();
    await hand.shows(`TaskQueue = 'money' AND ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated')`, 3);
    await hand.shows(`ExecutionStatus = 'ContinuedAsNew'`, 1);
    await hand.shows(`ParentWorkflowId IS NOT NULL AND ExecutionStatus = 'Completed'`, 1);
    const sample = await takeSample({ cursor: before.cursor! });
    // Running: what continued as new, the parent, and what was asked to cancel.
    expect(of(sample, 'money')).toMatchObject({ completed: 0, failed: 3, active: 3, waitingForPerson: 0 });
    expect(of(sample, 'communication')).toMatchObject({ completed: 1, failed: 0, active: 0 });
  });

  it('sees what waits on queues and lanes, whom jobs wait for, and workflows that cannot go on', async () => {
    const { takeSample } = samplingOver();
    for (const attention of ['none', 'provider', 'customer', 'approval', 'review'])
      await hand.start('runs', { attention });
    const problem = defineSearchAttributeKey('TemporalReportedProblems', SearchAttributeType.KEYWORD_LIST);
    await hand.start('runs', { typedSearchAttributes: [{ key: problem, value: ['category=WorkflowTaskFailed'] }] });
    await hand.client.activity.start('charge', { id: 'one', taskQueue: 'stripe', startToCloseTimeout: '1m' });
    await hand.shows(`TaskQueue = 'money'`, 6);
    const sample = await takeSample({});
    expect(of(sample, 'money')).toMatchObject({ waiting: 6, active: 3, waitingForPerson: 3 });
    expect(sample.workflowProblems).toBe(1);
    expect(sample.lanes.map(({ lane, waiting }) => [lane, waiting])).toEqual(
      laneNames.map((lane) => [lane, lane === 'stripe' ? 1 : 0]),
    );
  });

  it('comes without books while the database is away, and what was given up meanwhile is counted afterwards', async () => {
    const first = await samplingOver().takeSample({});
    const pool = createPool({ url: 'postgres://nobody@127.0.0.1:1/nothing', max: 1, applicationName: 'test' });
    const blind = await samplingOver(createStore(pool)).takeSample({ cursor: first.cursor! });
    await pool.end();
    expect(blind).not.toHaveProperty('books');
    expect(blind.cursor?.books).toEqual(first.cursor?.books);
    await db.store.deadLetters.park({
      operation: { tenantId: 'acme', workflowId: 'email:acme:a', runId: 'email:acme:a' },
      queueName: 'communication', jobType: 'send-email', step: 'send', error: 'bounced', attempts: 5, moneyMoved: 'none',
      data: {},
    }); // prettier-ignore
    const seeing = await samplingOver().takeSample({ cursor: blind.cursor! });
    expect(seeing.books?.personWaits.count).toBe(1);
    expect(seeing.queues.map(({ failed }) => failed)).toEqual([0, 1, 0]);
  });

  it('is recorded once', async () => {
    const { takeSample, recordSample } = samplingOver();
    const sample = await takeSample({});
    await Promise.all([recordSample(sample), recordSample(sample)]);
    const rows = await db.look<{ at: Date }>('select captured_at as at from queue_metrics where captured_at >= $1', [
      sample.at,
    ]);
    expect(rows).toHaveLength(3 + laneNames.length);
    expect(rows.map(({ at }) => at.toISOString())).toEqual(rows.map(() => sample.at));
  });
});
