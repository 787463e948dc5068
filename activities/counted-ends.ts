/**
 * How many ended since the sample before, each counted once although visibility shows ends late and in any order. Ends are
 * counted from a fixed moment on, less what was counted before: one that shows late is counted by the sample that sees it.
 * Now and then the moment is moved on, by two counts that meet where nothing changes any more.
 */
import type { CountedEnds } from '../contracts/monitor.ts';

export interface Ends {
  completed: number;
  failed: number;
}

/** From here on a moment is moved on, so that counting stays cheap. Milliseconds. */
const longestMs = 10 * 60_000;
/** And to here: an end that shows later than that may be missed. Milliseconds. */
export const settledMs = 5 * 60_000;

/** Whether its moment should be moved on, which costs a call more. */
export const isLong = (before: CountedEnds | undefined, now: number): boolean =>
  before !== undefined && now - Date.parse(before.since) > longestMs;

export interface CountEnds {
  /** Where nothing was counted before, ends are counted from now on. */
  before: CountedEnds | undefined;
  /** Epoch milliseconds. */
  now: number;
  move: boolean;
  /** Ends from the first moment on, up to the second one without it. ISO 8601. */
  ask: (from: string, to?: string) => Promise<Ends>;
}

const nothing: Ends = { completed: 0, failed: 0 };

/** Runs may be deleted, by the namespace's retention as well: then there are fewer than were counted. */
const less = (all: Ends, before: Ends): Ends => ({
  completed: Math.max(0, all.completed - before.completed),
  failed: Math.max(0, all.failed - before.failed),
});

export async function countEnds(request: CountEnds): Promise<{ ends: Ends; next: CountedEnds }> {
  const { before, now, move, ask } = request;
  const settled = new Date(now - settledMs).toISOString();
  if (!before) return { ends: nothing, next: { since: settled, ...(await ask(settled)) } };
  if (!move) {
    const all = await ask(before.since);
    return { ends: less(all, before), next: { since: before.since, ...all } };
  }
  const past = await ask(before.since, settled);
  const recent = await ask(settled);
  const all = { completed: past.completed + recent.completed, failed: past.failed + recent.failed };
  return { ends: less(all, before), next: { since: settled, ...recent } };
}
