/** What the monitor sees: queues and lanes from Temporal, the rest from the database, which may be away. */
import { type Backlog, together } from '../client/queue-wire.ts';
import {
  type CountedEnds,
  type LaneSample,
  type MonitorSettings,
  type QueueSample,
  type Sample,
  type SampleCursor,
  type SampledQueue,
  sampledQueues,
  type SampleRequest,
} from '../contracts/monitor.ts';
import { laneNames, type TaskQueue } from '../contracts/task-queues.ts';
import { forNobody, forPerson, jobsOn, problematic, running } from '../contracts/visibility.ts';
import type { QueueGauges } from '../infrastructure/queue-metrics.ts';
import { within } from '../infrastructure/within.ts';
import { countEnds, type Ends, isLong } from './counted-ends.ts';
import { findOldest, type OldestFound } from './oldest-job.ts';
import type { BooksLook, QueueRecords, SamplingReads } from './ports.ts';
import type { QueueCounts } from './queue-counts.ts';

/** What a sample may cost: 10 looks at queues, 3 counts of each of 3 queues and one of problems, and the rest below. */
export const mostCalls = 30;
/** Questions for the oldest job of a queue, and of all three. */
const searchCalls = { each: 4, all: 9 } as const;
/** Starts that one question lists. */
const pageSize = 100;
/** A database that has not answered by then is away, and the sample comes without it. Milliseconds. */
export const booksMs = 3_000;

export interface SamplingActivities {
  /** Everything as it is now, in at most {@link mostCalls} calls. Fails when Temporal does not answer; changes nothing. */
  takeSample: (request: SampleRequest) => Promise<Sample>;
  /** Into `queue_metrics`, once however often it is called. */
  recordSample: (sample: Sample) => Promise<void>;
}

export interface SamplingDeps {
  /** For one sample, with a budget of its own. */
  counts: () => QueueCounts;
  books: SamplingReads;
  records: QueueRecords;
  gauges: QueueGauges;
  settings: MonitorSettings;
  /** Epoch milliseconds. */
  now?: () => number;
}

const runningOn = (queue: SampledQueue) => `${jobsOn(queue)} AND ${running}`;
const activeOn = (queue: SampledQueue) => `${runningOn(queue)} AND ${forNobody}`;

/** A run that continues as new has not ended. */
const endsOf = (statuses: Readonly<Record<string, number>>): Ends => {
  const { Completed = 0, Canceled = 0, Failed = 0, TimedOut = 0, Terminated = 0 } = statuses;
  return { completed: Completed + Canceled, failed: Failed + TimedOut + Terminated };
};

interface Moment {
  counts: QueueCounts;
  request: SampleRequest;
  /** Epoch milliseconds. */
  now: number;
  /** The queue whose count of ends is moved on by this sample. */
  moved: SampledQueue | undefined;
}

/** The queue whose count reaches back the farthest, once that is too far: one in each sample, for what it costs. */
function toMove({ cursor }: SampleRequest, now: number): SampledQueue | undefined {
  const sinceOf = (queue: SampledQueue) => cursor?.ends[queue]?.since ?? '';
  return sampledQueues
    .filter((queue) => isLong(cursor?.ends[queue], now))
    .toSorted((a, b) => sinceOf(a).localeCompare(sinceOf(b)))[0];
}

const countEndsOf = ({ counts, request: { cursor }, now, moved }: Moment, queue: SampledQueue) =>
  countEnds({
    before: cursor?.ends[queue],
    now,
    move: queue === moved,
    ask: async (from, to) => {
      const until = to === undefined ? '' : ` AND CloseTime < '${to}'`;
      return endsOf(await counts.countByStatus(`${jobsOn(queue)} AND CloseTime >= '${from}'${until}`));
    },
  });

/** Workflow tasks, and on `background` the activities as well; those of the others have lanes of their own. */
async function backlogOf({ counts }: Moment, queue: SampledQueue): Promise<Backlog> {
  const kinds = queue === 'background' ? (['workflow', 'activity'] as const) : (['workflow'] as const);
  return together(await Promise.all(kinds.map((kind) => counts.backlog(queue, kind))));
}

interface QueueLook {
  seen: Omit<QueueSample, 'oldestSeconds'>;
  /** Age of the oldest task, in seconds. */
  oldestTask: number;
  ends: CountedEnds;
}

async function lookAtQueue(moment: Moment, queue: SampledQueue): Promise<QueueLook> {
  const { counts } = moment;
  const { waiting, oldestSeconds: oldestTask } = await backlogOf(moment, queue);
  const { ends, next } = await countEndsOf(moment, queue);
  const waitingForPerson = await counts.count(`${runningOn(queue)} AND ${forPerson}`);
  const seen = { queue, waiting, active: await counts.count(activeOn(queue)), waitingForPerson, ...ends };
  return { seen, oldestTask, ends: next };
}

/** One queue after the other, the emptiest first: what it leaves of the questions is the fullest one's. */
async function searchOldest(
  { counts, request, now }: Moment,
  looks: readonly QueueLook[],
  moneyAgeMinutes: number,
): Promise<Map<SampledQueue, OldestFound>> {
  const found = new Map<SampledQueue, OldestFound>();
  const queues = looks.map(({ seen }) => seen).toSorted((a, b) => a.active - b.active);
  let left = searchCalls.all;
  for (const [index, { queue, active: jobs }] of queues.entries()) {
    const calls = Math.min(searchCalls.each, Math.floor(left / (queues.length - index)));
    const ask = (until: number | undefined) => {
      left -= 1;
      const limit = until === undefined ? '' : ` AND StartTime <= '${new Date(until).toISOString()}'`;
      return counts.starts(`${activeOn(queue)}${limit}`, pageSize);
    };
    const age = queue === 'money' ? { thresholdMs: moneyAgeMinutes * 60_000 } : {};
    const known = request.cursor?.oldest[queue];
    found.set(queue, await findOldest({ now, jobs, known, ...age, calls, pageSize, ask }));
  }
  return found;
}

interface QueuesSeen {
  queues: QueueSample[];
  cursor: Pick<SampleCursor, 'ends' | 'oldest'>;
}

async function lookAtQueues(moment: Moment, moneyAgeMinutes: number): Promise<QueuesSeen> {
  const looks = await Promise.all(sampledQueues.map((queue) => lookAtQueue(moment, queue)));
  const oldest = await searchOldest(moment, looks, moneyAgeMinutes);
  return {
    queues: looks.map(({ seen, oldestTask }) => {
      const { start = moment.now } = oldest.get(seen.queue) ?? {};
      return { ...seen, oldestSeconds: Math.max(0, oldestTask, (moment.now - start) / 1_000) };
    }),
    cursor: {
      ends: Object.fromEntries(looks.map(({ seen, ends }) => [seen.queue, ends])),
      oldest: Object.fromEntries([...oldest].map(([queue, { known }]) => [queue, known])),
    },
  };
}

const backlogsOfLanes = ({ counts }: Moment) =>
  Promise.all(laneNames.map(async (lane) => ({ lane, ...(await counts.backlog(lane, 'activity')) })));

const standingOf = (look: BooksLook | undefined, lane: TaskQueue) => {
  const { inFlight = 0, stoppedSince, blockedSince } = look?.lanes.find((one) => one.lane === lane) ?? {};
  return {
    inFlight,
    ...(stoppedSince === undefined ? {} : { stoppedSince }),
    ...(blockedSince === undefined ? {} : { blockedSince }),
  };
};

export function createSamplingActivities(deps: SamplingDeps): SamplingActivities {
  const { books, records, gauges, settings, now = Date.now } = deps;

  async function takeSample(request: SampleRequest): Promise<Sample> {
    const begun = performance.now();
    const at = now();
    const moment: Moment = { counts: deps.counts(), request, now: at, moved: toMove(request, at) };
    const { moneyAgeMinutes = settings.moneyAgeMinutes, cursor } = request;
    const [seen, backlogs, workflowProblems, look] = await Promise.all([
      lookAtQueues(moment, moneyAgeMinutes),
      backlogsOfLanes(moment),
      moment.counts.count(`${running} AND ${problematic}`),
      within(booksMs, books.look({ cursor: cursor?.books, statementMs: booksMs })).catch(() => undefined),
    ]);
    const booksCursor = look?.cursor ?? cursor?.books;
    const sample: Sample = {
      at: new Date(at).toISOString(),
      queues: seen.queues.map((one) => ({ ...one, failed: one.failed + (look?.givenUp[one.queue] ?? 0) })),
      lanes: backlogs.map((backlog): LaneSample => ({ ...backlog, ...standingOf(look, backlog.lane) })),
      ...(look ? { books: look.books } : {}),
      workflowProblems,
      cost: { calls: moment.counts.calls, milliseconds: Math.round(performance.now() - begun) },
      configured: settings,
      cursor: { ...seen.cursor, ...(booksCursor ? { books: booksCursor } : {}) },
    };
    gauges.show(sample);
    return sample;
  }

  return {
    takeSample,
    async recordSample(sample) {
      const recorded = new Set<TaskQueue>(await records.record(sample));
      for (const { queue, failed } of sample.queues) if (recorded.has(queue)) gauges.failed(queue, failed);
    },
  };
}
