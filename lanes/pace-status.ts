/** From what a pace knows to what people see. Pure. */
import type { LaneSettings, LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { BreakerState } from './pace.ts';

export interface Look {
  settings: LaneSettings;
  perSecond: number;
  concurrent: number;
  effectivePerSecond: number;
  inFlight: number;
  lastSecond: number;
  granted: number;
  /** By the pace's clock; in the past when the lane is open. */
  blockedUntil: number;
  /** When the next call could start, were there a slot. By the pace's clock. */
  nextMoment: number;
  now: number;
  /** The same moment, in milliseconds since 1970. */
  epoch: number;
  waiting: number;
  /** One for each process that was heard of. */
  breakers: readonly BreakerState[];
}

export function statusOf(lane: PacedName, look: Look): LaneStatus {
  const { settings, now, blockedUntil, nextMoment, waiting, effectivePerSecond, breakers } = look;
  const closedForMs = Math.max(0, blockedUntil - now);
  const inLineMs = effectivePerSecond > 0 ? (waiting * 1_000) / effectivePerSecond : Infinity;
  const count = (state: BreakerState) => breakers.filter((other) => other === state).length;
  return {
    lane,
    settings,
    perSecond: look.perSecond,
    concurrent: look.concurrent,
    effectivePerSecond,
    inFlight: look.inFlight,
    lastSecond: look.lastSecond,
    granted: look.granted,
    blockedUntil: closedForMs === 0 ? 0 : look.epoch + closedForMs,
    waiting,
    expectedWaitMs: settings.stopped ? Infinity : Math.round(Math.max(closedForMs, nextMoment - now) + inLineMs),
    breakers: { closed: count('closed'), open: count('open'), halfOpen: count('halfOpen') },
  };
}
