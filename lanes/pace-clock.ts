/**
 * Redis' clock as this process knows it: its own monotonic clock and a difference, learned from every answer. The shorter
 * the way there and back, the better is what an answer says, so the best of the last seconds counts.
 */
const keepsMs = 10_000;
/** Two clocks do not run alike; what they may drift apart while an answer counts. Milliseconds. */
const driftMs = 1;

/** What one answer said. */
export interface Reading {
  /** Our clock when it came. */
  at: number;
  /** Redis' clock minus ours. */
  difference: number;
  /** Half of the way there and back: the difference may be off by as much. */
  error: number;
}

export class PaceClock {
  #best: Reading | undefined;

  now(): number {
    return performance.now();
  }

  /** The best of late; undefined before the first answer. */
  get reading(): Reading | undefined {
    return this.#best;
  }

  /** `sentAt` and `receivedAt` by our clock, `theirs` by Redis'. */
  learn(sentAt: number, receivedAt: number, theirs: number): void {
    const error = (receivedAt - sentAt) / 2;
    const fresh = { at: receivedAt, difference: theirs - (sentAt + receivedAt) / 2, error };
    const best = this.#best;
    const stale = !best || receivedAt - best.at > keepsMs;
    // What both cannot be right about: one of the clocks was set.
    const jumped = best && Math.abs(fresh.difference - best.difference) > error + best.error + driftMs;
    if (stale || jumped || error <= best.error) this.#best = fresh;
  }
}
