/** The background's jobs in a running world: counted, reported, cleaned and started once a day. */
import { createHash } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { dailyRoundStart } from '../../client/start-background.ts';
import type { AnalyticsEvent } from '../../contracts/analytics.ts';
import { dayOf } from '../../contracts/days.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { cleanupWorkflowId, dailyRoundId, reconciliationWorkflowId, reportWorkflowId } from '../../contracts/ids.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { createStore, type Store } from '../../store/index.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { createRefundDesk } from '../support/refunding.ts';

/** By account, those that hold nothing left out. */
const held = (rows: [account: string, amount: number][]) =>
  Object.fromEntries(rows.filter(([, amount]) => amount !== 0));

let shop: Shop;
let pool: Pool;
let store: Store;
beforeAll(async () => {
  const endpoints = await readEndpoints(inject('worldDir'));
  shop = await openShop(endpoints);
  pool = createPool({ url: endpoints.postgres, max: 4, applicationName: 'boxoffice-tests' });
  store = createStore(pool);
});
afterAll(async () => {
  await shop.close();
  await pool.end();
});

test('events of many services are counted once each', async () => {
  const events = Array.from({ length: 20 }, (_, index): AnalyticsEvent => ({
    tenantId: shop.tenantId, eventKey: `${shop.venueId}-${index}`, type: 'ticket.viewed', venueId: shop.venueId,
    occurredAt: '2026-01-31T12:00:00Z', properties: { position: index },
  })); // prettier-ignore
  const record = async (event: AnalyticsEvent) => (await shop.boxoffice.analytics.record(event)).result();
  expect(await Promise.all(events.map(record))).toEqual(events.map(() => ({ status: 'recorded' })));
  expect(await Promise.all(events.slice(0, 3).map(record))).toEqual([1, 2, 3].map(() => ({ status: 'recorded' })));
  await expect(record({ ...events[0]!, type: 'ticket.sold' })).rejects.toMatchObject({ code: 'key_reused' });
  // Recorded or not: the same answer from the database, once more.
  const again = events.map((event) => ({
    operation: { tenantId: shop.tenantId, workflowId: 'w', runId: 'r' }, event, now: '2026-01-31T12:00:00Z',
    fingerprint: 'f'.repeat(64),
  })); // prettier-ignore
  expect(await store.analytics.record(shop.tenantId, again)).toEqual(events.map(() => 'key_reused'));
});

test("a day's report adds up to the ledger", async () => {
  const { tenantId, venueId } = shop;
  const orders = [shop.order(), shop.order({ tickets: 2 }), shop.order({ price: 3_333 })];
  await Promise.all(orders.map(async (order) => (await shop.boxoffice.payments.purchase(order)).result()));
  await createRefundDesk(shop).refund(orders[0]!, { amount: 2_500 });
  // The books of today are not closed for anybody but this test, which knows that nothing more comes.
  const reportOf = async (day: string) => {
    const request = { tenantId, venueId, day };
    const operation = { tenantId, workflowId: reportWorkflowId(tenantId, venueId, day), runId: 'test' };
    await store.reports.make({
      operation,
      input: { request, fingerprint: fingerprintOf(request) },
      now: `${day}T23:59:59Z`,
    });
    return (await store.reports.get(tenantId, venueId, day))!.report.currencies[0];
  };
  // It may have been before midnight when they began.
  const days = await Promise.all([dayOf(Date.now(), 1), dayOf(Date.now())].map(reportOf));
  const sum = (name: 'captured' | 'refunded') => days.reduce((total, day) => total + (day?.totals[name] ?? 0), 0);
  expect([sum('captured'), sum('refunded')]).toEqual([10_000 + 20_000 + 3_333, 2_500]);
  const balances = await store.ledger.balances(tenantId, { venueId, currency: 'USD' });
  const closings = held(days[1]!.accounts.map(({ account, closing }) => [account, closing]));
  expect(closings).toEqual(held(balances.map(({ account, balance }) => [account, balance])));
  expect(Object.keys(closings)).toContain('venue_payable');
});

test('a report is asked for, read, and proven by its sum', async () => {
  const { boxoffice, tenantId, venueId } = shop;
  const day = dayOf(Date.now(), 3);
  const result = await (await boxoffice.reports.make({ tenantId, venueId, day })).result();
  expect(result).toMatchObject({ status: 'completed', location: `/reports/${venueId}/${day}` });
  const report = await boxoffice.reports.get(venueId, day);
  expect(report).toMatchObject({ venueId, day, currencies: [] });
  const csv = await boxoffice.reports.csv(venueId, day);
  expect(createHash('sha256').update(csv).digest('hex')).toBe(report.sha256);
  expect((await boxoffice.reports.list({ venueId })).reports.map((entry) => entry.day)).toContain(day);
});

test('the daily round starts everything once, even when it runs twice', async () => {
  const { client, boxoffice, tenantId, venueId: another } = shop;
  const venueId = `${another}-round`;
  const venue = { name: 'Club', currency: 'USD', feeBasisPoints: 0, feeFixed: 0, reserveBasisPoints: 0 } as const;
  await boxoffice.venues.put(venueId, venue);
  const round = async (name: string): Promise<WorkflowHandle> => {
    const { args, ...options } = dailyRoundStart();
    const workflowId = `${dailyRoundId}-${another}-${name}`;
    return client.workflow.start(workflowTypes.dailyRound, { ...options, workflowId, args });
  };
  const first = await round('first');
  const { day } = (await first.result()) as { day: string };
  const today = dayOf(Date.parse(day), -1);
  const started = [
    cleanupWorkflowId(today),
    reportWorkflowId(tenantId, venueId, day),
    reconciliationWorkflowId(tenantId, day),
    reconciliationWorkflowId('platform', day),
  ];
  const runsOf = () => Promise.all(started.map(async (id) => (await client.workflow.getHandle(id).describe()).runId));
  const runs = await runsOf();
  expect(await client.workflow.getHandle(started[1]!).result()).toMatchObject({ status: 'completed' });
  expect(await client.workflow.getHandle(started[0]!).result()).toMatchObject({ status: 'completed' });
  await (await round('second')).result();
  expect(await runsOf()).toEqual(runs);
});

test('its Schedule is there', async () => {
  const { spec, policies, info } = await shop.client.schedule.getHandle(dailyRoundId).describe();
  expect(spec.calendars).toMatchObject([{ hour: [{ start: 3 }], minute: [{ start: 0 }] }]);
  expect(policies.overlap).toBe('SKIP');
  expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T03:00:00\.000Z$/u);
});
