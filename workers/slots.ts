/**
 * How many activities of a lane a process takes at once. Work that waits belongs into Temporal's queue, where priority and
 * fairness order it; once handed out it only waits in line. So there are just enough slots to keep the lane's calls going:
 * its concurrency × an activity's time ÷ the time in which it holds a call.
 */
import type { LaneLimits } from '../contracts/lane-limits.ts';
import type { LaneName } from '../contracts/task-queues.ts';

/** An activity's time over its calls' time. */
const timePerCallTime: Readonly<Record<LaneName, number>> = {
  stripe: 1,
  email: 1,
  sms: 1,
  webhook: 1,
  alert: 1,
  // A mint waits for its confirmations, many seconds, and holds a call only for the moment of each look.
  chain: 20,
};

/** Beyond this an activity costs more memory than its turn brings. */
const mostSlots = 1_000;

/** Worker options; none where the lane is unpaced, for nothing waits there. */
export function slotsOf(lane: LaneName, limits: LaneLimits): { maxConcurrentActivityTaskExecutions?: number } {
  if (!Number.isFinite(limits.perSecond)) return {};
  const slots = Math.ceil(limits.concurrent * timePerCallTime[lane]);
  return { maxConcurrentActivityTaskExecutions: Math.min(slots, mostSlots) };
}
