/** Processes killed at moments of chance, as a crash would. A world of its own, because others use theirs meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningBoxoffice, startBoxoffice } from '../../sandbox/boxoffice.ts';
import { callsOf, chanceOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop, workflowIdOf } from '../support/purchases.ts';
import { filesWith } from '../support/world-files.ts';
import { countEnds, lies, type Plan, planOf, type Ride, rideAll } from './cancelled-purchases.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? 20_261);
const patient = { timeout: 180_000 };

let dir: string;
let running: RunningBoxoffice;
let shop: Shop;
let stripe: SimulatorControl;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-kills-'));
  running = await startBoxoffice({
    dir,
    env: { RATE_LIMITS: 'unpaced', RETRY_SCALE: '0.05', LOG_LEVEL: 'debug' },
    stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
    withWorker: false,
  });
  shop = await openShop(running.endpoints);
  stripe = simulatorAt(running.endpoints.stripe);
});
afterAll(async () => {
  await shop?.close();
  await running?.world.stop();
  await rm(dir, { recursive: true, force: true });
});

async function restart(name: string, pauseMs = 0): Promise<void> {
  await running.world.kill(name);
  await delay(pauseMs);
  await running.world.start(name);
}

/**
 * Every second one cancelled, answers lost on the way. `strike` is given what checks that a purchase is still under way: a
 * blow that hits nothing would prove nothing.
 */
async function rideThrough(
  { count, atOnce }: { count: number; atOnce: number },
  chance: () => number,
  strike: (hitsSomething: () => void) => Promise<void>,
): Promise<Ride[]> {
  const match = { method: 'POST', probability: 0.15, seed };
  const lost = await stripe.add({ kind: 'lose_answer', times: 'forever', match });
  const plans = Array.from({ length: count }, (_, index): Plan => {
    const plan = planOf(shop.order({ tickets: index % 5 === 0 ? 3 : 1 }), chance, 4_000);
    return index % 2 === 0 ? plan : { ...plan, ways: [] };
  });
  const ended: Ride[] = [];
  const hitsSomething = () => expect(count - ended.length).toBeGreaterThan(0);
  const [rides] = await Promise.all([rideAll(shop, plans, atOnce, ended), strike(hitsSomething)]);
  await lost.clear();
  return rides;
}

async function expectNothingHalfDone(rides: readonly Ride[]): Promise<void> {
  expect(lies(rides)).toEqual([]);
  expect(await shop.wrongs(rides)).toEqual({});
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
  const untouched = rides.filter(({ plan }) => plan.ways.length === 0);
  expect([...new Set(untouched.map(({ end }) => end.status))]).toEqual(['completed']);
}

test(
  'without a worker the caller gets `pending` and a handle in time, and a worker makes it good',
  patient,
  async () => {
    const order = shop.order();
    const startedAt = performance.now();
    const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 3_000 });
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    expect(handle.early).toEqual({ status: 'pending' });
    expect((await handle.status({ deadlineMs: 500 })).stage).toBe('started');
    const again = await shop.boxoffice.payments.purchase(order, { deadlineMs: 1_000 });
    expect(again.early).toEqual({ status: 'pending' });

    await running.addWorker('worker');
    expect(await handle.authorized()).toMatchObject({ status: 'authorized' });
    const end = await handle.result();
    expect(end.status).toBe('completed');
    expect(await shop.wrongs([{ order, end }])).toEqual({});
  },
);

test('killed between the charge and its answer, the worker leaves one charge and one mint', patient, async () => {
  const orders = [shop.order(), shop.order()] as const;
  const heldSteps = ['authorize', 'capture'] as const;
  for (const [index, step] of heldSteps.entries()) {
    const match = { keyRegex: callsOf(workflowIdOf(orders[index]!), step) };
    await stripe.add({ kind: 'hold', match });
  }
  const purchases = orders.map((order) => shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 }));
  const held = await Promise.all(
    heldSteps.map((step, index) => stripe.held(new RegExp(callsOf(workflowIdOf(orders[index]!), step)))),
  );
  // The provider has done it; nobody here knows.
  expect(held.map(({ status, state }) => ({ status, state }))).toEqual([
    { status: null, state: 'held' },
    { status: null, state: 'held' },
  ]);
  await restart('worker');

  const ended = await Promise.all(
    purchases.map(async (purchase, index) => ({ order: orders[index]!, end: await (await purchase).result() })),
  );
  expect(ended.map(({ end }) => end.status)).toEqual(['completed', 'completed']);
  expect(await shop.wrongs(ended)).toEqual({});
  const records = await shop.audit.purchases(
    orders.map(({ tenantId, idempotencyKey: paymentKey }) => ({ tenantId, paymentKey })),
  );
  for (const { intents, charges, mints, runs, replays } of records)
    expect({ intents, charges, mints, runs, replays: replays > 0 }).toEqual({
      intents: 1,
      charges: 1,
      mints: 1,
      runs: 1,
      replays: true,
    });
});

/** Each with its longest pause before a blow and before the start that follows, in milliseconds. */
const blows = [
  { what: 'worker', times: 3, count: 30, atOnce: 15, beforeMs: 2_000, downMs: 500 },
  { what: 'temporal', times: 2, count: 24, atOnce: 12, beforeMs: 1_800, downMs: 500 },
  { what: 'postgres', times: 1, count: 16, atOnce: 16, beforeMs: 1_200, downMs: 1_000 },
];

test.each(blows)('$what is killed ($times) while purchases go on', patient, async (blow) => {
  const { what, times, beforeMs, downMs } = blow;
  const startedAt = performance.now();
  const chance = chanceOf(seed);
  const rides = await rideThrough(blow, chance, async (hitsSomething) => {
    for (let strike = 0; strike < times; strike += 1) {
      await delay(500 + chance() * beforeMs);
      hitsSomething();
      await restart(what, chance() * downMs);
    }
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.info(`${what} killed ${times} times: ${rides.length} purchases in ${seconds} s: ${countEnds(rides)}`);
  await expectNothingHalfDone(rides);
});

test('after all of that, no secret and nothing personal stands in Temporal or a log', async () => {
  const { env, endpoints } = running;
  const order = shop.order();
  await (await shop.boxoffice.payments.purchase(order)).result();
  const secrets = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'CHAIN_ISSUER_KEY', 'CONTACT_ID_KEY'];
  const passwords = {
    DATABASE_URL: new URL(env['DATABASE_URL']!).password,
    SMTP_URL: new URL(env['SMTP_URL']!).password,
  };
  const needles = {
    email: shop.email,
    token: endpoints.tokens['acme']!['admin']!,
    ...passwords,
    ...Object.fromEntries(secrets.map((name) => [name, env[name]!.replace(/^0x/, '')])),
  };
  for (const needle of Object.values(needles)) expect(needle.length).toBeGreaterThan(8);
  expect(await filesWith(dir, needles)).toEqual({});
  // What does stand there is found, so the search is not blind.
  expect(await filesWith(dir, { orderId: order.orderId })).toHaveProperty('orderId');
});
