/**
 * `--workload lane`: jobs through Stripe's lane at the provider's own limit, with several numbers of worker processes, and
 * what the provider's log says about it.
 */
import { Redis } from 'ioredis';
import { contractLimits } from '../contracts/lane-limits.ts';
import { createJobWorker, type JobRoom, jobsDone, laneRoom, startJobs, type Wish } from './jobs.ts';
import { judgeCalls, type LaneRun, missedBy, scriptRuns } from './lane-judge.ts';
import { createProgress, type Progress } from './progress.ts';
import { type LaneWorld, startLaneWorld } from './world.ts';
import { type BenchContext, columns, type Measured, rounded, type Workload } from './workload.ts';

const counted = (workers: number) => `${workers} worker${workers === 1 ? '' : 's'}`;

async function measure(context: BenchContext): Promise<Measured> {
  const { interrupt, screen, dir } = context;
  const lane = await interrupt.race(startLaneWorld({ dir, screen }));
  const progress = createProgress(screen, context.workers.map(counted));
  try {
    const runs = await interrupt.race(allRuns(lane, context, progress));
    return { table: tableOf(runs), line: { runs: runs.map(shown) }, missed: runs.flatMap(missedBy) };
  } finally {
    progress.close();
    await lane.close();
  }
}

async function allRuns(lane: LaneWorld, { workers, jobs }: BenchContext, progress: Progress): Promise<LaneRun[]> {
  const room = laneRoom(lane.client);
  const jobWorker = await createJobWorker(lane.world.address('temporal').address, room);
  return await jobWorker.runUntil(async () => {
    const runs: LaneRun[] = [];
    for (const count of workers) {
      progress.begin(counted(count));
      const run = await oneRun({ lane, room, workers: count, jobs, progress });
      progress.end(counted(count), missedBy(run).length === 0, `${run.calls} calls in ${run.seconds.toFixed(1)} s`);
      runs.push(run);
    }
    return runs;
  });
}

interface RunOptions {
  lane: LaneWorld;
  room: JobRoom;
  workers: number;
  jobs: number;
  progress: Progress;
}

async function oneRun({ lane, room, workers, jobs, progress }: RunOptions): Promise<LaneRun> {
  await lane.addWorkers(workers);
  const redis = new Redis(lane.redisUrl);
  try {
    const seen = (await lane.callsSince(0)).at(-1)?.seq ?? 0;
    const scriptsBefore = scriptRuns(await redis.info('commandstats'));
    const wish: Wish = { name: `of-${workers}`, count: jobs, tenantId: 'acme', venueId: 'arena', priority: 1 };
    // The queue is full from the first call to the last: measured is the lane, not how fast jobs are started here.
    await startJobs(room, wish);
    const startedAt = performance.now();
    lane.beginWork();
    const onProgress = (done: number) => {
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
      progress.note(counted(workers), `${done} of ${jobs} jobs done after ${seconds} s`);
    };
    const done = await jobsDone(room, wish, { onProgress });
    const calls = await lane.callsSince(seen);
    const scripts = scriptRuns(await redis.info('commandstats')) - scriptsBefore;
    const verdict = judgeCalls(calls, contractLimits.stripe);
    return { workers, jobs, done, roundTripsPerGrant: scripts / verdict.calls, ...verdict };
  } finally {
    redis.disconnect();
    await lane.endWorkers();
  }
}

const shown = (run: LaneRun) => ({
  workers: run.workers,
  utilisation: rounded(run.utilisation, 4),
  violations: run.violations,
  concurrencyViolations: run.concurrencyViolations,
  roundTripsPerGrant: rounded(run.roundTripsPerGrant, 3),
  rateLimited: run.rateLimited,
  jobs: run.jobs,
  seconds: rounded(run.seconds, 1),
});

const tableOf = (runs: readonly LaneRun[]) =>
  columns([
    ['workers', 'jobs', 'seconds', 'of the limit', 'too many a second', 'at once', '429', 'round trips per grant'],
    ...runs.map((run) => [
      String(run.workers),
      String(run.done),
      run.seconds.toFixed(1),
      `${(run.utilisation * 100).toFixed(1)} %`,
      String(run.violations),
      String(run.concurrencyViolations),
      String(run.rateLimited),
      run.roundTripsPerGrant.toFixed(2),
    ]),
  ]);

export const laneWorkload: Workload = {
  title: "jobs through Stripe's lane at 25 calls a second and 10 at once, judged by the simulator's log",
  defaults: { jobs: 2_000, workers: [1, 2, 4] },
  leastJobs: 100,
  measure,
};
