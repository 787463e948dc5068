import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 40;

export interface UntilOptions {
  readonly withinMs: number;
  /** Ends the wait early; it then answers false. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for a condition of the outside world. A condition that throws counts as not yet true. Answers whether it came
 * true in time.
 */
export async function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const deadline = performance.now() + options.withinMs;
  while (!options.signal?.aborted) {
    if (await condition().catch(() => false)) return true;
    if (performance.now() > deadline) return false;
    await delay(LOOK_EVERY_MS);
  }
  return false;
}
