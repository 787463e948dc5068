/** What a purchase costs the engine, counted from real histories: each event and each workflow task is throughput. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { openShop, type Shop, wallet, workflowIdOf } from '../support/purchases.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
});
afterAll(() => shop.close());

async function costOf(what: string, workflowId: string): Promise<{ events: number; tasks: number }> {
  const { events } = await shop.client.workflow.getHandle(workflowId).fetchHistory();
  const tasks = events!.filter(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes);
  const cost = { events: events!.length, tasks: tasks.length };
  console.info(`${what}: ${cost.events} events, ${cost.tasks} workflow tasks`);
  return cost;
}

/** Executions of whatever type that were started since, by id. */
async function startedSince(since: Date): Promise<string[]> {
  const ids: string[] = [];
  const query = `StartTime >= '${since.toISOString()}'`;
  for await (const { workflowId } of shop.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

test.each([1, 20])('a purchase of %i: one workflow, at most 36 events and 5 workflow tasks', async (tickets) => {
  const since = new Date();
  const order = shop.order({ tickets, price: 1_000 });
  const end = await (await shop.boxoffice.payments.purchase(order)).result();
  expect(end.status).toBe('completed');

  const workflowId = workflowIdOf(order);
  const { events, tasks } = await costOf(`purchase of ${tickets}`, workflowId);
  expect(events).toBeLessThanOrEqual(36);
  expect(tasks).toBeLessThanOrEqual(5);
  await until(async () => (await startedSince(since)).length > 0, { withinMs: 5_000 });
  expect(await startedSince(since)).toEqual([workflowId]);
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  expect((await shop.audit.purchase(order.tenantId, order.idempotencyKey)).mails).toBe(1);
});

test('a mint alone: at most 12 events and 2 workflow tasks', async () => {
  const { tenantId, venueId, eventId } = shop;
  const ticketId = `alone-${venueId}`;
  const request = { tenantId, venueId, eventId, ticketId, mintKey: 'guest-list', wallet, reason: 'guest list' };
  const job = await shop.boxoffice.mints.request(request);
  expect(await job.result()).toMatchObject({ status: 'minted', ticket: { ticketId } });
  const { events, tasks } = await costOf('mint', job.workflowId);
  expect(events).toBeLessThanOrEqual(12);
  expect(tasks).toBeLessThanOrEqual(2);
});

test('a mail alone: at most 11 events and 2 workflow tasks', async () => {
  const order = shop.order();
  await (await shop.boxoffice.payments.purchase(order)).result();
  const { tenantId, emailRef } = shop;
  const message = { template: 'ticket-confirmation' as const, paymentKey: order.idempotencyKey };
  const job = await shop.boxoffice.emails.send({ tenantId, emailRef, messageKey: `again-${shop.venueId}`, message });
  expect(await job.result()).toMatchObject({ status: 'sent' });
  const { events, tasks } = await costOf('mail', job.workflowId);
  expect(events).toBeLessThanOrEqual(11);
  expect(tasks).toBeLessThanOrEqual(2);
});
