/** Runs of property tests that can be repeated: fast-check prints seed and path of what failed; `FC_SEED` starts there again. */
import { randomInt } from 'node:crypto';

export function seedOf(numRuns: number): { numRuns: number; seed: number; endOnFailure: true } {
  const given = process.env['FC_SEED'];
  // Shrinking would play hundreds of scripts more on real parts; the script that failed is printed as it is.
  return { numRuns, seed: given ? Number(given) : randomInt(2 ** 31), endOnFailure: true };
}
