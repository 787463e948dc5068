/** Lanes under people's hands: every change is recorded first, then put into force for all workers. */
import type { LaneChange, LaneChangeRecord, LaneSettings, LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { ChangeOutcome } from '../contracts/lane-words.ts';
import { type LaneName, laneNames } from '../contracts/task-queues.ts';
import { createCatchUp } from './catch-up.ts';
import { type Pace, PaceAwayError } from './pace.ts';

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
  hold(lane: LaneName, reason: string): Promise<void>;
  /** Whatever limits the queue, by whomever, is lifted. */
  free(lane: LaneName, reason: string): Promise<void>;
  isHeld(lane: LaneName): Promise<boolean>;
  /** By fairness key; null: as the work itself says. */
  weigh(lane: LaneName, weights: Readonly<Record<string, number | null>>): Promise<void>;
}

export interface LaneControl {
  /** Rejects with PaceAwayError when the limiter is away. */
  status(): Promise<LaneStatus[]>;
  /** Rejects when it could not be recorded: nothing has changed then. */
  change(lane: PacedName, change: LaneChange, by: ChangeBy): Promise<ChangeOutcome>;
  /**
   * Emergency stop, and its end: every lane. Rejects when one of them could not be recorded; the others are changed all
   * the same, and doing it again is safe.
   */
  changeAll(change: LaneChange & { action: 'stop' | 'resume' }, by: ChangeBy): Promise<ChangeOutcome[]>;
}

export interface RunningLaneControl extends LaneControl {
  /** Brings every lane to what is recorded, in the background. For the start of a process. */
  catchUp(): void;
  close(): void;
}

export type { ChangeOutcome, LaneChangeRecord };

const hasQueue = (lane: PacedName): lane is LaneName => laneNames.some((name) => name === lane);

export function createLaneControl(deps: {
  pace: Pick<Pace, 'apply' | 'status'>;
  records: LaneRecords;
  queues: LaneQueues;
  /** Those that `status` and `changeAll` are about. */
  lanes: readonly PacedName[];
  /** Hears what did not get through, and why. */
  failed: (lane: PacedName, error: unknown) => void;
  /** Between two tries of what did not get through. Milliseconds. */
  retryEveryMs?: number;
}): RunningLaneControl {
  const { pace, records, queues, lanes, failed } = deps;
  const missed = createCatchUp({ attempt: bringIn, failed, everyMs: deps.retryEveryMs });

  /**
   * Two people may stop and resume at once, and Temporal hear of it in the other order. So whoever has told it looks
   * at the record once more: the last one to tell it has seen the last change.
   */
  async function align(lane: LaneName, wanted: boolean, reason: string): Promise<'held' | 'freed'> {
    for (let stopped = wanted; ;) {
      await (stopped ? queues.hold(lane, reason) : queues.free(lane, reason));
      const recorded = await records.read(lane);
      if (recorded.stopped === stopped) return stopped ? 'held' : 'freed';
      stopped = recorded.stopped;
    }
  }

  /** Both are idempotent. A queue that somebody has limited by hand is left alone. */
  async function bringIn(lane: PacedName, reset: boolean): Promise<void> {
    const settings = await records.read(lane);
    await pace.apply(lane, settings, { reset });
    if (!hasQueue(lane)) return;
    if (settings.stopped || (await queues.isHeld(lane))) await align(lane, settings.stopped, 'as recorded');
  }

  async function putIntoForce(lane: PacedName, settings: LaneSettings, reset: boolean): Promise<boolean> {
    try {
      await pace.apply(lane, settings, { reset });
      return true;
    } catch (error) {
      if (!(error instanceof PaceAwayError)) throw error;
      missed.add(lane, { reset });
      return false;
    }
  }

  async function tell(lane: LaneName, stop: boolean, reason: string): Promise<ChangeOutcome['queue']> {
    try {
      return await align(lane, stop, reason);
    } catch {
      // The next try says why, should that one fail, too.
      missed.add(lane);
      return 'not told';
    }
  }

  /** Temporal's alone: the pace need not hear of them. */
  async function weigh(lane: PacedName, weights: Readonly<Record<string, number | null>>) {
    if (!hasQueue(lane)) return { inForce: false };
    try {
      await queues.weigh(lane, weights);
      return { inForce: true, queue: 'weighed' } as const;
    } catch (error) {
      failed(lane, error);
      return { inForce: false, queue: 'not told' } as const;
    }
  }

  async function changeOne(lane: PacedName, change: LaneChange, by: ChangeBy): Promise<ChangeOutcome> {
    const settings = await records.change(lane, change, by);
    const { action } = change;
    if (action === 'weights') return { lane, settings, ...(await weigh(lane, change.weights)) };
    const inForce = await putIntoForce(lane, settings, action === 'reset');
    if ((action !== 'stop' && action !== 'resume') || !hasQueue(lane)) return { lane, settings, inForce };
    const queue = await tell(lane, action === 'stop', by.reason);
    return { lane, settings, inForce, ...(queue ? { queue } : {}) };
  }

  return {
    status: () => Promise.all(lanes.map((lane) => pace.status(lane))),
    change: changeOne,
    changeAll: async (change, by) => {
      const attempts = lanes.map((lane) => changeOne(lane, change, by));
      // All of them to their end: one lane that cannot be stopped must not keep the others from it.
      await Promise.allSettled(attempts);
      return Promise.all(attempts);
    },
    catchUp: () => {
      for (const lane of lanes) missed.add(lane);
    },
    close: () => missed.close(),
  };
}
