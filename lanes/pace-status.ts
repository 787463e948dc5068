/** From what a pace knows to what people see. Pure. */
import type { LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { BreakerState } from './pace.ts';

/** What people see as it is, and what that is made of. */
export interface Look extends Omit<LaneStatus, 'lane' | 'blockedUntil' | 'expectedWaitMs' | 'breakers'> {
  /** By the pace's clock; in the past when the lane is open. */
  blockedUntil: number;
  /** When the next call could start, were there a slot. By the pace's clock. */
  nextMoment: number;
  now: number;
  /** The same moment, in milliseconds since 1970. */
  epoch: number;
  /** One for each process that was heard of. */
  breakers: readonly BreakerState[];
}

export function statusOf(
  lane: PacedName,
  { blockedUntil, nextMoment, now, epoch, breakers, ...seen }: Look,
): LaneStatus {
  const { settings, waiting, effectivePerSecond } = seen;
  const closedForMs = Math.max(0, blockedUntil - now);
  const inLineMs = effectivePerSecond > 0 ? (waiting * 1_000) / effectivePerSecond : Infinity;
  const count = (state: BreakerState) => breakers.filter((other) => other === state).length;
  return {
    lane,
    ...seen,
    blockedUntil: closedForMs === 0 ? 0 : epoch + closedForMs,
    expectedWaitMs: settings.stopped ? Infinity : Math.round(Math.max(closedForMs, nextMoment - now) + inLineMs),
    breakers: { closed: count('closed'), open: count('open'), halfOpen: count('halfOpen') },
  };
}
