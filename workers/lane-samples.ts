/**
 * Every so often one of all worker processes records how the lanes are (`rate_limit_metrics`). Which one it is does not
 * matter: all see the same limiter.
 */
import type { LaneStatus } from '../contracts/lane-control.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import type { Logger } from '../infrastructure/logger.ts';
import { repeat, type Repeated } from './repeat.ts';

const everyMs = 30_000;
/** Timers of several processes are not in step, so whoever had the last turn can have the next one, too. */
const turnPart = 0.95;

/** A gap says that nobody knew. */
export function startLaneSamples(deps: {
  lanes: readonly PacedName[];
  status: (lane: PacedName) => Promise<LaneStatus>;
  records: { recordMetrics(statuses: LaneStatus[]): Promise<void> };
  /** True for one process of all, for so many milliseconds. Rejects when nobody can tell. */
  takeTurn: (milliseconds: number) => Promise<boolean>;
  log: Pick<Logger, 'warn'>;
}): Repeated {
  const { lanes, status, records, takeTurn, log } = deps;
  async function sample(): Promise<boolean> {
    if (!(await takeTurn(Math.floor(everyMs * turnPart)))) return false;
    await records.recordMetrics(await Promise.all(lanes.map((lane) => status(lane))));
    return true;
  }
  return repeat(sample, { everyMs, failed: 'the lanes cannot be sampled', log });
}
