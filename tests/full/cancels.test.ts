/** 300 purchases cancelled at moments of chance while Stripe's answers get lost; judged by the outside's records only. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import type { FaultSpec } from '../../sandbox/sim/faults.ts';
import { callsOf, chanceOf, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop, workflowIdOf } from '../support/purchases.ts';
import { countEnds, lies, planOf, rideAll } from '../support/cancelled-purchases.ts';

const purchases = 300;
const atOnce = 36;
const seed = Number(process.env['CHAOS_SEED'] ?? 20_260);

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
});
afterAll(() => shop.close());

/** Dice of their own for each kind. A call takes the first that fits. */
function troubles(venueTag: string): FaultSpec[] {
  const chosen = (probability: number, more: number) => ({
    times: 'forever' as const,
    match: { method: 'POST', keyRegex: `^payment:acme:k-${venueTag}-`, probability, seed: seed + more },
  });
  return [
    { kind: 'lose_answer', ...chosen(0.15, 1) },
    { kind: 'status', status: 503, ...chosen(0.04, 2) },
    { kind: 'status', status: 502, after: true, ...chosen(0.04, 3) },
    { kind: 'slow', ms: 400, after: true, ...chosen(0.15, 4) },
  ];
}

test('300 cancels at random moments leave nothing half done', { timeout: 300_000 }, async () => {
  const chance = chanceOf(seed);
  const stripe = simulatorAt(shop.endpoints.stripe);
  const faults = [];
  for (const trouble of troubles(shop.venueId.replace('venue-', ''))) faults.push(await stripe.add(trouble));
  const startedAt = performance.now();
  const plans = Array.from({ length: purchases }, () =>
    planOf(shop.order({ tickets: chance() < 0.2 ? 3 : 1 }), chance),
  );

  const rides = await rideAll(shop, plans, atOnce);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  for (const fault of faults) await fault.clear();

  console.info(`${purchases} cancels in ${seconds} s (seed ${seed}): ${countEnds(rides)}`);
  expect(rides).toHaveLength(purchases);
  expect([...new Set(rides.map(({ end }) => end.status))].toSorted()).toEqual(['cancelled', 'completed']);
  expect(lies(rides)).toEqual([]);
  expect(rides.flatMap(({ answers }) => answers).length).toBeGreaterThan(purchases / 4);
  expect(await shop.wrongs(rides)).toEqual({});
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});

/** Sends the order off, and answers once `step` is done at the provider and the cancel has reached the engine. */
async function cancelWhileHeld(step: 'authorize' | 'capture') {
  const stripe = simulatorAt(shop.endpoints.stripe);
  const order = shop.order({ idempotencyKey: `lost-${shop.venueId}-${step}` });
  const workflowId = workflowIdOf(order);
  const keyRegex = callsOf(workflowId, step);
  await stripe.add({ kind: 'hold', match: { keyRegex } });
  const purchased = shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
  const { seq } = await stripe.held(new RegExp(keyRegex));
  const payment = shop.boxoffice.payments.get(order.tenantId, order.idempotencyKey);
  const answered = payment.cancel({ actor: 'buyer', reason: 'changed my mind' });
  const accepted = async () => {
    const { events } = await shop.client.workflow.getHandle(workflowId).fetchHistory();
    const cancels = events!.filter(
      ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) =>
        accepted?.acceptedRequest?.input?.name === 'cancel',
    );
    return cancels.length === 1;
  };
  expect(await until(accepted, { withinMs: 10_000 })).toBe(true);
  const loseAnswer = () => stripe.release(seq, 'lose');
  return { order, purchased, answered, loseAnswer };
}

describe.concurrent('a cancel that meets an effect whose answer is lost', () => {
  test('at the authorization: the money is found and given back, and nobody is bothered', async () => {
    const { order, purchased, answered, loseAnswer } = await cancelWhileHeld('authorize');
    await loseAnswer();
    const end = await answered;
    expect(end).toMatchObject({ status: 'cancelled', actor: 'buyer' });
    expect(await (await purchased).result()).toEqual(end);
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    const record = await shop.audit.purchase(order.tenantId, order.idempotencyKey);
    expect(record).toMatchObject({ intents: 1, charges: 0, held: 0, deadLetters: [] });
  });

  test('at the capture: it is too late, and the answer says so', async () => {
    const { order, purchased, answered, loseAnswer } = await cancelWhileHeld('capture');
    await loseAnswer();
    const end = await answered;
    expect(end).toMatchObject({ status: 'completed', nextAction: 'refund' });
    expect(await (await purchased).result()).toEqual(end);
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    const record = await shop.audit.purchase(order.tenantId, order.idempotencyKey);
    expect(record).toMatchObject({ intents: 1, charges: 1, mints: 1, mails: 1, deadLetters: [] });
  });
});
