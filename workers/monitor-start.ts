/**
 * The monitor is there as long as a worker serves it: started where there is none, and again when somebody has ended it.
 */
import type { Logger } from '../infrastructure/logger.ts';
import { repeat, type Repeated } from './repeat.ts';

const everyMs = 60_000;

/** At once, and every minute from then on; a monitor that runs is left alone. */
export const keepMonitor = ({ start, log }: { start: () => Promise<void>; log: Pick<Logger, 'warn'> }): Repeated =>
  repeat(() => start().then(() => true), {
    everyMs,
    atOnce: true,
    failed: 'the monitor cannot be started; this is tried again',
    log,
  });
