import { describe, expect, it, vi } from 'vitest';
import { createQueueCounts, type CountingClient, type QueueCounts } from '../../activities/queue-counts.ts';
import { createSamplingActivities, mostCalls } from '../../activities/sampling.ts';
import { defaultMonitorSettings, type Sample, type SampleCursor } from '../../contracts/monitor.ts';
import type { BooksLook } from '../../store/index.ts';
import { sampleOf } from '../support/samples.ts';

const now = Date.parse('2027-03-01T12:00:00.000Z');
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

/** A server on which everything is as expensive as it can be: thousands of jobs on each queue, none of them the last oldest. */
function busyCounts(): QueueCounts & { queries: string[] } {
  const queries: string[] = [];
  let calls = 0;
  const called = <T>(answer: T, query = '') => {
    calls += 1;
    queries.push(query);
    return Promise.resolve(answer);
  };
  return {
    queries,
    get calls() {
      return calls;
    },
    backlog: () => called({ waiting: 7, oldestSeconds: 2 }),
    count: (query) => called(query.includes('Problems') ? 3 : 5_000, query),
    countByStatus: (query) =>
      called({ Completed: 4, Canceled: 1, ContinuedAsNew: 9, Failed: 1, TimedOut: 1, Terminated: 1 }, query),
    starts: (query) => called({ starts: [], whole: false }, query),
  };
}

const nothingHeld: BooksLook = {
  books: {
    personWaits: { count: 0 }, authorizations: { count: 0 }, evidence: { count: 0 }, unbalanced: 0, differences: { count: 0 },
  },
  lanes: [{ lane: 'stripe', inFlight: 4, stoppedSince: ago(9), blockedSince: ago(3) }],
  givenUp: { communication: 2 },
  cursor: { givenUpSince: ago(5), givenUp: {}, ledgerChecked: 8, unbalanced: [] },
}; // prettier-ignore

function samplingWith(change: Partial<Parameters<typeof createSamplingActivities>[0]> = {}) {
  const counts = busyCounts();
  const gauges = { show: vi.fn<(sample: Sample) => void>(), failed: vi.fn<(queue: string, jobs: number) => void>() };
  const activities = createSamplingActivities({
    counts: () => counts,
    books: { look: async () => nothingHeld },
    records: { record: async () => [] },
    gauges,
    settings: defaultMonitorSettings,
    now: () => now,
    ...change,
  });
  return { ...activities, counts, gauges };
}

const longAgo: SampleCursor = {
  ends: {
    money: { since: ago(30), completed: 1, failed: 0 },
    communication: { since: ago(40), completed: 0, failed: 0 },
    background: { since: ago(2), completed: 5, failed: 3 },
  },
  oldest: { money: { start: ago(50) }, communication: { start: ago(60) }, background: { start: ago(70) } },
};

describe('a sample', () => {
  it('costs no more than it may when everything is at its worst', async () => {
    const { takeSample, counts } = samplingWith();
    const { cost } = await takeSample({ cursor: longAgo });
    expect(cost.calls).toBe(counts.calls);
    expect(counts.calls).toBeLessThanOrEqual(mostCalls);
    expect(counts.calls).toBe(30);
  });

  it('says what was seen, and shows it', async () => {
    const { takeSample, gauges } = samplingWith();
    const sample = await takeSample({ cursor: longAgo });
    expect(sample.queues.map(({ queue, completed, failed }) => [queue, completed, failed])).toEqual([
      ['money', 4, 3],
      // Counted in two parts, since it reaches back the farthest; and two that were given up.
      ['communication', 10, 8],
      ['background', 0, 0],
    ]);
    expect(sample).toMatchObject({ at: ago(0), workflowProblems: 3, books: nothingHeld.books });
    expect(sample.queues[0]).toMatchObject({ waiting: 7, active: 5_000, waitingForPerson: 5_000 });
    expect(sample.queues[2]).toMatchObject({ waiting: 14 });
    const [stripe, chain] = sample.lanes;
    expect(stripe).toEqual({
      lane: 'stripe', waiting: 7, oldestSeconds: 2, inFlight: 4, stoppedSince: ago(9), blockedSince: ago(3),
    }); // prettier-ignore
    expect(chain).toEqual({ lane: 'chain', waiting: 7, oldestSeconds: 2, inFlight: 0 });
    expect(gauges.show).toHaveBeenCalledWith(sample);
  });

  it('leaves the next one what it needs, of the database only where that has answered', async () => {
    const { takeSample } = samplingWith();
    const { cursor } = await takeSample({ cursor: longAgo });
    expect(cursor?.books).toEqual(nothingHeld.cursor);
    expect(cursor?.ends.communication).toEqual({ since: ago(5), completed: 5, failed: 3 });
    expect(cursor?.ends.money?.since).toBe(ago(30));
    const away = samplingWith({ books: { look: () => Promise.reject(new Error('away')) } });
    const blind = await away.takeSample({ cursor: cursor! });
    expect(blind).not.toHaveProperty('books');
    expect(blind.cursor?.books).toEqual(nothingHeld.cursor);
  });

  it('does not wait for a database that neither answers nor refuses', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { takeSample } = samplingWith({ books: { look: () => new Promise(() => undefined) } });
      const taking = takeSample({});
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await taking).not.toHaveProperty('books');
    } finally {
      vi.useRealTimers();
    }
  });

  it('fails where Temporal does not answer', async () => {
    const counts = { ...busyCounts(), count: () => Promise.reject(new Error('no connection')) };
    const { takeSample, gauges } = samplingWith({ counts: () => counts });
    await expect(takeSample({})).rejects.toThrow('no connection');
    expect(gauges.show).not.toHaveBeenCalled();
  });

  it('asks first whether a job of money is as old as the threshold that holds', async () => {
    const { takeSample, counts } = samplingWith();
    await takeSample({ moneyAgeMinutes: 15 });
    const asked = counts.queries.find((query) => query.includes(`'money'`) && query.includes('StartTime'));
    expect(asked).toContain(`StartTime <= '${ago(15)}'`);
  });

  it('counts failures when it is recorded, and not when it was recorded before', async () => {
    const first = samplingWith({ records: { record: async () => ['money', 'stripe'] } });
    await first.recordSample(sampleOf(ago(0), { failed: 3 }));
    expect(first.gauges.failed.mock.calls).toEqual([['money', 3]]);
    const again = samplingWith();
    await again.recordSample(sampleOf(ago(0), { failed: 3 }));
    expect(again.gauges.failed).not.toHaveBeenCalled();
  });
});

it('a budget of calls is kept, whatever is asked', async () => {
  const workflowService = { countWorkflowExecutions: vi.fn(async () => ({ count: 1 })) };
  const client = {
    options: { namespace: 'n' },
    workflowService,
    withDeadline: (_: number, made: () => unknown) => made(),
  };
  const counts = createQueueCounts(client as unknown as CountingClient, { most: 2, callMs: 1_000 });
  expect([await counts.count('a'), await counts.count('b'), counts.calls]).toEqual([1, 1, 2]);
  await expect(counts.count('c')).rejects.toThrow('2 calls');
  expect(workflowService.countWorkflowExecutions).toHaveBeenCalledTimes(2);
});

it('a start is rounded so that asking for what started until then finds it again', async () => {
  const startTime = { seconds: 1_795_668_389, nanos: 461_668_000 };
  const workflowService = {
    listWorkflowExecutions: async () => ({ executions: [{ startTime }], nextPageToken: new Uint8Array() }),
  };
  const client = {
    options: { namespace: 'n' },
    workflowService,
    withDeadline: (_: number, made: () => unknown) => made(),
  };
  const counts = createQueueCounts(client as unknown as CountingClient, { most: 1, callMs: 1_000 });
  expect(await counts.starts('q', 10)).toEqual({ starts: [1_795_668_389_462], whole: true });
});
