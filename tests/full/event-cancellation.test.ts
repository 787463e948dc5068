/** An event is cancelled while its worker is killed and every fifth refund waits for a person: all of it back, once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CancellationReport } from '../../contracts/event-cancellation.ts';
import { type RunningBoxoffice, startBoxoffice } from '../../sandbox/boxoffice.ts';
import { eventRefundOf, openEvent, sell, sellMany } from '../support/cancelled-event.ts';
import { simulatorAt } from '../support/faults.ts';
import { openShop, type Shop } from '../support/purchases.ts';

const count = Number(process.env['CANCELLED_PURCHASES'] ?? 100);
const kills = 3;
const patient = { timeout: 600_000 };

let dir: string;
let running: RunningBoxoffice;
let shop: Shop;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-event-'));
  running = await startBoxoffice({
    dir,
    env: { RATE_LIMITS: 'unpaced', RETRY_SCALE: '0.05', LOG_LEVEL: 'warn' },
    stripeEnv: { STRIPE_LIMIT_PER_SECOND: '0' },
  });
  shop = await openShop(running.endpoints);
});
afterAll(async () => {
  await shop?.close();
  await running?.world.stop();
  await rm(dir, { recursive: true, force: true });
});

const seconds = (since: number) => ((performance.now() - since) / 1_000).toFixed(1);

test(`${count} purchases, the worker killed ${kills} times, every fifth refund in review`, patient, async () => {
  const { boxoffice, tenantId } = shop;
  const eventId = 'the-cancelled-one';
  await openEvent(shop, eventId);
  const startedAt = performance.now();
  const sold = await sellMany(shop, count, { eventId });
  console.info(`${count} purchases in ${seconds(startedAt)} s`);

  // The provider refuses these until it is told otherwise: a person has to look.
  const stuck = sold.filter((_, index) => index % 5 === 0).map(({ order }) => eventRefundOf(order));
  const keyRegex = `^(${stuck.join('|')})/refund/`;
  const stripe = simulatorAt(running.endpoints.stripe);
  const refusal = await stripe.add({
    kind: 'status', status: 403, stored: false, times: 'forever', match: { method: 'POST', keyRegex },
  }); // prettier-ignore

  const cancelledAt = performance.now();
  const request = { tenantId, eventId, reason: 'the artist is ill', requestedBy: 'ada' };
  const handle = await boxoffice.eventCancellations.start(request);
  const reportOf = async () => (await handle.status()).report;
  await expect.poll(async () => (await handle.status()).stage, patient).not.toBe('started');
  // Nothing is sold from its first moment on, whatever is put over it.
  await openEvent(shop, eventId);
  const late = await sell(shop, { eventId });
  expect(late.end).toEqual({ status: 'refused', moneyMoved: 'none', reason: 'sales_closed' });

  let most = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const due = (count * kill) / (kills + 2);
    await expect
      .poll(async () => {
        const report = await reportOf();
        most = Math.max(most, report?.pending ?? 0);
        return report && report.refunded + report.inReview + report.pending;
      }, patient)
      .toBeGreaterThanOrEqual(Math.min(due, 50));
    expect((await reportOf())?.refunded).toBeLessThan(count - stuck.length);
    await running.world.kill('worker');
    await running.world.start('worker');
  }
  const inReview = { refunded: count - stuck.length, inReview: stuck.length, pending: 0, notStarted: 0 };
  await expect.poll(reportOf, { timeout: 120_000, interval: 500 }).toMatchObject(inReview);
  console.info(`all but the parked ones back after ${seconds(cancelledAt)} s; at most ${most} under way`);
  expect(most).toBeLessThanOrEqual(50);
  expect(await handle.status()).toMatchObject({ stage: 'in review', attention: 'review' });

  await refusal.clear();
  const reason = 'the provider has put it right';
  // One that is being tried at this moment waits for no decision: it is asked again.
  const decideAll = () =>
    Promise.allSettled(
      stuck.map((workflowId) => boxoffice.decisions.decide({ workflowId, decision: 'retry', reason })),
    );
  await expect
    .poll(async () => {
      await decideAll();
      return (await reportOf())?.inReview;
    }, patient)
    .toBe(0);
  const result = await handle.result();
  console.info(`ended after ${seconds(cancelledAt)} s`);
  const whole: CancellationReport = {
    purchases: count, refunded: count, refundedBefore: 0, free: 0, failed: 0, refused: {}, pending: 0, inReview: 0,
    notStarted: 0, inFlight: 0, cancelledInFlight: 0, amounts: { USD: count * 10_000 },
  }; // prettier-ignore
  expect(result).toEqual({ status: 'completed', moneyMoved: 'refunded', report: whole });

  const ids = sold.map(({ order }) => ({ tenantId, paymentKey: order.idempotencyKey }));
  const records = await shop.audit.purchases(ids);
  const back = { refunds: 1, refunded: 10_000, refundsPending: 0, owned: 0, holdsLive: 0 };
  for (const record of records) expect(record).toMatchObject(back);
  expect(await shop.wrongs(sold)).toEqual({});
  expect(await shop.wrongsOfWorld()).toEqual([]);
  // Asked again, it is the same one.
  const again = await boxoffice.eventCancellations.start(request);
  expect([again.created, await again.result()]).toEqual([false, result]);
});
