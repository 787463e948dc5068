/** `--workload sampling`: what the monitor's look at everything costs while so many workflows run, and whether it is right. */
import { Client, Connection } from '@temporalio/client';
import { createQueueCounts } from '../activities/queue-counts.ts';
import { createSamplingActivities, mostCalls } from '../activities/sampling.ts';
import { defaultMonitorSettings, type Sample } from '../contracts/monitor.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { migrate } from '../infrastructure/migrate.ts';
import { createMetrics } from '../infrastructure/metrics.ts';
import { createPool } from '../infrastructure/postgres.ts';
import { grantApplicationRoles, type World } from '../sandbox/world.ts';
import { createStore, type Store } from '../store/index.ts';
import { createProgress, type Progress } from './progress.ts';
import { missedByAll, type SampleRun, type Truth } from './sampling-judge.ts';
import { type BenchContext, columns, type Measured, type Workload } from './workload.ts';
import { startParts } from './world.ts';

/** Every so many-th job waits for a person. */
const parkedEvery = 20;
/** Starts under way at once. */
const starters = 32;
/** Jobs that end between two samples, the oldest first. */
const ended = 40;
/** Samples between which nothing happens: by the last one, the oldest is known exactly. */
const atRest = 8;
const steps = ['start', 'sample'] as const;

const isParked = (index: number) => index % parkedEvery === parkedEvery - 1;

/** Nobody works on them: all that is measured is the look. Answers when each was asked for, and when it was there. */
async function startJobs(
  client: Client,
  jobs: number,
  progress: Pick<Progress, 'note'>,
): Promise<(readonly [number, number])[]> {
  const times: (readonly [number, number])[] = [];
  let next = 0;
  const startOne = async (index: number) => {
    const before = Date.now();
    await client.workflow.start('job', {
      workflowId: `job-${index}`,
      taskQueue: 'money',
      typedSearchAttributes: isParked(index) ? [{ key: searchAttributes.attention, value: 'review' }] : [],
    });
    times[index] = [before, Date.now()];
  };
  const startSome = async () => {
    while (next < jobs) {
      await startOne(next++);
      progress.note('start', `${next} of ${jobs}`);
    }
  };
  await Promise.all(Array.from({ length: starters }, startSome));
  return times;
}

/** Visibility is told of starts and ends a moment later; a sample is judged once it knows. */
async function untilShown(client: Client, query: string, count: number): Promise<void> {
  for (;;) {
    if ((await client.workflow.count(query)).count === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A namespace without jobs, and a database. */
export interface SamplingRoom {
  client: Client;
  store: Pick<Store, 'monitorReads' | 'queueMetrics'>;
}

/** Samples while so many jobs run, each with what is true then. */
export async function playSamples(
  { client, store }: SamplingRoom,
  { jobs, progress }: { jobs: number; progress: Pick<Progress, 'begin' | 'note' | 'end'> },
): Promise<SampleRun[]> {
  const { takeSample } = createSamplingActivities({
    counts: () => createQueueCounts(client, { most: mostCalls, callMs: 60_000 }),
    books: store.monitorReads,
    records: store.queueMetrics,
    gauges: createMetrics().queues,
    settings: defaultMonitorSettings,
  });
  let last: Sample = await takeSample({});
  progress.begin('start');
  const times = await startJobs(client, jobs, progress);
  await untilShown(client, `TaskQueue = 'money' AND ExecutionStatus = 'Running'`, jobs);
  progress.end('start', true, `${jobs} workflows run`);

  progress.begin('sample');
  const runs: SampleRun[] = [];
  let gone = 0;
  const sample = async (name: string, failed: number) => {
    last = await takeSample({ cursor: last.cursor! });
    runs.push({ name, sample: last, truth: { ...truthOf(times, gone), failed } });
    progress.note('sample', name);
  };
  const rest = async (when: string) => {
    for (let round = 1; round <= atRest; round++) await sample(`${when}, ${round}`, 0);
  };
  await sample('first', 0);
  await rest('nothing new');
  for (const name of ['the oldest have ended', 'more of them have']) {
    for (let index = gone; index < gone + ended; index++)
      await client.workflow.getHandle(`job-${index}`).terminate('measured');
    gone += ended;
    await untilShown(client, `TaskQueue = 'money' AND ExecutionStatus = 'Terminated'`, gone);
    await sample(name, ended);
  }
  await rest('at rest again');
  progress.end('sample', true, `${runs.length} samples`);
  return runs;
}

async function play(world: World, jobs: number, progress: Progress): Promise<SampleRun[]> {
  const { address, namespace } = world.address('temporal');
  const postgres = world.address('postgres');
  await migrate({ url: postgres.owner, log: () => undefined });
  await grantApplicationRoles(postgres.owner);
  const pool = createPool({ url: postgres.application, max: 4, applicationName: 'bench' });
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    return await playSamples({ client, store: createStore(pool) }, { jobs, progress });
  } finally {
    await pool.end();
    await connection.close();
  }
}

/** Of `money`, when the first so many have ended. A task that nobody took stays in the backlog, whatever became of its job. */
function truthOf(times: readonly (readonly [number, number])[], gone: number): Truth {
  const left = times.map(([, there], index) => ({ there, parked: isParked(index) })).slice(gone);
  const working = left.filter(({ parked }) => !parked).map(({ there }) => there);
  return {
    active: working.length,
    waitingForPerson: left.length - working.length,
    waiting: times.length,
    completed: 0,
    failed: 0,
    oldestBetween: [smallest(times.map(([asked]) => asked)), smallest(working)],
  };
}
const smallest = (values: readonly number[]) => values.reduce((least, value) => Math.min(least, value));

function tableOf(runs: readonly SampleRun[]): string {
  const head = ['sample', 'calls', 'ms', 'active', 'for a person', 'failed', 'oldest s'];
  const rows = runs.map(({ name, sample: { cost, queues } }) => {
    const { active, waitingForPerson, failed, oldestSeconds } = queues[0]!;
    return [name, cost.calls, cost.milliseconds, active, waitingForPerson, failed, oldestSeconds.toFixed(1)].map(
      String,
    );
  });
  return columns([head, ...rows]);
}

async function measure(context: BenchContext): Promise<Measured> {
  const { dir, screen, interrupt, jobs } = context;
  const world = await interrupt.race(startParts({ dir, screen, parts: ['temporal', 'postgres'] }));
  const progress = createProgress(screen, steps);
  try {
    const runs = await interrupt.race(play(world, jobs, progress));
    const costs = runs.map(({ sample: { cost } }) => cost);
    return {
      table: tableOf(runs),
      line: {
        workload: 'sampling',
        jobs,
        samples: runs.length,
        callsMost: Math.max(...costs.map(({ calls }) => calls)),
        millisecondsMost: Math.max(...costs.map(({ milliseconds }) => milliseconds)),
        milliseconds: costs.map(({ milliseconds }) => milliseconds),
      },
      missed: missedByAll(runs),
    };
  } finally {
    progress.close();
    await world.stop();
  }
}

export const samplingWorkload: Workload = {
  title: 'what a sample of the monitor costs, and whether it is right',
  defaults: { jobs: 2_000, workers: [1] },
  leastJobs: 200,
  measure,
};
