import type { CallEntry } from './call-log.ts';

export type Release = 'answer' | 'lose';

/** Calls whose effect is done and whose answer is held back, until somebody releases it or the caller hangs up. */
export class Holds {
  #waiting = new Map<number, { entry: CallEntry; settle: (how: Release) => void }>();
  #watchers = new Set<() => void>();

  hold(entry: CallEntry, hungUp: AbortSignal): Promise<Release> {
    if (hungUp.aborted) return Promise.resolve('lose');
    entry.state = 'held';
    return new Promise((resolve) => {
      const settle = (how: Release): void => {
        this.#waiting.delete(entry.seq);
        resolve(how);
      };
      this.#waiting.set(entry.seq, { entry, settle });
      hungUp.addEventListener('abort', () => settle('lose'), { once: true });
      for (const notify of this.#watchers) notify();
    });
  }

  /** Releases one call by its sequence number, or all; says how many. */
  release(how: Release, seq?: number): number {
    const chosen = [...this.#waiting.values()].filter(({ entry }) => seq === undefined || entry.seq === seq);
    for (const { settle } of chosen) settle(how);
    return chosen.length;
  }

  list(): CallEntry[] {
    return [...this.#waiting.values()].map(({ entry }) => entry);
  }

  /** The held calls, waiting at most `ms` for a first one. */
  async waitFor(ms: number): Promise<CallEntry[]> {
    if (this.#waiting.size === 0 && ms > 0) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#watchers.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        this.#watchers.add(done);
      });
    }
    return this.list();
  }
}
