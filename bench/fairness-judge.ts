/** Who waited how long for whom, by what the provider saw. Pure. */

export interface KeyedCall {
  idempotencyKey: string | null;
  /** Epoch milliseconds. */
  receivedAt: number;
}

export interface WaitingJob {
  /** Under which its call is found. */
  key: string;
  /** When its start was asked for. Epoch milliseconds. */
  startedAt: number;
}

export interface Wait {
  /** From its start to its call. */
  ms: number;
  /** Calls of others that came in between. */
  ahead: number;
}

/** The waits of the jobs that were called, in the order of their calls; `others` are counted where no job of `jobs` made them. */
export function waitsOf(jobs: readonly WaitingJob[], calls: readonly KeyedCall[]): Wait[] {
  const own = new Map(jobs.map((job) => [job.key, job]));
  const others = calls
    .filter(({ idempotencyKey }) => !own.has(idempotencyKey ?? ''))
    .map(({ receivedAt }) => receivedAt);
  return calls
    .flatMap(({ idempotencyKey, receivedAt }) => {
      const job = own.get(idempotencyKey ?? '');
      return job ? [{ startedAt: job.startedAt, receivedAt }] : [];
    })
    .toSorted((a, b) => a.receivedAt - b.receivedAt)
    .map(({ startedAt, receivedAt }) => ({
      ms: receivedAt - startedAt,
      ahead: others.filter((at) => at > startedAt && at < receivedAt).length,
    }));
}

/** The value that 95 % do not exceed (nearest rank); 0 of none. */
export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
}

/** Two share a lane, so each has half of it, behind what the workers may have taken before: all slots, at worst. Milliseconds. */
export const fairBoundMs = (aloneP95Ms: number, slots: number, perSecond: number) =>
  2 * aloneP95Ms + (slots / perSecond) * 1_000;
