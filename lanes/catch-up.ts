/**
 * What was recorded of a lane and did not get through to the limiter or to Temporal is tried again until it does. At the
 * start of a process every lane is, since the one before may have ended between the record and the rest.
 */
import type { PacedName } from '../contracts/lane-limits.ts';

const defaultEveryMs = 2_000;

export interface CatchUp {
  /** Tries this lane until it gets through; `reset` as in `Pace.apply`. */
  add(lane: PacedName, options?: { reset?: boolean }): void;
  close(): void;
}

interface Missed {
  reset: boolean;
  /** People have heard that it does not get through. */
  said: boolean;
}

export function createCatchUp(deps: {
  /** Brings one lane to what is recorded. Rejects when it does not get through. */
  attempt: (lane: PacedName, reset: boolean) => Promise<void>;
  failed: (lane: PacedName, error: unknown) => void;
  /** Milliseconds. */
  everyMs?: number | undefined;
}): CatchUp {
  const { attempt, failed, everyMs = defaultEveryMs } = deps;
  const missed = new Map<PacedName, Missed>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let closed = false;

  async function one(lane: PacedName, entry: Missed): Promise<void> {
    try {
      await attempt(lane, entry.reset);
      // Unless it was missed again meanwhile.
      if (missed.get(lane) === entry) missed.delete(lane);
    } catch (error) {
      if (!entry.said) failed(lane, error);
      entry.said = true;
    }
  }

  async function round(): Promise<void> {
    running = true;
    await Promise.all([...missed].map(([lane, entry]) => one(lane, entry)));
    running = false;
    schedule(everyMs);
  }

  function schedule(afterMs: number): void {
    if (running || closed || missed.size === 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => void round(), afterMs).unref();
  }

  return {
    add: (lane, { reset = false } = {}) => {
      missed.set(lane, { reset: reset || (missed.get(lane)?.reset ?? false), said: false });
      schedule(0);
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}
