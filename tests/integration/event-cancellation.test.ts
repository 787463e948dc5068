/** An event is cancelled over HTTP and watched at the command line: six purchases, each with a fate of its own. */
import { randomBytes } from 'node:crypto';
import type { Stripe } from 'stripe';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectTo, runCli } from '../../cli/program.ts';
import type { EventCancellationStatus } from '../../contracts/event-cancellation.ts';
import { eventCancellationWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { eventRefundOf, openEvent, sell } from '../support/cancelled-event.ts';
import { simulatorAt } from '../support/faults.ts';
import { openShop, type Shop } from '../support/purchases.ts';
import { createRefundDesk, type RefundDesk, type RefundHandle } from '../support/refunding.ts';

let shop: Shop;
let desk: RefundDesk;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createRefundDesk(shop);
});
afterAll(() => shop.close());

const eventId = `doomed-${randomBytes(4).toString('hex')}`;
const patient = { timeout: 60_000 };

interface Shown extends EventCancellationStatus {
  id: string;
  workflowId: string;
  status: string;
}

async function call(method: string, path = '', body?: object, role = 'operator') {
  const response = await fetch(`${shop.endpoints.api}/events/${eventId}/cancellation${path}`, {
    method,
    headers: {
      authorization: `Bearer ${shop.endpoints.tokens[shop.tenantId]![role]!}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { code: response.status, shown: (await response.json()) as Shown };
}
const reportNow = async () => (await call('GET')).shown.report;

/** What `boxoffice events show` prints. */
async function shownByCommand(...options: string[]): Promise<string> {
  const out: string[] = [];
  const code = await runCli([...options, 'events', 'show', shop.tenantId, eventId], {
    env: { TEMPORAL_ADDRESS: shop.endpoints.temporal.address },
    out: (text) => out.push(text),
    err: () => undefined,
    connect: connectTo,
    setUpContract: () => Promise.reject(new Error('is not asked for')),
  });
  expect(code).toBe(0);
  return out.join('\n');
}

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);

/** Refunds of the cancellation that the provider has taken and the bank has not made. */
async function pendingAtBank(
  orders: readonly PurchaseOrder[],
): Promise<{ handle: RefundHandle; refund: Stripe.Refund }[]> {
  const refunds = await simulatorAt(shop.endpoints.stripe).objects<Stripe.Refund>('refunds');
  const workflows = new Set(orders.map(eventRefundOf));
  return refunds.flatMap((refund) => {
    const workflowId = refund.metadata?.['workflow'] ?? '';
    if (refund.status !== 'pending' || !workflows.has(workflowId)) return [];
    return [{ handle: shop.client.workflow.getHandle(workflowId), refund }];
  });
}

test('each of six purchases goes its way, and API, command and outside say the same', patient, async () => {
  await openEvent(shop, eventId);
  const inFlight = shop.order({ eventId, paymentMethod: 'pm_card_threeDSecure2Required' });
  const [whole, waiting] = await Promise.all([
    Promise.all(Array.from({ length: 5 }, () => sell(shop, { eventId }))),
    shop.boxoffice.payments.purchase(inFlight, { deadlineMs: 60_000 }),
  ]);
  expect(waiting.early.status).toBe('requires_action');
  const [disputed, inPart, ...plain] = whole;
  const [dispute] = await Promise.all([
    desk.dispute(await desk.chargeOf(disputed!.order)),
    desk.refund(inPart!.order, { amount: 2_500 }),
  ]);

  // Two at once, and the bank takes its time for the first two.
  await desk.planNext('pending');
  await desk.planNext('pending');
  const asked = { reason: 'the artist is ill', inFlight: 2 };
  const { code, shown } = await call('POST', '', asked);
  const workflowId = eventCancellationWorkflowId(shop.tenantId, eventId);
  expect([code, shown]).toMatchObject([202, { id: eventId, workflowId, status: 'live' }]);
  const orders = whole.map(({ order }) => order);
  await expect.poll(() => pendingAtBank(orders), patient).toHaveLength(2);

  const paused = await call('POST', '/pause', { reason: 'the bank asks why' });
  expect([paused.code, paused.shown.stage]).toEqual([200, 'paused']);
  for (const pending of await pendingAtBank(orders)) await desk.settle(pending, 'succeed');
  await expect.poll(reportNow, patient).toMatchObject({ refunded: 2, pending: 0 });
  // Nothing new was begun; whether the disputed one had its turn before is left to chance.
  const report = (await reportNow())!;
  expect(report.notStarted + (report.refused['disputed'] ?? 0)).toBe(3);
  expect(await shownByCommand()).toMatch(/^Stage +paused$/m);
  const refused = { status: 'refused', moneyMoved: 'none', reason: 'sales_closed' };
  expect((await sell(shop, { eventId })).end).toEqual(refused);

  const resumed = await call('POST', '/resume', { reason: 'the bank knows' });
  expect([resumed.code, resumed.shown.stage]).toEqual([200, 'refunding']);
  await expect.poll(async () => (await call('GET')).shown.status, patient).toBe('completed');
  const ended = (await call('GET')).shown;
  const told = {
    purchases: 5, refunded: 4, refundedBefore: 0, free: 0, failed: 0, refused: { disputed: 1 }, pending: 0, inReview: 0,
    notStarted: 0, inFlight: 0, cancelledInFlight: 1, amounts: { USD: 37_500 },
  }; // prettier-ignore
  expect(ended).toMatchObject({ stage: 'completed', attention: 'none', moneyMoved: 'refunded', report: told });
  expect(JSON.parse(await shownByCommand('--json'))).toMatchObject({ id: eventId, workflowId, report: told });
  expect(await shownByCommand()).toMatch(/^Refused +disputed 1$[\s\S]+^Amount +375\.00 USD$/m);
  // The same again is the same one, another one is refused.
  expect([(await call('POST', '', asked)).code, (await call('POST', '', { reason: 'rain' })).code]).toEqual([200, 422]);

  const back = { refunds: 1, refunded: 10_000, refundsPending: 0, owned: 0, holdsLive: 0 };
  for (const { order } of plain) expect(await recordOf(order)).toMatchObject(back);
  expect(await recordOf(inPart!.order)).toMatchObject({ ...back, refunds: 2 });
  expect(await recordOf(disputed!.order)).toMatchObject({ refunds: 0, refunded: 0, owned: 1 });
  const cancelled = { order: inFlight, end: await waiting.result() };
  expect(cancelled.end).toMatchObject({ status: 'cancelled', moneyMoved: 'none', reason: 'the artist is ill' });
  await dispute.withdraw();
  expect(await shop.wrongs([...whole, cancelled])).toEqual({});
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
