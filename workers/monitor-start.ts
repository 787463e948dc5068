/**
 * The monitor is there as long as a worker serves it: started where there is none, and again when somebody has ended it.
 */
import type { Logger } from '../infrastructure/logger.ts';

const defaultEveryMs = 60_000;

export interface MonitorStart {
  /** Resolves when a start that is under way has ended. */
  close(): Promise<void>;
}

/** At once, and every minute from then on; a monitor that runs is left alone. */
export function keepMonitor({
  start,
  log,
  everyMs = defaultEveryMs,
}: {
  start: () => Promise<void>;
  log: Pick<Logger, 'warn'>;
  /** Milliseconds. */
  everyMs?: number;
}): MonitorStart {
  let told = false;

  async function tryStart(): Promise<void> {
    try {
      await start();
      told = false;
    } catch (error) {
      // One line for an outage, not one for each minute of it.
      if (!told) log.warn({ err: error }, 'the monitor cannot be started; this is tried again');
      told = true;
    }
  }

  let current = tryStart();
  const timer = setInterval(() => {
    current = current.then(tryStart);
  }, everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await current;
    },
  };
}
