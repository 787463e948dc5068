/** Processes killed at moments of chance, as a crash would. A world of its own, because others use theirs meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningBoxoffice, startBoxoffice } from '../../sandbox/boxoffice.ts';
import { callsOf, chanceOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop, workflowIdOf } from '../support/purchases.ts';
import { createRefundDesk, refundWorkflowIdOf } from '../support/refunding.ts';
import { filesWith } from '../support/world-files.ts';
import { countEnds, lies, type Plan, planOf, type Ride, ride, rideAll } from '../support/cancelled-purchases.ts';

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
  const match = { method: 'POST', keyRegex: '^payment:acme:k-', probability: 0.15, seed };
  const lost = await stripe.add({ kind: 'lose_answer', times: 'forever', match });
  const plans = Array.from({ length: count }, (_, index): Plan => {
    const plan = planOf(shop.order({ tickets: index % 5 === 0 ? 3 : 1 }), chance);
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
    const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 1_500 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(handle.early).toEqual({ status: 'pending' });
    expect((await handle.status({ deadlineMs: 500 })).stage).toBe('started');
    const again = await shop.boxoffice.payments.purchase(order, { deadlineMs: 500 });
    expect(again.early).toEqual({ status: 'pending' });

    await running.addWorker('worker');
    expect(await handle.authorized()).toMatchObject({ status: 'authorized' });
    const end = await handle.result();
    expect(end.status).toBe('completed');
    expect(await shop.wrongs([{ order, end }])).toEqual({});
  },
);

/**
 * Orders whose authorization or capture is done at the provider, which has not said so yet. By their keys no answer of
 * theirs is lost besides: one that is looked up after a loss would never be held.
 */
async function holdAnswers(steps: readonly ('authorize' | 'capture')[]) {
  const orders = steps.map((step) => ({ step, order: shop.order({ idempotencyKey: `held-${step}` }) }));
  const held = orders.map(async ({ step, order }) => {
    const keyRegex = callsOf(workflowIdOf(order), step);
    await stripe.add({ kind: 'hold', match: { keyRegex } });
    const ending = ride(shop, { order, ways: [], from: 'sent', afterMs: 0 });
    expect(await stripe.held(new RegExp(keyRegex))).toMatchObject({ state: 'held', replayed: false });
    return { order, ending };
  });
  return Promise.all(held);
}

async function expectOneOfEach(rides: readonly Ride[]): Promise<void> {
  expect(rides.map(({ end }) => end.status)).toEqual(rides.map(() => 'completed'));
  const ids = rides.map(({ order: { tenantId, idempotencyKey: paymentKey } }) => ({ tenantId, paymentKey }));
  for (const { intents, charges, mints, runs, replays } of await shop.audit.purchases(ids)) {
    expect({ intents, charges, mints, runs }).toEqual({ intents: 1, charges: 1, mints: 1, runs: 1 });
    // The next worker asked again, and the provider knew the key.
    expect(replays).toBeGreaterThan(0);
  }
}

function report(what: string, rides: readonly Ride[], startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.info(`${what}: ${rides.length} purchases in ${seconds} s: ${countEnds(rides)}`);
}

test('the worker is killed exactly between a charge and its answer, and then at random', patient, async () => {
  const startedAt = performance.now();
  const chance = chanceOf(seed);
  const between: Ride[] = [];
  const rides = await rideThrough({ count: 30, atOnce: 15 }, chance, async (hitsSomething) => {
    const held = await holdAnswers(['authorize', 'capture']);
    hitsSomething();
    await restart('worker');
    for (let strike = 0; strike < 2; strike += 1) {
      await delay(500 + chance() * 2_000);
      hitsSomething();
      await restart('worker', chance() * 500);
    }
    between.push(...(await Promise.all(held.map(({ ending }) => ending))));
  });
  report('worker killed 3 times', [...rides, ...between], startedAt);
  await expectOneOfEach(between);
  await expectNothingHalfDone([...rides, ...between]);
});

test(
  'the worker is killed exactly between a refund and its answer: it is given back once, and burned',
  patient,
  async () => {
    const desk = createRefundDesk(shop);
    const order = shop.order();
    const end = await (await shop.boxoffice.payments.purchase(order)).result();
    const request = desk.request(order, { tickets: 'burn' });
    const keyRegex = callsOf(refundWorkflowIdOf(request), 'refund');
    await stripe.add({ kind: 'hold', match: { keyRegex } });
    const handle = await desk.start(request);
    expect(await stripe.held(new RegExp(keyRegex))).toMatchObject({ state: 'held', replayed: false });
    await restart('worker');

    expect(await handle.result()).toMatchObject({ status: 'completed', amount: order.amount });
    const record = await shop.audit.purchase(order.tenantId, order.idempotencyKey);
    expect(record).toMatchObject({ refunds: 1, refunded: order.amount, replays: 1, owned: 0, holdsLive: 0 });
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    expect(await shop.wrongsOfWorld()).toEqual([]);
  },
);

/** Each with its longest pause before a blow and before the start that follows, in milliseconds. */
const blows = [
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
  report(`${what} killed ${times} times`, rides, startedAt);
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
