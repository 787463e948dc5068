/** Samples, judged by what they cost and by what is known to be there. Pure. */
import type { Sample } from '../contracts/monitor.ts';

/** What `money` holds when a sample is taken, and what ended since the one before. */
export interface Truth {
  active: number;
  waitingForPerson: number;
  waiting: number;
  completed: number;
  failed: number;
  /**
   * Epoch milliseconds: when the first task was asked for, which stays in the server's backlog after its job has ended, and
   * when the oldest job that runs was there.
   */
  oldestBetween: readonly [number, number];
}

export interface SampleRun {
  name: string;
  sample: Sample;
  truth: Truth;
}

/** Both clocks are this machine's, read by two programs. Milliseconds. */
const clockMs = 50;
export const bounds = { calls: 30, milliseconds: 2_000 } as const;

const countsOf = ({ queues }: Sample) => queues.find(({ queue }) => queue === 'money')!;

const oldestOf = (sample: Sample) => Date.parse(sample.at) - countsOf(sample).oldestSeconds * 1_000;

function missedBy({ name, sample, truth }: SampleRun): string[] {
  const { cost, books } = sample;
  const seen = countsOf(sample);
  const { oldestBetween, ...counts } = truth;
  const wrong = (Object.keys(counts) as (keyof typeof counts)[]).filter((what) => seen[what] !== counts[what]);
  const misses: [boolean, string][] = [
    [cost.calls > bounds.calls, `cost ${cost.calls} calls, wanted ${bounds.calls}`],
    [cost.milliseconds > bounds.milliseconds, `took ${cost.milliseconds} ms, wanted ${bounds.milliseconds}`],
    [!books, 'came without the books'],
    ...wrong.map((what): [boolean, string] => [true, `saw ${seen[what]} ${what}, there are ${counts[what]}`]),
    [
      seen.active > 0 && oldestOf(sample) < oldestBetween[0] - clockMs,
      `says ${seen.oldestSeconds} s of the oldest job, which is not as old`,
    ],
  ];
  return misses.filter(([missed]) => missed).map(([, what]) => `sample "${name}" ${what}`);
}

/** Where many run, the oldest is closed in on: by the last sample it has to be known. */
function missedByLast(runs: readonly SampleRun[]): string[] {
  const last = runs.at(-1);
  if (!last || oldestOf(last.sample) <= last.truth.oldestBetween[1] + clockMs) return [];
  const off = (oldestOf(last.sample) - last.truth.oldestBetween[1]) / 1_000;
  return [`the last sample says too little of the oldest job, by ${off.toFixed(1)} s`];
}

/** The bounds that samples miss, for people; none when all is as it should be. */
export const missedByAll = (runs: readonly SampleRun[]): string[] => [...runs.flatMap(missedBy), ...missedByLast(runs)];
