/** The simulator's clock: real time plus an offset that the control route sets. It keeps ticking after it was set. */
export interface SimClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Whole seconds since the epoch, as providers write `created`. */
  seconds(): number;
  set(epochMs: number): void;
  advance(ms: number): void;
  /** Back to real time. */
  reset(): void;
  /** Called after every change, so that what is due by then happens at once. */
  onChange(listener: () => void): void;
}

export function createClock(): SimClock {
  let offset = 0;
  const listeners: (() => void)[] = [];
  const now = (): number => Date.now() + offset;
  const shift = (next: number): void => {
    offset = next;
    for (const listener of listeners) listener();
  };
  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    set: (epochMs) => shift(epochMs - Date.now()),
    advance: (ms) => shift(offset + ms),
    reset: () => shift(0),
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

/** Real time in milliseconds since the epoch with a sub-millisecond part: what the call log is stamped with. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
