/** What a sample costs while thousands run, and whether it is right; 50,000: `npm run bench -- --workload sampling`. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { playSamples } from '../../bench/sampling.ts';
import { missedByAll } from '../../bench/sampling-judge.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let hand: HandWorker;
beforeAll(async () => {
  db = await startTestDatabase();
  hand = await startHandWorker((await readEndpoints(inject('worldDir'))).temporal.address);
});
afterAll(async () => {
  await hand.close();
  await db.stop();
});

it('samples are exact and cheap while 2,000 workflows run', async () => {
  const progress = { begin: () => undefined, note: () => undefined, end: () => undefined };
  const runs = await playSamples({ client: hand.client, store: db.store }, { jobs: 2_000, progress });
  expect(missedByAll(runs)).toEqual([]);
  expect(runs.length).toBeGreaterThan(10);
}, 300_000);
