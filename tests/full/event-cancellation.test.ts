/** An event is cancelled while its worker is killed and every fifth refund waits for a person: all of it back, once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningBoxoffice, startBoxoffice } from '../../sandbox/boxoffice.ts';
import { cancelUnderBlows, unpaced } from '../support/event-cancelling.ts';
import { type EventLook, faultsOf, lookAtEvents } from '../support/event-counts.ts';
import { openShop, type Shop } from '../support/purchases.ts';

let dir: string;
let running: RunningBoxoffice;
let shop: Shop;
let look: EventLook;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-event-'));
  running = await startBoxoffice({ dir, ...unpaced });
  shop = await openShop(running.endpoints);
  look = lookAtEvents(shop);
});
afterAll(async () => {
  await look?.close();
  await shop?.close();
  await running?.world.stop();
  await rm(dir, { recursive: true, force: true });
});

test(
  '100 purchases, the worker killed 3 times, every fifth refund in review until a person decides',
  { timeout: 600_000 },
  async () => {
    const plan = { eventId: 'the-cancelled-one', purchases: 100, kills: 3, parkedEvery: 5, inFlight: 25 };
    const played = await cancelUnderBlows(running, shop, look, {
      ...plan,
      onPhase: ({ what, seconds }) => console.info(`${seconds.toFixed(1).padStart(6)} s  ${what}`),
    });
    const counts = await look.counts(played);
    expect(faultsOf(played, counts)).toEqual([]);
    expect(played.stuck).toHaveLength(20);
    expect(played.blows).toHaveLength(3);
    expect(counts.report.refunded).toBeGreaterThanOrEqual(100);
    expect(counts.refunded).toBe(counts.report.refunded * 10_000);
    // Waves are bounded, and full.
    expect(played.peak).toBeLessThanOrEqual(25);
    expect(played.peak).toBeGreaterThan(10);
  },
);
