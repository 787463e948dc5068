/**
 * The oldest of many jobs, where Temporal neither sorts nor tells the smallest: it lists those that started until a moment,
 * a page at most. The start that is known is asked for again, for as long as it is there; when it is gone, the search goes
 * on forward, by halves and over several samples where one is not enough. Pure but for the question.
 */
import type { OldestKnown } from '../contracts/monitor.ts';

/** Starts of jobs, epoch milliseconds; `whole`: there are no others. */
export interface StartsPage {
  starts: readonly number[];
  whole: boolean;
}

export interface OldestSearch {
  /** Epoch milliseconds. */
  now: number;
  /** About how many jobs there are. */
  jobs: number;
  known: OldestKnown | undefined;
  /** Whether there is one at least this old is found out first. Milliseconds. */
  thresholdMs?: number;
  /** Questions that may be asked. */
  calls: number;
  pageSize: number;
  /** A page of those that started until then; of all, where it is absent. */
  ask: (until: number | undefined) => Promise<StartsPage>;
}

export interface OldestFound {
  /** Epoch milliseconds of a job that is there; none is older where `exact`. Absent where there is none. */
  start?: number;
  exact: boolean;
  known: OldestKnown;
}

/** Finer than this nobody looks. Milliseconds. */
const fineMs = 100;

const timeOf = (moment: string | undefined) => (moment === undefined ? undefined : Date.parse(moment));
const momentOf = (time: number) => new Date(time).toISOString();

/**
 * What it answers is never older than the oldest, and not younger than the threshold when the oldest is not. That nothing
 * was there until a moment, at an earlier sample, is a hint of where to look and no more: a job that waited for a person
 * comes back with the start that it has.
 */
export async function findOldest(search: OldestSearch): Promise<OldestFound> {
  const { now, jobs, known, calls, ask } = search;
  if (jobs === 0) return { exact: true, known: {} };
  const state: SearchState = { none: -Infinity, hint: timeOf(known?.noneUntil) ?? -Infinity };
  for (let left = calls; left > 0; left--) {
    const until = nextQuestion(search, state, { first: left === calls, last: left === 1 });
    const { starts, whole } = await ask(until);
    if (starts.length === 0) state.none = Math.max(state.none, until ?? now);
    else state.start = Math.min(state.start ?? Infinity, ...starts);
    if (whole && (starts.length > 0 || until === undefined)) return foundBy(state, true);
    if (state.start !== undefined && state.start - state.none <= fineMs) return foundBy(state, true);
  }
  return foundBy(state, false);
}

interface SearchState {
  /** Until then there is none, by this sample's own questions, and by the hint. Epoch milliseconds. */
  none: number;
  hint: number;
  /** The oldest that was seen. */
  start?: number;
}

/** The moment to ask for next; undefined: for all. */
function nextQuestion(
  { now, jobs, known, thresholdMs, pageSize }: OldestSearch,
  { none, hint, start }: SearchState,
  { first, last }: { first: boolean; last: boolean },
): number | undefined {
  if (first && jobs <= pageSize) return undefined;
  const remembered = timeOf(known?.start);
  if (first && remembered !== undefined) return remembered;
  const upper = start ?? now;
  const threshold = thresholdMs === undefined ? Infinity : now - thresholdMs;
  if (none < threshold && threshold < upper) return threshold;
  // Of those that are there, the youngest are better than nothing.
  if (start === undefined && (last || none >= now)) return undefined;
  const lower = hint < upper ? Math.max(none, hint) : none;
  // Nothing is known of what is earlier: twice as old as what was seen.
  return lower === -Infinity ? upper - Math.max(60_000, now - upper) : Math.floor((lower + upper) / 2);
}

function foundBy({ none, hint, start }: SearchState, exact: boolean): OldestFound {
  if (start === undefined) return { exact, known: none === -Infinity ? {} : { noneUntil: momentOf(none) } };
  const lower = hint < start ? Math.max(none, hint) : none;
  const noneUntil = exact || lower === -Infinity ? {} : { noneUntil: momentOf(lower) };
  return { start, exact, known: { start: momentOf(start), ...noneUntil } };
}
