/**
 * The limiter of a single process, with the semantics of the shared one: at most `perSecond` call starts in any sliding
 * second (a ring of the last grants), at most `concurrent` calls in flight, first come first served. Its clock is
 * monotonic, so that a corrected wall clock opens no window.
 */
import type { LaneLimits } from '../contracts/lane-limits.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import type { Grant, Limiter, LaneStatus } from './limiter.ts';

const windowMs = 1_000;
/** Timers fire up to a millisecond early; a grant a hair too early would be one call too many at the provider. */
const timerSlackMs = 1;
/** Node's timers know no longer wait, and fire at once when asked for one. */
const longestTimerMs = 2 ** 31 - 1;

interface Waiter {
  signal: AbortSignal;
  grant: (grant: Grant) => void;
  refuse: (reason: unknown) => void;
}

class Lane {
  readonly #limits: LaneLimits;
  readonly #now: () => number;
  /** At most this many starts in any `#window` milliseconds. */
  readonly #calls: number;
  readonly #window: number;
  /** Start times of the last calls, oldest first; never more than `#calls` of them. */
  #starts: number[] = [];
  #inFlight = 0;
  #blockedUntil = 0;
  #queue: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: LaneLimits, now: () => number) {
    const { perSecond } = limits;
    this.#limits = limits;
    this.#now = now;
    // Less than one call a second: one call per correspondingly longer window.
    this.#calls = Math.max(1, Math.floor(perSecond));
    this.#window = perSecond >= 1 ? windowMs : windowMs / perSecond;
  }

  acquire(signal: AbortSignal): Promise<Grant> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#queue = this.#queue.filter((other) => other !== waiter);
        reject(signal.reason as Error);
        // Stops the timer when nobody waits any more: it would keep a stopped worker's process alive.
        this.#serve();
      };
      const waiter: Waiter = {
        signal,
        grant: (grant) => {
          signal.removeEventListener('abort', leave);
          resolve(grant);
        },
        refuse: reject,
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiter);
      this.#serve();
    });
  }

  block(milliseconds: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#now() + milliseconds);
    this.#serve();
  }

  status(lane: LaneName): LaneStatus {
    const now = this.#now();
    const closedFor = Math.max(0, this.#blockedUntil - now);
    return {
      lane,
      inFlight: this.#inFlight,
      lastSecond: this.#starts.filter((start) => start > now - windowMs).length,
      blockedUntil: closedFor === 0 ? 0 : Date.now() + closedFor,
      waiting: this.#queue.length,
    };
  }

  /** Milliseconds until the next call may start. */
  #delay(now: number): number {
    const blocked = this.#blockedUntil - now;
    const [oldest] = this.#starts;
    const full = oldest !== undefined && this.#starts.length === this.#calls;
    return Math.max(0, blocked, full ? oldest + this.#window + timerSlackMs - now : 0);
  }

  #serve(): void {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 && this.#inFlight < this.#limits.concurrent) {
      const now = this.#now();
      const delay = this.#delay(now);
      if (delay > 0) {
        this.#timer = setTimeout(() => this.#serve(), Math.min(Math.ceil(delay), longestTimerMs));
        return;
      }
      this.#start(now, this.#queue.shift()!);
    }
  }

  #start(now: number, waiter: Waiter): void {
    this.#inFlight += 1;
    if (Number.isFinite(this.#calls)) {
      this.#starts.push(now);
      if (this.#starts.length > this.#calls) this.#starts.shift();
    }
    let held = true;
    waiter.grant({
      release: () => {
        if (!held) return;
        held = false;
        this.#inFlight -= 1;
        this.#serve();
      },
    });
  }
}

export function createMemoryLimiter(
  limits: Readonly<Record<LaneName, LaneLimits>>,
  now: () => number = () => performance.now(),
): Limiter {
  const lanes = new Map<LaneName, Lane>();
  const laneOf = (name: LaneName): Lane => {
    const lane = lanes.get(name) ?? new Lane(limits[name], now);
    lanes.set(name, lane);
    return lane;
  };
  return {
    acquire: (lane, signal) => laneOf(lane).acquire(signal),
    block: (lane, milliseconds) => Promise.resolve(laneOf(lane).block(milliseconds)),
    status: (lane) => Promise.resolve(laneOf(lane).status(lane)),
  };
}
