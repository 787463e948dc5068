/** What a worker does again and again beside its tasks. */
import type { Logger } from '../infrastructure/logger.ts';

export interface Repeated {
  /** Resolves when what is under way has ended. */
  close(): Promise<void>;
}

/**
 * Every so often, and never twice at once. A failure is said once until it works again: one line for an outage, not one for
 * each time. `work` answers false where it had nothing to do, which says nothing of that.
 */
export function repeat(
  work: () => Promise<boolean>,
  {
    everyMs,
    atOnce = false,
    failed,
    log,
  }: {
    everyMs: number;
    /** The first time, too, and not only after the first interval. */
    atOnce?: boolean;
    /** What to say of a failure. */
    failed: string;
    log: Pick<Logger, 'warn'>;
  },
): Repeated {
  let told = false;

  async function attempt(): Promise<void> {
    try {
      if (await work()) told = false;
    } catch (error) {
      if (!told) log.warn({ err: error }, failed);
      told = true;
    }
  }

  let current = atOnce ? attempt() : Promise.resolve();
  const timer = setInterval(() => {
    current = current.then(attempt);
  }, everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await current;
    },
  };
}
