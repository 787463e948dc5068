import { expect, it } from 'vitest';
import { missedByAll, type SampleRun } from '../../bench/sampling-judge.ts';
import type { QueueSample, Sample } from '../../contracts/monitor.ts';
import { sampleOf } from '../support/samples.ts';

const at = '2027-03-01T12:00:00.000Z';
const counts = { waiting: 200, active: 190, waitingForPerson: 10, completed: 0, failed: 0 };
const born = Date.parse(at) - 60_000;
const nothing = { count: 0 };
const books = {
  personWaits: nothing, authorizations: nothing, evidence: nothing, unbalanced: 0, differences: nothing,
}; // prettier-ignore

const run = (money: Partial<QueueSample> = {}, change: Partial<Sample> = {}): SampleRun => ({
  name: 'first',
  sample: sampleOf(at, { ...counts, oldestSeconds: 60, ...money }, { books, ...change }),
  truth: { ...counts, oldestBetween: [born - 10, born] },
});

it('a run that is as it should be misses nothing', () => {
  expect(missedByAll([run(), run()])).toEqual([]);
  // The oldest is closed in on.
  expect(missedByAll([run({ oldestSeconds: 3 }), run()])).toEqual([]);
});

it.each<[string, SampleRun, string]>([
  ['calls', run({}, { cost: { calls: 31, milliseconds: 5 } }), 'sample "first" cost 31 calls, wanted 30'],
  ['time', run({}, { cost: { calls: 3, milliseconds: 2_001 } }), 'sample "first" took 2001 ms, wanted 2000'],
  ['a count', run({ active: 191 }), 'sample "first" saw 191 active, there are 190'],
  ['an end', run({ failed: 1 }), 'sample "first" saw 1 failed, there are 0'],
  [
    'an age that nothing has',
    run({ oldestSeconds: 61 }),
    'sample "first" says 61 s of the oldest job, which is not as old',
  ],
  ['an age at last', run({ oldestSeconds: 58 }), 'the last sample says too little of the oldest job, by 2.0 s'],
])('says that it missed %s', (_what, missing, said) => {
  expect(missedByAll([missing])).toEqual([said]);
});

it('says that the books were missing', () => {
  const { books: _, ...blind } = run().sample;
  expect(missedByAll([{ ...run(), sample: blind }])).toEqual(['sample "first" came without the books']);
});
