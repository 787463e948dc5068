/** What people set on a lane while it runs, and what they see of it. Pure. */
import type { LaneLimits, PacedName } from './lane-limits.ts';

/**
 * What people set, over what the environment says. Kept in Postgres, because a limiter that lost its memory must not
 * forget that a lane was stopped.
 */
export interface LaneSettings {
  /** Rises with every change; 0 where nobody ever changed anything. A limiter never goes back to a lower one. */
  revision: number;
  stopped: boolean;
  /** A brown-out: this much of the configured rate is used, 1 to 100. */
  percent: number;
  /** Whether 429 and rising latency lower the rate by themselves. */
  adaptive: boolean;
  /** Calls a second; absent: as configured. */
  perSecond?: number;
  /** Calls in flight; absent: as configured. */
  concurrent?: number;
}

export const untouched: LaneSettings = { revision: 0, stopped: false, percent: 100, adaptive: true };

/** `reset` forgets every change, the adaptive rate and the closure of a 429, but never the calls of the last second. */
export type LaneChange =
  | { action: 'limits'; perSecond?: number; concurrent?: number }
  | { action: 'brown-out'; percent: number }
  | { action: 'adaptive'; on: boolean }
  /** Shares of the lane by fairness key, `{tenant}:{venue}` or `{tenant}`; null: as the work itself says. Temporal's alone. */
  | { action: 'weights'; weights: Readonly<Record<string, number | null>> }
  | { action: 'stop' }
  | { action: 'resume' }
  | { action: 'reset' };

export type LaneAction = LaneChange['action'];

/** A change as it was recorded. */
export interface LaneChangeRecord {
  lane: PacedName;
  revision: number;
  change: LaneChange;
  /** What the lane was set to afterwards. */
  settings: LaneSettings;
  actor: string;
  reason: string;
  /** ISO 8601 UTC. */
  changedAt: string;
}

/** The settings after a change; `revision` is the caller's to raise. Stopping a stopped lane changes nothing. */
export function changed(settings: LaneSettings, change: LaneChange): LaneSettings {
  switch (change.action) {
    case 'limits': {
      const { perSecond = settings.perSecond, concurrent = settings.concurrent } = change;
      return {
        ...settings,
        ...(perSecond === undefined ? {} : { perSecond }),
        ...(concurrent === undefined ? {} : { concurrent }),
      };
    }
    case 'brown-out':
      return { ...settings, percent: change.percent };
    case 'adaptive':
      return { ...settings, adaptive: change.on };
    case 'weights':
      return settings;
    case 'stop':
      return { ...settings, stopped: true };
    case 'resume':
      return { ...settings, stopped: false };
    case 'reset':
      // An emergency stop is ended by `resume` and by nothing else.
      return { ...untouched, revision: settings.revision, stopped: settings.stopped };
  }
}

/** The limits that hold: what people set, else what is configured; a brown-out takes its part of the rate. */
export function limitsUnder(settings: LaneSettings, configured: LaneLimits): LaneLimits {
  const { perSecond = configured.perSecond, concurrent = configured.concurrent, percent } = settings;
  return { ...configured, perSecond: (perSecond * percent) / 100, concurrent };
}

/** One lane, now, over all processes. Times are milliseconds since 1970 by the limiter's clock. */
export interface LaneStatus {
  lane: PacedName;
  settings: LaneSettings;
  /** What holds without the adaptive rate: configured, as changed by people, as browned out. Infinity: unpaced. */
  perSecond: number;
  concurrent: number;
  /** Calls a second right now: `perSecond` as lowered by the adaptive rate. Never above it. */
  effectivePerSecond: number;
  inFlight: number;
  /** Calls started within the last second. */
  lastSecond: number;
  /** Grants ever given; starts again at 0 with a limiter that lost its memory. */
  granted: number;
  /** Epoch milliseconds until which nothing is sent; 0 when the lane is open. */
  blockedUntil: number;
  /** Callers that wait for their turn, of all processes. */
  waiting: number;
  /** How long a caller who asked now would wait. Milliseconds; Infinity while stopped. */
  expectedWaitMs: number;
  /** Processes by the state of their circuit breaker. */
  breakers: { closed: number; open: number; halfOpen: number };
}
