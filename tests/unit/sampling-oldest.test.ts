import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOldest, type OldestSearch } from '../../activities/oldest-job.ts';
import type { OldestKnown } from '../../contracts/monitor.ts';

const now = Date.parse('2027-03-01T12:00:00.000Z');
const ago = (milliseconds: number) => now - milliseconds;
const minute = 60_000;

/** Jobs as a server lists them: a page of the newest that started until then. */
function jobsOf(starts: readonly number[], pageSize: number) {
  const asked: (number | undefined)[] = [];
  return {
    asked,
    search: (more: Partial<OldestSearch> = {}): OldestSearch => ({
      now,
      jobs: starts.length,
      known: undefined,
      calls: 4,
      pageSize,
      ask: async (until) => {
        asked.push(until);
        const matching = starts.filter((start) => until === undefined || start <= until).toSorted((a, b) => b - a);
        return { starts: matching.slice(0, pageSize), whole: matching.length <= pageSize };
      },
      ...more,
    }),
  };
}

const crowd = (count: number, oldestAgo: number) =>
  Array.from({ length: count }, (_, index) => ago(Math.round((oldestAgo * (count - index)) / count)));

describe('the oldest job', () => {
  it('costs nothing where there is none, and one question where all fit on a page', async () => {
    const none = jobsOf([], 10);
    expect(await findOldest(none.search())).toEqual({ exact: true, known: {} });
    expect(none.asked).toEqual([]);
    const few = jobsOf([ago(5), ago(9), ago(7)], 10);
    expect(await findOldest(few.search())).toMatchObject({ start: ago(9), exact: true });
    expect(few.asked).toEqual([undefined]);
  });

  it('that is known is asked for again, and found with what came back from longer ago', async () => {
    const known: OldestKnown = { start: new Date(ago(30 * minute)).toISOString() };
    const same = jobsOf([ago(30 * minute), ...crowd(50, 9 * minute)], 10);
    expect(await findOldest(same.search({ known }))).toMatchObject({ start: ago(30 * minute), exact: true });
    expect(same.asked).toEqual([ago(30 * minute)]);
    const resumed = jobsOf([ago(99 * minute), ago(30 * minute), ...crowd(50, 9 * minute)], 10);
    expect(await findOldest(resumed.search({ known }))).toMatchObject({ start: ago(99 * minute), exact: true });
  });

  it('that is gone is searched for forward only', async () => {
    const known: OldestKnown = { start: new Date(ago(30 * minute)).toISOString() };
    const { asked, search } = jobsOf(crowd(50, 20 * minute), 10);
    const { start, known: next } = await findOldest(search({ known }));
    expect(asked[0]).toBe(ago(30 * minute));
    expect(asked.slice(1).every((until) => until !== undefined && until > ago(30 * minute))).toBe(true);
    expect(start).toBeGreaterThanOrEqual(ago(20 * minute));
    expect(Date.parse(next.noneUntil!)).toBeGreaterThanOrEqual(ago(30 * minute));
  });

  it.each([
    ['just old enough', 10 * minute, true],
    ['older', 600 * minute, true],
    ['a millisecond too young', 10 * minute - 1, false],
  ])('is over the threshold or not for sure, among thousands: %s', async (_what, oldestAgo, over) => {
    const { asked, search } = jobsOf([ago(oldestAgo), ...crowd(5_000, minute)], 10);
    const { start } = await findOldest(search({ thresholdMs: 10 * minute }));
    expect(start! <= ago(10 * minute)).toBe(over);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('is over the threshold for sure when it came back from before what is remembered', async () => {
    const known = { start: new Date(ago(20_000)).toISOString(), noneUntil: new Date(ago(25_000)).toISOString() };
    const { search } = jobsOf([ago(11 * minute), ...crowd(5_000, 30_000)], 10);
    const { start } = await findOldest(search({ known, calls: 3, thresholdMs: 10 * minute }));
    expect(start).toBe(ago(11 * minute));
  });

  it('is closed in on by one sample after the other', async () => {
    const starts = crowd(50_000, 15 * minute);
    let known: OldestKnown | undefined;
    let start: number | undefined;
    for (let sample = 0; sample < 8; sample++)
      ({ start, known } = await findOldest(jobsOf(starts, 100).search({ known, thresholdMs: 10 * minute })));
    expect(Math.abs(start! - Math.min(...starts))).toBeLessThan(1_000);
  });

  it('is never said to be older than it is, nor younger than the threshold, whatever is remembered', async () => {
    const age = fc.integer({ min: 0, max: 90 * minute });
    const remembered = fc.record(
      { start: age.map((one) => new Date(ago(one)).toISOString()), noneUntil: age.map((one) => new Date(ago(one)).toISOString()) },
      { requiredKeys: [] },
    ); // prettier-ignore
    const ages = fc.array(age, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(ages, remembered, fc.integer({ min: 3, max: 4 }), async (given, known, calls) => {
        const starts = given.map(ago);
        const oldest = Math.min(...starts);
        const { asked, search } = jobsOf(starts, 5);
        const found = await findOldest(search({ known, calls, thresholdMs: 10 * minute }));
        expect(asked.length).toBeLessThanOrEqual(calls);
        expect(starts).toContain(found.start);
        expect(found.start! <= ago(10 * minute)).toBe(oldest <= ago(10 * minute));
        if (found.exact && known.noneUntil === undefined) expect(found.start! - oldest).toBeLessThanOrEqual(100);
      }),
      { numRuns: 300 },
    );
  });
});
