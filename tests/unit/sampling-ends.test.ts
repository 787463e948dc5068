import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countEnds, isLong } from '../../activities/counted-ends.ts';
import type { CountedEnds } from '../../contracts/monitor.ts';

const begin = Date.parse('2027-03-01T12:00:00.000Z');
const minute = 60_000;

interface End {
  closedAt: number;
  /** When visibility shows it. */
  shownAt: number;
  failed: boolean;
}

/** Visibility at a moment: what has shown until then. */
const visibleAt = (ends: readonly End[], now: number) => async (from: string, to?: string) => {
  const shown = ends.filter(({ shownAt, closedAt }) => {
    const upTo = to === undefined ? Infinity : Date.parse(to);
    return shownAt <= now && closedAt >= Date.parse(from) && closedAt < upTo;
  });
  return {
    completed: shown.filter(({ failed }) => !failed).length,
    failed: shown.filter(({ failed }) => failed).length,
  };
};

/** Samples every 30 s, each with the cursor of the one before. Answers the sums. */
async function sampleAll(ends: readonly End[], samples: number) {
  let before: CountedEnds | undefined;
  const sum = { completed: 0, failed: 0 };
  const spans: number[] = [];
  for (let index = 0; index < samples; index++) {
    const now = begin + index * 30_000;
    const ask = visibleAt(ends, now);
    const counted = await countEnds({ before, now, move: isLong(before, now), ask });
    sum.completed += counted.ends.completed;
    sum.failed += counted.ends.failed;
    before = counted.next;
    spans.push(now - Date.parse(before.since));
  }
  return { sum, spans };
}

describe('ends', () => {
  it('are counted once each, in whatever order and however late within five minutes they show', async () => {
    const end = fc.record({
      // From the second sample on, up to a quarter of an hour before the last.
      closedAt: fc.integer({ min: begin + 1, max: begin + 40 * minute }),
      late: fc.integer({ min: 0, max: 5 * minute - 1 }),
      failed: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(end, { maxLength: 80 }), async (drawn) => {
        const ends = drawn.map(({ closedAt, late, failed }) => ({ closedAt, shownAt: closedAt + late, failed }));
        const { sum } = await sampleAll(ends, 110);
        expect(sum).toEqual({
          completed: ends.filter(({ failed }) => !failed).length,
          failed: ends.filter(({ failed }) => failed).length,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('that were there before the first sample are not news', async () => {
    const ends = [{ closedAt: begin - minute, shownAt: begin - minute, failed: true }];
    expect((await sampleAll(ends, 3)).sum).toEqual({ completed: 0, failed: 0 });
  });

  it('are counted over a quarter of an hour at most, however long the samples go on', async () => {
    const { spans } = await sampleAll([], 200);
    expect(Math.max(...spans)).toBeLessThanOrEqual(11 * minute);
  });

  it('of a monitor that was away for an hour are all counted', async () => {
    const ends = Array.from({ length: 10 }, (_, index) => {
      const closedAt = begin + index * 6 * minute;
      return { closedAt, shownAt: closedAt, failed: false };
    });
    const before = { since: new Date(begin).toISOString(), completed: 0, failed: 0 };
    const now = begin + 60 * minute;
    const { ends: counted } = await countEnds({ before, now, move: true, ask: visibleAt(ends, now) });
    expect(counted).toEqual({ completed: 10, failed: 0 });
  });

  it('that were deleted since are not taken from the others', async () => {
    const before = { since: new Date(begin).toISOString(), completed: 5, failed: 2 };
    const { ends } = await countEnds({
      before,
      now: begin,
      move: false,
      ask: async () => ({ completed: 3, failed: 3 }),
    });
    expect(ends).toEqual({ completed: 0, failed: 1 });
  });
});
