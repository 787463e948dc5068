/**
 * Runs of property tests that can be repeated: fast-check prints seed, path and script of what failed; `FC_SEED` repeats the
 * runs of that seed, and with `FC_PATH` as well only the one that failed.
 */
import { randomInt } from 'node:crypto';

interface Repeatable {
  numRuns: number;
  seed: number;
  path?: string;
  endOnFailure: true;
}

export function seedOf(numRuns: number): Repeatable {
  const { FC_SEED: seed, FC_PATH: path } = process.env;
  return {
    numRuns,
    seed: seed ? Number(seed) : randomInt(2 ** 31),
    ...(path ? { path } : {}),
    // Shrinking would play hundreds of scripts more on real parts; the script that failed is printed as it is.
    endOnFailure: true,
  };
}
