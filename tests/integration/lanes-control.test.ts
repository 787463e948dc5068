/** The lanes as the API puts them together: real records, a real queue, and a pace that can go away. */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createLanes } from '../../api/lanes.ts';
import { createLaneQueues } from '../../client/lane-queues.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { PaceTwin } from '../support/lane-twins.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** Served by no worker of the world. */
const lane = 'webhook';
const by = { actor: 'admin-1', reason: 'why' };

let db: TestDatabase;
let client: Client;
let pace: PaceTwin;
let lanes: ReturnType<typeof createLanes>;
beforeAll(async () => {
  db = await startTestDatabase();
  const { address, namespace } = (await readEndpoints(inject('worldDir'))).temporal;
  client = new Client({ connection: await Connection.connect({ address }), namespace });
});
afterAll(async () => {
  await client.connection.close();
  await db.stop();
});

const start = () => createLanes({ pace, store: db.store.lanes, client, logger: pino({ level: 'silent' }) });
const isHeld = () => createLaneQueues(client).isHeld(lane);
beforeEach(() => {
  pace = new PaceTwin([]);
  lanes = start();
});
afterEach(async () => {
  pace.away = false;
  await lanes.change(lane, { action: 'resume' }, by);
  lanes.close();
});

it('a stop is recorded, in force and told, and so is its end', async () => {
  expect(await lanes.change(lane, { action: 'stop' }, by)).toMatchObject({ inForce: true, queue: 'held' });
  expect([(await pace.status(lane)).settings.stopped, await isHeld()]).toEqual([true, true]);
  expect(await lanes.change(lane, { action: 'resume' }, by)).toMatchObject({ inForce: true, queue: 'freed' });
  expect([(await pace.status(lane)).settings.stopped, await isHeld()]).toEqual([false, false]);
  expect(await lanes.changes({ lane })).toMatchObject([
    { revision: 2, change: { action: 'resume' }, ...by },
    { revision: 1, change: { action: 'stop' }, ...by },
  ]);
});

it('what an API that ended had recorded and no more, the next one brings into force', async () => {
  pace.away = true;
  const { settings } = await lanes.change(lane, { action: 'brown-out', percent: 10 }, by);
  lanes.close();
  await db.store.lanes.change(lane, { action: 'stop' }, by);
  pace.away = false;
  lanes = start();
  await expect.poll(isHeld, { timeout: 10_000 }).toBe(true);
  expect((await pace.status(lane)).settings).toEqual({ ...settings, revision: settings.revision + 1, stopped: true });
});
