/** Plays calls through limiters and says what the provider would have seen. Real time. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { contractLimits, type LaneLimits, type PacedName } from '../../contracts/lane-limits.ts';
import type { Limiter } from '../../lanes/limiter.ts';

export const never = new AbortController().signal;
setMaxListeners(0, never);

export const limitsOf = (lane: PacedName, limits: Partial<LaneLimits>): Readonly<Record<PacedName, LaneLimits>> => ({
  ...contractLimits,
  [lane]: { perSecond: 25, concurrent: 10, burst: 1, cooldownMs: 1_000, ...limits },
});

/** `performance.now` of when the call left and of when its answer was there. */
export interface Seen {
  from: number;
  until: number;
}

export interface Work {
  lane?: PacedName;
  endpoint?: string;
  /** How long the provider takes. Milliseconds. */
  holdMs?: number;
  signal?: AbortSignal;
}

/** One call: reserves as often as its moments become void, and makes it. */
export async function call(
  limiter: Limiter,
  { lane = 'stripe', endpoint, holdMs = 10, signal = never }: Work = {},
): Promise<Seen> {
  for (let first = false; ; first = true) {
    const reservation = await limiter.reserve(lane, { signal, endpoint, first });
    try {
      if (!(await reservation.begin(signal))) continue;
      const from = performance.now();
      await delay(holdMs);
      return { from, until: performance.now() };
    } finally {
      reservation.release();
    }
  }
}

/** That many calls, dealt out to the limiters in turn, in the order of their start. */
export async function play(limiters: readonly Limiter[], count: number, work: Work = {}): Promise<Seen[]> {
  const seen = await Promise.all(
    Array.from({ length: count }, (_, index) => call(limiters[index % limiters.length]!, work)),
  );
  return inOrder(seen);
}

export const inOrder = (seen: readonly Seen[]): Seen[] => seen.toSorted((a, b) => a.from - b.from);

/** The shortest time in which one call more than `calls` left: shorter than a second is one too many. Milliseconds. */
export const tightest = (seen: readonly Seen[], calls: number): number =>
  Math.min(Infinity, ...seen.slice(calls).map(({ from }, index) => from - seen[index]!.from));

export function mostInFlight(seen: readonly Seen[]): number {
  return Math.max(
    0,
    ...seen.map(({ from }) => seen.filter((other) => other.from <= from && other.until > from).length),
  );
}

/** Time from the first to the last start, over what the limit makes of it at best. */
export function slowness(seen: readonly Seen[], calls: number): number {
  return (seen.at(-1)!.from - seen[0]!.from) / (((seen.length - calls) / calls) * 1_000);
}
