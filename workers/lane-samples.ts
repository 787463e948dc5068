/**
 * Every so often one of all worker processes records how the lanes are (`rate_limit_metrics`). Which one it is does not
 * matter: all see the same limiter.
 */
import type { LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { Logger } from '../infrastructure/logger.ts';

const defaultEveryMs = 30_000;
/** Timers of several processes are not in step, so whoever had the last turn can have the next one, too. */
const turnPart = 0.95;

export interface LaneSamples {
  /** Resolves when what was being recorded is. */
  close(): Promise<void>;
}

export function startLaneSamples(deps: {
  lanes: readonly PacedName[];
  status: (lane: PacedName) => Promise<LaneStatus>;
  records: { recordMetrics(statuses: LaneStatus[]): Promise<void> };
  /** True for one process of all, for so many milliseconds. Rejects when nobody can tell. */
  takeTurn: (milliseconds: number) => Promise<boolean>;
  log: Pick<Logger, 'warn'>;
  /** Milliseconds. */
  everyMs?: number;
}): LaneSamples {
  const { lanes, status, records, takeTurn, log, everyMs = defaultEveryMs } = deps;
  let told = false;
  let current = Promise.resolve();

  async function sample(): Promise<void> {
    try {
      if (!(await takeTurn(Math.floor(everyMs * turnPart)))) return;
      await records.recordMetrics(await Promise.all(lanes.map((lane) => status(lane))));
      told = false;
    } catch (error) {
      // A gap says that nobody knew. One line for an outage, not one for each half minute of it.
      if (!told) log.warn({ err: error }, 'the lanes cannot be sampled');
      told = true;
    }
  }

  const timer = setInterval(() => {
    current = current.then(sample);
  }, everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await current;
    },
  };
}
