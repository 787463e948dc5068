/**
 * Where a piece of work is: whoever took it (workers/lane-slots.ts) hears when it stands in line for a lane, so that no more
 * is taken than the line needs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { PacedName } from '../contracts/lane-limits.ts';

/** A line: a lane's own, or that of an endpoint with a limit of its own. */
export interface LinePlace {
  lane: PacedName;
  endpoint: string | undefined;
}

export interface Watcher {
  /** It stands in that line from now on, until what this returns is called: it was granted a moment, or gave up. */
  stands(place: LinePlace): () => void;
}

const watchers = new AsyncLocalStorage<Watcher>();
const unseen = () => undefined;

/** Does the work under the eyes of `watcher`. */
export const watched = <T>(watcher: Watcher, work: () => Promise<T>): Promise<T> => watchers.run(watcher, work);

/** Tells whoever watches this work. */
export const standsInLine = (place: LinePlace): (() => void) => watchers.getStore()?.stands(place) ?? unseen;
