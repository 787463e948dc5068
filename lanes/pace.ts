/**
 * Who keeps a lane's pace: Redis for all processes together (redis-pace.ts), or this process alone (memory-pace.ts). Both
 * decide by the same rules; limiter.ts waits in line before either.
 *
 * All moments are milliseconds of this process's monotonic clock, whatever clock the pace decides by: the wall clock of a
 * worker may be wrong.
 */
import type { LaneSettings, LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';

export interface Ask {
  lane: PacedName;
  /** An endpoint with a limit of its own, e.g. `payouts`. */
  endpoint?: string | undefined;
  /** Several are granted only where all may start within `leadMs` of the first; at least 1. */
  want: number;
  /** The moment is not before so many milliseconds from now: what still has to be done first takes that long. */
  leadMs: number;
}

/** The right to start one call at a moment, and a leased slot from now on. */
export interface Granted {
  token: string;
  /** Its moment; it must not be used later than {@link toleranceMs} after it. 0: the lane is unpaced, any moment will do. */
  at: number;
}

export type Answer =
  | { kind: 'granted'; grants: readonly Granted[] }
  /** Ask again at `at`, or when there is news of the lane, whichever is first. Infinity: news only. */
  | { kind: 'later'; because: 'rate' | 'endpoint' | 'slots' | 'closed' | 'stopped'; at: number };

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** Something changed, so that who waits asks again and who holds a moment looks whether it still stands. */
export interface LaneNews {
  lane: PacedName | 'all';
  /** Moments reserved and not yet begun are void: the lane was closed, stopped or slowed down. */
  void: boolean;
}

/** What became of a grant. */
export interface Ended {
  token: string;
  /** Its moment was not used: somebody else may have it. */
  unused: boolean;
  /** How long the call took, where one was made. Milliseconds. */
  tookMs?: number | undefined;
  /** By when after its moment it had left this process, which may have been busy. Milliseconds. */
  leftMs?: number | undefined;
}

/** The pace cannot be asked: nothing may be sent. */
export class PaceAwayError extends Error {
  constructor(cause: unknown) {
    super('the limiter does not answer, so nothing is sent', { cause });
    this.name = 'PaceAwayError';
  }
}

export interface Pace {
  /** News of this pace can be lost, so nobody waits longer than this without asking. Milliseconds. */
  readonly silenceMs: number;
  /** The clock of all moments, e.g. `performance.now`. */
  now(): number;
  /** @throws PaceAwayError */
  ask(ask: Ask): Promise<Answer>;
  /** Gives slots back. Never throws: a slot that cannot be given back ends with its lease. */
  end(lane: PacedName, ended: Ended): void;
  /** Closes the lane for everybody. Never shortens a longer closure. @throws PaceAwayError */
  block(lane: PacedName, milliseconds: number): Promise<void>;
  /** Puts what people set into force; an older revision than the present one changes nothing. @throws PaceAwayError */
  apply(lane: PacedName, settings: LaneSettings, options?: { reset?: boolean }): Promise<void>;
  /** @throws PaceAwayError */
  status(lane: PacedName): Promise<LaneStatus>;
  /** What this process's circuit breaker does, for people to see. */
  breaker(lane: PacedName, state: BreakerState): void;
  onNews(listener: (news: LaneNews) => void): void;
  /** Where to ask how many callers of this process wait for a lane, for people to see. */
  countWaiting(waiting: (lane: PacedName) => number): void;
  close(): Promise<void>;
}

/** What people set, kept where it is not forgotten (Postgres): read by a pace that knows nothing of the lane yet. */
export interface SettingsSource {
  read(lane: PacedName): Promise<LaneSettings>;
}

/** Above the second itself, so that a call which leaves within its tolerance is in no second too many. Milliseconds. */
export const marginMs = 15;
/** A grant not used this long after its moment is void. Milliseconds. */
export const toleranceMs = 6;
/** A call that took longer than calls do counts as so much later, at most: it may have been under way. Milliseconds. */
export const lateMs = 60;
/** Until so many calls were seen, nobody knows how long calls take: all of it counts, up to a longer time. Milliseconds. */
export const unknownCalls = 50;
export const unknownLateMs = 250;
/** A rate that was lowered to nothing is whole again after this. Milliseconds. */
export const climbMs = 30_000;
/** No moment further ahead is reserved: what a dead holder can waste, and what an emergency stop can be late. */
export const horizonMs = 400;
/** A slot whose holder says nothing for so long is free again. Milliseconds. */
export const leaseMs = 4_000;
/** Holders say so this often. Milliseconds. */
export const renewMs = 1_000;
/**
 * A pace without a memory of the last second grants nothing for so long: by then it is true again that nothing was sent,
 * and holders have renewed their leases. Milliseconds.
 */
export const coldMs = 1_500;
