/** Lanes under people's hands: every change is recorded first, then put into force for all workers. */
import type { LaneChange, LaneChangeRecord, LaneSettings, LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';

export interface ChangeBy {
  actor: string;
  reason: string;
}

/** What is recorded in Postgres (store/lanes.ts). */
export interface LaneRecords {
  read(lane: PacedName): Promise<LaneSettings>;
  /** Records the change and answers the settings after it, in one transaction; the revision has risen. */
  change(lane: PacedName, change: LaneChange, by: ChangeBy): Promise<LaneSettings>;
}

/** The provider's task queue in Temporal: a stopped lane's tasks stay there instead of being handed out and waiting. */
export interface LaneQueues {
  hold(lane: PacedName, reason: string): Promise<void>;
  free(lane: PacedName, reason: string): Promise<void>;
}

/** What became of a change. It is recorded in any case, and comes into force once the limiter is there again. */
export interface ChangeOutcome {
  lane: PacedName;
  settings: LaneSettings;
  /** All workers hold to it now. `false`: the limiter is away, and nothing is sent until it is back and has read this. */
  inForce: boolean;
  /** Whether Temporal's queue was told (stop and resume only); the lane obeys either way. */
  queue?: 'held' | 'freed' | 'not told';
}

export interface LaneControl {
  /** Rejects with PaceAwayError when the limiter is away. */
  status(): Promise<LaneStatus[]>;
  change(lane: PacedName, change: LaneChange, by: ChangeBy): Promise<ChangeOutcome>;
  /** Emergency stop, and its end: every lane. */
  changeAll(change: LaneChange & { action: 'stop' | 'resume' }, by: ChangeBy): Promise<ChangeOutcome[]>;
}

export type { LaneChangeRecord };
