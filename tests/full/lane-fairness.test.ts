/** The order of a lane's queue, judged by the provider's log: Temporal orders it, slots and limiter must not undo that. */
import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type FairnessRoom, playQueued } from '../../bench/fairness-play.ts';
import { createJobWorker, jobsDone, startJobs, type Wish } from '../../bench/jobs.ts';
import { createBenchLanes } from '../../bench/lane-caller.ts';
import { createLaneRunner } from '../../bench/lane-runner.ts';
import { readLimits } from '../../contracts/lane-limits.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { createStripeSimulator, type StripeSimulator } from '../../sandbox/stripe/simulator.ts';
import { createStore } from '../../store/index.ts';

/** Twice the contract's rate, so that it takes half of the time. */
const { limits } = readLimits({ RATE_LIMIT_STRIPE: '50,10' });
const slots = 10;
/**
 * Calls that may come in between: what the engine has in its history is a moment later in its queue, half a second where the
 * machine is busy. In one line with the crowd each would have well over a hundred before it.
 */
const onTheWay = 25;
const tag = randomBytes(4).toString('hex');

let room: FairnessRoom;
let simulator: StripeSimulator;
let pool: Pool;
let connection: Connection;
let native: NativeConnection;
const stopping = new AbortController();
const running: { worker: Worker; ended: Promise<void> }[] = [];

beforeAll(async () => {
  const endpoints = await readEndpoints(inject('worldDir'));
  const { address, namespace } = endpoints.temporal;
  const secretKey = `sk_test_${tag}`;
  simulator = await createStripeSimulator({ secretKey, limits: { perSecond: 50 } });
  pool = createPool({ url: endpoints.postgres, max: 10, applicationName: 'lane-fairness' });
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
  const pace = createMemoryPace(limits);
  const { sentCalls } = createStore(pool);
  room = {
    client: new Client({ connection, namespace }),
    taskQueue: `bench-${tag}`,
    laneQueue: `stripe-${tag}`,
    calls: () => Promise.resolve(simulator.state.log.list()),
    perSecond: limits.stripe.perSecond,
    slots,
  };
  const workers = await Promise.all([
    createJobWorker(address, room),
    createLaneRunner({
      connection: native,
      namespace,
      taskQueue: room.laneQueue,
      limits: limits.stripe,
      lanes: createBenchLanes({ pace, limits, sentCalls, stopping: stopping.signal }),
      account: { secretKey, apiBase: simulator.url },
    }),
  ]);
  running.push(...workers.map((worker) => ({ worker, ended: worker.run() })));
});
afterAll(async () => {
  stopping.abort();
  for (const { worker } of running) worker.shutdown();
  await Promise.all(running.map(({ ended }) => ended));
  await Promise.all([native.close(), connection.close(), pool.end(), simulator.close()]);
});

test('behind a hundred and eighty jobs of another venue or tenant ten are called in turn, and an urgent one at once', async () => {
  const arena = { tenantId: 'acme', venueId: 'arena' };
  const few = { tenantId: 'acme', venueId: 'cellar', count: 10, priority: 5 } as const;
  const crowd: Wish = { ...arena, name: `${tag}-crowd`, count: 180, priority: 5 };
  await startJobs(room, crowd);
  const otherVenue = await playQueued(room, { ...few, name: `${tag}-venue` });
  const otherTenant = await playQueued(room, { ...few, tenantId: 'globex', name: `${tag}-tenant` });
  const [urgent] = await playQueued(room, { ...arena, count: 1, priority: 1, name: `${tag}-urgent` });
  // Nobody had the lane to themselves at any time.
  expect(await leftOf(crowd)).toBeGreaterThan(slots);

  for (const waits of [otherVenue, otherTenant]) {
    // Twice what they have alone and the slots, in calls: a busy machine, which is slower than the limit, changes nothing.
    for (const [index, { ahead }] of waits.entries()) expect(ahead).toBeLessThanOrEqual(slots + index + 1 + onTheWay);
  }
  expect(urgent!.ahead).toBeLessThanOrEqual(slots + onTheWay);
  expect(await jobsDone(room, crowd)).toBe(crowd.count);
});

/** Jobs of a wish that the provider has not seen yet. */
async function leftOf({ name, count }: Wish): Promise<number> {
  const calls = await room.calls();
  return count - calls.filter(({ idempotencyKey }) => idempotencyKey?.includes(`:${name}-`)).length;
}
