/** 300 purchases cancelled at moments of chance while Stripe's answers get lost; judged by the outside's records only. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import type { FaultSpec } from '../../sandbox/sim/faults.ts';
import { chanceOf, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { countEnds, lies, planOf, rideAll } from './cancelled-purchases.ts';

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
