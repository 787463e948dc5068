/** What a lane did, judged by what the provider saw. Pure. */

/** A call as the provider logged it. Epoch milliseconds, with fractions. */
export interface SeenCall {
  receivedAt: number;
  answeredAt: number | null;
  status: number | null;
}

export interface JudgedLimits {
  /** Calls in any sliding second. */
  perSecond: number;
  /** Calls under way at once. */
  concurrent: number;
}

export interface Verdict {
  /** Calls that the provider looked at. */
  calls: number;
  /** From the first arrival to the last. */
  seconds: number;
  /** The time that the limit asks for over the time it took; 1 is as fast as the limit allows. */
  utilisation: number;
  /** Calls that are one too many in the second before them. */
  violations: number;
  /** Calls that arrived while as many as allowed were under way. */
  concurrencyViolations: number;
  rateLimited: number;
}

/** What a run shows beside the provider's log. */
export interface LaneRun extends Verdict {
  workers: number;
  /** Jobs that ended as they should. */
  done: number;
  jobs: number;
  /** Runs of scripts that Valkey counted, for each call. */
  roundTripsPerGrant: number;
}

/** A call may be this much nearer to another one at the provider than it was when it left. Milliseconds. */
export const jitterMs = 10;
export const wanted = { utilisation: 0.95, roundTripsPerGrant: 1.2 } as const;

const windowMs = 1_000;

export function judgeCalls(calls: readonly SeenCall[], limits: JudgedLimits): Verdict {
  const arrivals = calls.map(({ receivedAt }) => receivedAt).toSorted((a, b) => a - b);
  const rateLimited = calls.filter(({ status }) => status === 429).length;
  const looked = calls.length - rateLimited;
  const ms = arrivals.length > 1 ? arrivals.at(-1)! - arrivals[0]! : 0;
  // The first second's worth may leave at once, so that only what comes after it takes time.
  const idealMs = Math.max(0, ((looked - limits.perSecond) / limits.perSecond) * windowMs);
  return {
    calls: looked,
    seconds: ms / 1_000,
    utilisation: ms === 0 ? 0 : idealMs / ms,
    violations: arrivals.filter(
      (at, index) => at - (arrivals[index - limits.perSecond] ?? -Infinity) < windowMs - jitterMs,
    ).length,
    concurrencyViolations: tooManyAtOnce(calls, limits.concurrent),
    rateLimited,
  };
}

/** A call that was answered in the very moment in which another arrived was over by then. */
function tooManyAtOnce(calls: readonly SeenCall[], concurrent: number): number {
  const moments = calls
    .flatMap(({ receivedAt, answeredAt }) => [
      { at: receivedAt, by: 1 },
      { at: answeredAt ?? Infinity, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by);
  let underWay = 0;
  let tooMany = 0;
  for (const { by } of moments) {
    underWay += by;
    if (by === 1 && underWay > concurrent) tooMany += 1;
  }
  return tooMany;
}

/** Scripts that a Valkey or Redis has run, from its `INFO commandstats`. */
export function scriptRuns(commandStats: string): number {
  return [...commandStats.matchAll(/^cmdstat_(?:eval|evalsha|fcall)(?:_ro)?:calls=(?<calls>\d+)/gmu)].reduce(
    (sum, { groups }) => sum + Number(groups!['calls']),
    0,
  );
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The bounds that a run misses, for people; none when all is as it should be. */
export function missedBy(run: LaneRun): string[] {
  const misses: [boolean, string][] = [
    [run.done < run.jobs, `${run.jobs - run.done} of ${run.jobs} jobs did not end as they should`],
    [run.calls !== run.jobs, `${run.calls} calls for ${run.jobs} jobs`],
    [
      run.utilisation < wanted.utilisation,
      `used ${percent(run.utilisation)} of the limit, wanted ${percent(wanted.utilisation)}`,
    ],
    [run.violations > 0, `${run.violations} calls too many in a second`],
    [run.concurrencyViolations > 0, `${run.concurrencyViolations} calls too many at once`],
    [run.rateLimited > 0, `${run.rateLimited} answers of 429`],
    [run.roundTripsPerGrant === 0, 'Valkey was not asked for every call'],
    [
      run.roundTripsPerGrant > wanted.roundTripsPerGrant,
      `${run.roundTripsPerGrant.toFixed(2)} round trips for each call, wanted ${wanted.roundTripsPerGrant}`,
    ],
  ];
  const workers = `${run.workers} worker${run.workers === 1 ? '' : 's'}`;
  return misses.filter(([missed]) => missed).map(([, what]) => `${workers}: ${what}`);
}
