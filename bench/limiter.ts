/** `--workload limiter`: how many grants a second the limiter gives by itself, with Valkey and its caller on one core. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { contractLimits } from '../contracts/lane-limits.ts';
import { createLimiter, type Limiter } from '../lanes/limiter.ts';
import { openSharedPace } from './lane-caller.ts';
import { startParts } from './world.ts';
import { type BenchContext, columns, type Measured, rounded, type Workload } from './workload.ts';

/** So many wait for their turn all the time, as activities of many processes would. */
const callers = 256;
const wantedPerSecond = 10_000;
/** Far above what can be reached, so that only the limiter itself takes time. */
const limits = { ...contractLimits, stripe: { ...contractLimits.stripe, perSecond: 100_000, concurrent: 5_000 } };
const warmUpShare = 0.2;

async function measure({ interrupt, screen, dir, jobs }: BenchContext): Promise<Measured> {
  const world = await interrupt.race(startParts({ dir, screen, parts: ['valkey'] }));
  const shared = openSharedPace({ REDIS_URL: world.address('valkey').url }, limits);
  try {
    const pinned = await pinToOneCore([process.pid, world.pids()['valkey']!]);
    const limiter = createLimiter(shared.pace, limits);
    await interrupt.race(take(limiter, jobs * warmUpShare));
    const startedAt = performance.now();
    await interrupt.race(take(limiter, jobs));
    const seconds = (performance.now() - startedAt) / 1_000;
    const perSecond = jobs / seconds;
    const cores = pinned ? 1 : 'not pinned';
    return {
      table: columns([
        ['grants', 'seconds', 'grants a second', 'cores'],
        [String(jobs), seconds.toFixed(1), perSecond.toFixed(0), String(cores)],
      ]),
      line: { grants: jobs, seconds: rounded(seconds, 2), grantsPerSecond: rounded(perSecond, 0), pinned },
      missed: perSecond < wantedPerSecond ? [`${perSecond.toFixed(0)} grants a second, wanted ${wantedPerSecond}`] : [],
    };
  } finally {
    await shared.close();
    await world.stop();
  }
}

/** Takes so many grants and gives each back at once. */
async function take(limiter: Limiter, grants: number): Promise<void> {
  let left = grants;
  const caller = async (): Promise<void> => {
    const { signal } = new AbortController();
    while (left > 0) {
      left -= 1;
      const reservation = await limiter.reserve('stripe', { signal });
      // A moment that was missed is no grant.
      if (!(await reservation.begin(signal))) left += 1;
      reservation.release();
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

const pin = (pid: number) => promisify(execFile)('taskset', ['-a', '-c', '-p', '0', String(pid)]);

/** All threads of the processes. Linux only; elsewhere it answers false. */
async function pinToOneCore(pids: readonly number[]): Promise<boolean> {
  return Promise.all(pids.map(pin)).then(
    () => true,
    () => false,
  );
}

export const limiterWorkload: Workload = {
  title: 'grants of the limiter alone, Valkey and its caller pinned to one core',
  defaults: { jobs: 100_000, workers: [1] },
  leastJobs: 10_000,
  measure,
};
