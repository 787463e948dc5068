/**
 * The line before a pace: callers of this process wait here in the order of asking, and one of them asks at a time, so that
 * a full lane is not asked over and over.
 */
import type { PacedName } from '../contracts/lane-limits.ts';
import { type Answer, type Granted, type Pace, PaceAwayError } from './pace.ts';

export interface WaitOptions {
  /** Ends the waiting. */
  signal: AbortSignal;
  /** What has to be prepared takes about so long: the moment is not before. Milliseconds. */
  leadMs?: number;
  /** To the head of the line: for whoever was there before, and whose moment became void. */
  first?: boolean;
}

export type WaitingFor = Extract<Answer, { kind: 'later' }>['because'] | 'away';

/** At most so many at once where the lane is free: the script holds up everybody else meanwhile. */
const mostTogether = 32;
/** While the pace is away it is asked again after this, doubled up to the longest. Milliseconds. */
const awayMs = { first: 50, longest: 1_000 } as const;
/** Moments that come later than this are scarce. Milliseconds. */
const scarceMs = 5;
/** So long after its moment a call may end, and say so together with the next question. Milliseconds. */
const longestRideMs = 120;
/** Node's timers know no longer wait, and fire at once when asked for one. */
const longestTimerMs = 2 ** 31 - 1;
/** However slow this process is, its moments are not asked for further ahead than this. Milliseconds. */
const longestLeadMs = 500;

/** A grant, and how far ahead it was asked for. */
export interface Ahead extends Granted {
  leadMs: number;
}

interface Waiter {
  leadMs: number;
  grant: (granted: Ahead) => void;
}

/** How late this process is for its moments: it then asks for later ones, so that a busy machine gets its turn, too. */
export class Slip {
  #ms = 0;

  get ms(): number {
    return this.#ms;
  }

  /** By how much, although the moment was asked for so far ahead. Milliseconds. */
  late(by: number, leadMs: number): void {
    this.#ms = Math.min(longestLeadMs, Math.max(this.#ms, leadMs + by));
  }

  inTime(): void {
    this.#ms = this.#ms < 1 ? 0 : this.#ms * 0.95;
  }
}

export class Line {
  readonly #pace: Pace;
  readonly lane: PacedName;
  /** With a limit of its own, for which it has this line. */
  readonly endpoint: string | undefined;
  readonly #slip: Slip;
  #waiters: Waiter[] = [];
  #asking = false;
  #newsWhileAsking = false;
  /** The pace's clock: until then the last grant's moment has not come, so nobody else asks. */
  #nextAskAt = 0;
  /** The last moment that was granted here. */
  #lastAt = 0;
  #away = 0;
  #timer: NodeJS.Timeout | undefined;
  waitingFor: WaitingFor | undefined;

  constructor(pace: Pace, lane: PacedName, endpoint: string | undefined, slip: Slip) {
    this.#pace = pace;
    this.lane = lane;
    this.endpoint = endpoint;
    this.#slip = slip;
  }

  get length(): number {
    return this.#waiters.length;
  }

  wait({ signal, leadMs = 0, first = false }: WaitOptions): Promise<Ahead> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal.reason as Error);
        // Stops the timer when nobody waits any more: it would keep a stopped worker's process alive.
        if (this.#waiters.length === 0) clearTimeout(this.#timer);
      };
      const waiter: Waiter = {
        leadMs,
        grant: (granted) => {
          signal.removeEventListener('abort', leave);
          resolve(granted);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      if (first) this.#waiters.unshift(waiter);
      else this.#waiters.push(waiter);
      if (this.#waiters.length === 1) this.#askAt(this.#nextAskAt);
    });
  }

  /** There is news: what was said about when to ask again does not count any more. */
  hear(): void {
    if (this.#asking) this.#newsWhileAsking = true;
    else this.#askAt(this.#nextAskAt);
  }

  /** The moment that the others wait for will not be used. */
  skip(): void {
    this.#nextAskAt = 0;
    this.hear();
  }

  /** A call has ended: to say so and to ask for the next moment is one way there and back. */
  ended(): void {
    if (this.#asking || this.#waiters.length === 0) return;
    if (this.#pace.now() >= this.#lastAt) this.#askAt(0);
  }

  #askAt(at: number): void {
    if (this.#asking) return;
    clearTimeout(this.#timer);
    if (this.#waiters.length === 0) return;
    const wait = at - this.#pace.now();
    if (wait <= 0) void this.#ask();
    else {
      const longest = Math.min(this.#pace.silenceMs, longestTimerMs);
      this.#timer = setTimeout(() => void this.#ask(), Math.ceil(Math.min(wait, longest)));
    }
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#newsWhileAsking = false;
    let next: number;
    try {
      next = await this.#asked();
    } catch (error) {
      if (!(error instanceof PaceAwayError)) throw error;
      this.waitingFor = 'away';
      next = this.#pace.now() + Math.min(awayMs.first * 2 ** this.#away, awayMs.longest);
      this.#away += 1;
    } finally {
      this.#asking = false;
    }
    this.#askAt(next);
  }

  /** Asks once; answers when to ask again. */
  async #asked(): Promise<number> {
    const leadMs = Math.min(longestLeadMs, this.#waiters[0]!.leadMs + this.#slip.ms);
    const answer = await this.#pace.ask({
      lane: this.lane,
      endpoint: this.endpoint,
      want: Math.min(this.#waiters.length, mostTogether),
      leadMs,
    });
    this.#away = 0;
    if (answer.kind === 'later') {
      this.waitingFor = answer.because;
      return this.#newsWhileAsking ? this.#nextAskAt : answer.at;
    }
    this.waitingFor = undefined;
    const { at } = answer.grants.at(-1)!;
    // Where moments are scarce, the next one is asked for when this call ends, or in the middle between the two; else so early
    // that the answer is there when this moment has come.
    const ahead = at - this.#pace.now() - leadMs;
    const between = Math.min(longestRideMs, (at - this.#lastAt) / 2);
    this.#nextAskAt = at - leadMs - 2 + (ahead > scarceMs && this.#lastAt > 0 ? between : 0);
    this.#lastAt = at;
    for (const granted of answer.grants) {
      const waiter = this.#waiters.shift();
      if (waiter) waiter.grant({ ...granted, leadMs });
      // Whoever asked has left meanwhile.
      else this.#pace.end(this.lane, { token: granted.token, unused: true });
    }
    return this.#nextAskAt;
  }
}
