/**
 * Takes no more of a lane's queue than its line needs. Temporal's worker asks for a permit before it polls and gives it back
 * when the activity has ended; here it is given one only while few activities, and polls that may bring one, have their call
 * still before them.
 */
import type {
  ActivityInterceptorsFactory,
  ActivitySlotInfo,
  CustomSlotSupplier,
  SlotMarkUsedContext,
  SlotReleaseContext,
  SlotReserveContext,
  WorkerOptions,
} from '@temporalio/worker';
import type { LaneLimits } from '../contracts/lane-limits.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import { type LinePlace, watched } from '../lanes/standing.ts';
import { inLineOf, slotsOf, takesLittle } from './slots.ts';

export interface LaneSlotOptions {
  lane: LaneName;
  /** Permits at once: of polls, and of activities whatever they do. */
  most: number;
  /** No permit while so many are out whose call is still to come; to fetch the next one takes so many milliseconds. */
  inLine: (fetchMs: number) => number;
}

/** An activity under way. */
interface Work {
  /** `performance.now` of its start. */
  since: number;
  /** It has had a moment of the lane, or waits for something else than that. */
  begun: boolean;
  /** Its calls that stand in the lane's own line. */
  standing: number;
  over: boolean;
}

interface Permit {
  /** `performance.now` of when it was given. */
  since: number;
}

/** A poll that took longer found nothing to bring. Milliseconds. */
const longestFetchMs = 500;

/** How long a part of the way from the queue to the line takes, as of late. Milliseconds. */
class Lately {
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  tookSince(began: number): void {
    const took = performance.now() - began;
    if (took <= longestFetchMs) this.#ms += 0.2 * (took - this.#ms);
  }
}

export class LaneSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  readonly #options: LaneSlotOptions;
  readonly #held = new Set<Permit>();
  /** Activities that do not wait for the lane: in a call, or between two. */
  readonly #aside = new Set<Work>();
  /** Activities that are over, and whose permit comes back once Temporal has heard of it. */
  #over = 0;
  /**
   * From a permit to what its poll brought. Of a queue that is almost empty it is the wait for work, too; of one with a backlog,
   * the only one where it matters who is taken first, it is the way there and back.
   */
  readonly #poll = new Lately();
  /** From an activity's start until it stands in line. */
  readonly #start = new Lately();
  #asking: (() => void)[] = [];

  constructor(options: LaneSlotOptions) {
    this.#options = options;
  }

  /** Permits that are out. */
  get held(): number {
    return this.#held.size;
  }

  /** Permits of polls that have brought nothing yet, of activities on their way to the lane, and of those in its line. */
  get coming(): number {
    return this.#held.size - this.#aside.size - this.#over;
  }

  /** Rejects with the signal's reason when it aborts. */
  reserveSlot(_context: SlotReserveContext, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#asking = this.#asking.filter((other) => other !== grant);
        reject(signal.reason as Error);
      };
      const grant = () => {
        signal.removeEventListener('abort', leave);
        const permit = { since: performance.now() };
        this.#held.add(permit);
        resolve(permit);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#asking.push(grant);
      this.#handOut();
    });
  }

  /** For tasks that a workflow's worker hands to itself, past the queue and its order. */
  tryReserveSlot(): null {
    return null;
  }

  markSlotUsed({ permit }: SlotMarkUsedContext<ActivitySlotInfo>): void {
    this.#poll.tookSince((permit as Permit).since);
    this.#handOut();
  }

  releaseSlot({ permit, slotInfo }: SlotReleaseContext<ActivitySlotInfo>): void {
    if (!this.#held.delete(permit as Permit)) return;
    // Nothing was over where the poll brought nothing, or something that nobody here can do.
    if (slotInfo && this.#over > 0) this.#over -= 1;
    this.#handOut();
  }

  /** Does an activity's work and sees where it stands. */
  async watch<T>(run: () => Promise<T>): Promise<T> {
    const work: Work = { since: performance.now(), begun: false, standing: 0, over: false };
    try {
      return await watched({ stands: (place) => this.#stands(work, place) }, run);
    } finally {
      work.over = true;
      this.#aside.delete(work);
      this.#over += 1;
      this.#handOut();
    }
  }

  #stands(work: Work, { lane, endpoint }: LinePlace): () => void {
    // Who waits for another lane, or for an endpoint's limit, keeps nobody of this lane waiting.
    const ours = lane === this.#options.lane && endpoint === undefined;
    const one = ours ? 1 : 0;
    if (ours && !work.begun && work.standing === 0) this.#start.tookSince(work.since);
    work.standing += one;
    work.begun ||= !ours;
    this.#see(work);
    return () => {
      work.standing -= one;
      work.begun = true;
      this.#see(work);
    };
  }

  #see(work: Work): void {
    if (work.over) return;
    const waits = !work.begun || work.standing > 0;
    if (waits) this.#aside.delete(work);
    else this.#aside.add(work);
    this.#handOut();
  }

  #handOut(): void {
    const { most, inLine } = this.#options;
    const enough = inLine(this.#poll.ms + this.#start.ms);
    while (this.#held.size < most && this.coming < enough) {
      const grant = this.#asking.shift();
      if (!grant) return;
      grant();
    }
  }
}

/** Of kinds of tasks that a lane's worker is never given. */
const none = { type: 'fixed-size', numSlots: 1 } as const;

/** Worker options with which it takes of a lane's queue what it needs; `interceptors` are the activities' own. */
export function laneWorkerOptions(
  lane: LaneName,
  limits: LaneLimits,
  interceptors: readonly ActivityInterceptorsFactory[],
): Pick<WorkerOptions, 'interceptors' | 'tuner' | 'maxConcurrentActivityTaskExecutions'> {
  const atMost = slotsOf(lane, limits);
  const { maxConcurrentActivityTaskExecutions: most } = atMost;
  if (most === undefined || !takesLittle(lane)) return { ...atMost, interceptors: { activity: [...interceptors] } };
  const slots = new LaneSlots({
    lane,
    most,
    inLine: (fetchMs) => inLineOf(limits, fetchMs),
  });
  const watching: ActivityInterceptorsFactory = () => ({
    inbound: { execute: (input, next) => slots.watch(() => next(input)) },
  });
  return {
    interceptors: { activity: [watching, ...interceptors] },
    tuner: {
      activityTaskSlotSupplier: slots,
      workflowTaskSlotSupplier: none,
      localActivityTaskSlotSupplier: none,
      nexusTaskSlotSupplier: none,
    },
  };
}
