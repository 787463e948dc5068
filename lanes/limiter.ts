/** The pace of a provider, whatever keeps it: one process (memory-limiter.ts) or all workers together (Redis). */
import type { LaneName } from '../contracts/task-queues.ts';

/** The right to make one call now. */
export interface Grant {
  /** Gives the slot back. Safe to call twice. */
  release(): void;
}

export interface LaneStatus {
  lane: LaneName;
  inFlight: number;
  /** Calls started within the last second. */
  lastSecond: number;
  /** Epoch milliseconds until which nothing is sent; 0 when the lane is open. */
  blockedUntil: number;
  waiting: number;
}

export interface Limiter {
  /**
   * Waits for a free slot and a free moment, in the order of asking.
   * Rejects with the signal's reason when it aborts; nothing is held then.
   */
  acquire(lane: LaneName, signal: AbortSignal): Promise<Grant>;
  /** Closes the lane for everybody, e.g. for a Retry-After. Never shortens a longer closure. */
  block(lane: LaneName, milliseconds: number): Promise<void>;
  status(lane: LaneName): Promise<LaneStatus>;
}
