/** What a purchase costs the engine, counted from real histories: each event and each workflow task is throughput. */
import { WorkflowNotFoundError } from '@temporalio/common';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { receiptKeyOf } from '../../contracts/hashes.ts';
import { emailWorkflowId } from '../../contracts/ids.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
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

test.concurrent.each([1, 20])(
  'a purchase of %i: one workflow, at most 36 events and 5 workflow tasks',
  async (tickets) => {
    const order = shop.order({ tickets, price: 1_000 });
    const end = await (await shop.boxoffice.payments.purchase(order)).result();
    expect(end.status).toBe('completed');

    const workflowId = workflowIdOf(order);
    const { events, tasks } = await costOf(`purchase of ${tickets}`, workflowId);
    expect(events).toBeLessThanOrEqual(36);
    expect(tasks).toBeLessThanOrEqual(5);
    // No child, and its receipt was not handed over.
    const { history } = await shop.client.workflowService.getWorkflowExecutionHistory({
      namespace: shop.client.options.namespace,
      execution: { workflowId },
    });
    expect(history!.events!.filter((event) => event.startChildWorkflowExecutionInitiatedEventAttributes)).toEqual([]);
    const receipt = emailWorkflowId(order.tenantId, receiptKeyOf(workflowId));
    await expect(shop.client.workflow.getHandle(receipt).describe()).rejects.toThrow(WorkflowNotFoundError);
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    expect((await shop.audit.purchase(order.tenantId, order.idempotencyKey)).mails).toBe(1);
  },
);

test.concurrent('a mint alone: at most 12 events and 2 workflow tasks', async () => {
  const { tenantId, venueId, eventId } = shop;
  const ticketId = `alone-${venueId}`;
  const request = { tenantId, venueId, eventId, ticketId, mintKey: 'guest-list', wallet, reason: 'guest list' };
  const job = await shop.boxoffice.mints.request(request);
  expect(await job.result()).toMatchObject({ status: 'minted', ticket: { ticketId } });
  const { events, tasks } = await costOf('mint', job.workflowId);
  expect(events).toBeLessThanOrEqual(12);
  expect(tasks).toBeLessThanOrEqual(2);
});

test.concurrent('a mail alone: at most 11 events and 2 workflow tasks', async () => {
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
