/**
 * How many activities of a lane a process takes. Work that waits belongs into Temporal's queue, where priority and fairness
 * order it; once handed out it only waits in line. So there are just enough slots to keep the lane's calls going, its
 * concurrency × an activity's time ÷ the time in which it holds a call; and of those that are taken only so many may still
 * wait for their call (lane-slots.ts) that the line does not run dry.
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

/**
 * From the place that became free until the next activity stands in it (poll, answer, start) it takes so long at least. The
 * engine and this process are faster when nothing else is to be done, and a line that ran dry is a moment lost. Milliseconds.
 */
const leastFetchMs = 60;
/** Of the even distance between two moments of a lane the nearest is this part (lanes/lane-state.ts). */
const nearest = 0.5;
/** One stands in line while the next one is on its way. */
const leastInLine = 2;

/** Worker options; none where the lane is unpaced, for nothing waits there. */
export function slotsOf(lane: LaneName, limits: LaneLimits): { maxConcurrentActivityTaskExecutions?: number } {
  if (!Number.isFinite(limits.perSecond)) return {};
  const slots = Math.ceil(limits.concurrent * timePerCallTime[lane]);
  return { maxConcurrentActivityTaskExecutions: Math.min(slots, mostSlots) };
}

/**
 * How many may be taken whose call is still to come: as many as can be granted a moment while the next one is fetched, which
 * takes `fetchMs` as of late. With fewer, moments would pass unused.
 */
export const inLineOf = ({ perSecond }: LaneLimits, fetchMs: number): number =>
  Math.max(leastInLine, Math.ceil((perSecond * Math.max(fetchMs, leastFetchMs)) / (nearest * 1_000)));

/**
 * Whether a worker takes no more of the lane than its line needs. Not where activities mostly do other things: the looks of a
 * hundred mints fill the line, and would let no further one in.
 */
export const takesLittle = (lane: LaneName): boolean => timePerCallTime[lane] === 1;
