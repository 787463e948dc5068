/** The way to a pace: callers wait in line (line.ts), and whoever is granted a moment may prepare its call until then. */
import type { LaneStatus } from '../contracts/lane-control.ts';
import { endpointLimit, type LaneLimits, type PacedName } from '../contracts/lane-limits.ts';
import { type Ahead, Line, Slip, type WaitingFor, type WaitOptions } from './line.ts';
import { type Pace, toleranceMs } from './pace.ts';
import { standsInLine } from './standing.ts';

export interface ReserveOptions extends WaitOptions {
  /** An endpoint with a limit of its own, e.g. `payouts`. */
  endpoint?: string | undefined;
}

/** A moment and a slot. Whatever happens, `release` it. */
export interface Reservation {
  /**
   * Waits for the moment. True: make the call now. False: the lane was closed meanwhile, or the moment has passed; nothing is
   * held any more, reserve again. Rejects with the signal's reason when it aborts.
   */
  begin(signal: AbortSignal): Promise<boolean>;
  /** Gives the slot back, and a moment that was not used, too. Safe to call twice. */
  release(): void;
}

export interface Limiter {
  /** Waits in line for a reservation. Rejects with the signal's reason when it aborts; nothing is held then. */
  reserve(lane: PacedName, options: ReserveOptions): Promise<Reservation>;
  /** Closes the lane for everybody, e.g. for a Retry-After. Never shortens a longer closure. @throws PaceAwayError */
  block(lane: PacedName, milliseconds: number): Promise<void>;
  /** @throws PaceAwayError */
  status(lane: PacedName): Promise<LaneStatus>;
  /** Why the first in line still waits: to be said to whoever gives up. Undefined when nobody waits. */
  waitingFor(lane: PacedName, endpoint?: string): WaitingFor | undefined;
}

export function createLimiter(pace: Pace, limits: Readonly<Record<PacedName, LaneLimits>>): Limiter {
  const lines = new Map<string, Line>();
  const slip = new Slip();
  /** Moments that have not come yet, with what makes them void. */
  const ahead = new Map<PacedName, Set<() => void>>();

  const lineOf = (lane: PacedName, endpoint: string | undefined): Line => {
    // An endpoint without a limit of its own stands in the lane's line.
    const own = endpoint !== undefined && endpointLimit(limits[lane], endpoint) !== undefined ? endpoint : undefined;
    const name = own === undefined ? lane : `${lane} ${own}`;
    const line = lines.get(name) ?? new Line(pace, lane, own, slip);
    lines.set(name, line);
    return line;
  };

  const voidAhead = (of: PacedName | 'all') => {
    for (const [lane, voids] of ahead) if (of === 'all' || of === lane) for (const end of voids) end();
  };
  pace.onNews((news) => {
    if (news.void) voidAhead(news.lane);
    for (const line of lines.values()) if (news.lane === 'all' || news.lane === line.lane) line.hear();
  });
  pace.countWaiting((lane) =>
    [...lines.values()].reduce((sum, line) => sum + (line.lane === lane ? line.length : 0), 0),
  );

  const reservationOf = (lane: PacedName, line: Line, { token, at, leadMs }: Ahead): Reservation => {
    const voids = ahead.get(lane) ?? new Set();
    ahead.set(lane, voids);
    let voided = false;
    let wake: (() => void) | undefined;
    const end = () => {
      voided = true;
      wake?.();
    };
    voids.add(end);
    let state: 'ahead' | 'begun' | 'over' = 'ahead';
    let begunAt = 0;
    let leftMs: number | undefined;
    const release = () => {
      if (state === 'over') return;
      voids.delete(end);
      const begun = state === 'begun';
      state = 'over';
      const now = performance.now();
      const made = { token, unused: false, tookMs: now - begunAt, leftMs: leftMs ?? now - begunAt };
      pace.end(lane, begun ? made : { token, unused: true });
      if (begun) line.ended();
      else line.skip();
    };
    return {
      release,
      async begin(signal) {
        const wait = at - pace.now();
        if (at > 0 && wait > 0 && !voided && !signal.aborted) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, Math.ceil(wait));
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            signal.addEventListener('abort', wake, { once: true });
          });
          signal.removeEventListener('abort', wake!);
        }
        if (signal.aborted) {
          release();
          throw signal.reason;
        }
        const lateBy = at > 0 ? pace.now() - at : 0;
        if (voided || lateBy > toleranceMs) {
          if (lateBy > toleranceMs) slip.late(lateBy, leadMs);
          release();
          return false;
        }
        slip.inTime();
        voids.delete(end);
        state = 'begun';
        begunAt = performance.now();
        // The call is handed on in this turn of the loop and leaves in the next: longer where this process is busy.
        if (at > 0) setImmediate(() => setImmediate(() => (leftMs = pace.now() - at)));
        else leftMs = 0;
        return true;
      },
    };
  };

  return {
    reserve: async (lane, options) => {
      const line = lineOf(lane, options.endpoint);
      const left = standsInLine({ lane, endpoint: line.endpoint });
      const granted = await line.wait(options).finally(left);
      return reservationOf(lane, line, granted);
    },
    block: (lane, milliseconds) => {
      // Ours are void now; the others' when they hear of it.
      voidAhead(lane);
      return pace.block(lane, milliseconds);
    },
    status: (lane) => pace.status(lane),
    waitingFor: (lane, endpoint) => lineOf(lane, endpoint).waitingFor,
  };
}
