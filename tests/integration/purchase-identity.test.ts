/** One key is one purchase: at once, after its end, and after its history is gone. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createBoxoffice, IdempotencyConflictError, type PurchaseHandle } from '../../client/index.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { callsOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { deleteHistory, type Ended, openShop, type Shop, workflowIdOf } from '../support/purchases.ts';

let shop: Shop;
let stripe: SimulatorControl;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  stripe = simulatorAt(shop.endpoints.stripe);
});
afterAll(() => shop.close());

const patient = { deadlineMs: 60_000 };
const buy = (order: PurchaseOrder): Promise<PurchaseHandle> => shop.boxoffice.payments.purchase(order, patient);
const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);

async function buyToTheEnd(order: PurchaseOrder): Promise<Ended> {
  return { order, end: await (await buy(order)).result() };
}

/** Another order under the same key. */
const otherBody = (order: PurchaseOrder): PurchaseOrder => ({
  ...order,
  userId: `${order.userId}-2`,
  orderId: `${order.orderId}-2`,
});

async function expectOneOfEach(ended: Ended): Promise<void> {
  expect(ended.end.status).toBe('completed');
  expect(await shop.wrongs([ended])).toEqual({});
  const { runs, intents, charges, mints, mails } = await recordOf(ended.order);
  expect({ runs, intents, charges, mints, mails }).toEqual({ runs: 1, intents: 1, charges: 1, mints: 1, mails: 1 });
}

test('200 identical requests at once are one run, one charge and no more history than one request has', async () => {
  const single = await buyToTheEnd(shop.order());
  const order = shop.order();
  const { temporal } = shop.endpoints;
  const clients = Array.from({ length: 4 }, () => createBoxoffice({ temporal }));
  // Whoever comes after the end is told the end: it waits until all have asked.
  const capturing = { keyRegex: callsOf(workflowIdOf(order), 'capture') };
  await stripe.add({ kind: 'hold', match: capturing });
  const handles = await Promise.all(
    Array.from({ length: 200 }, (_, index) => clients[index % clients.length]!.payments.purchase(order, patient)),
  );
  await stripe.release((await stripe.held(new RegExp(capturing.keyRegex))).seq);
  const ends = await Promise.all(handles.map((handle) => handle.result()));
  await Promise.all(clients.map((client) => client.close()));

  expect(handles.filter(({ created }) => created)).toHaveLength(1);
  expect(handles[0]!.early.status).toBe('authorized');
  expect(new Set(handles.map(({ early }) => JSON.stringify(early))).size).toBe(1);
  expect(new Set(ends.map((end) => JSON.stringify(end))).size).toBe(1);
  await expectOneOfEach({ order, end: ends[0]! });
  const [many, one] = [await recordOf(order), await recordOf(single.order)];
  expect(many.history!.events).toBeLessThanOrEqual(one.history!.events);
  expect(many.calls).toBe(one.calls);
});

/** What is told without asking the provider: neither about this purchase, nor anything else. */
async function expectStored(order: PurchaseOrder, end: PaymentResult): Promise<void> {
  const before = (await stripe.calls()).length;
  const again = await buy(order);
  expect(again.early).toEqual(end);
  expect(await again.result()).toEqual(end);
  expect((await stripe.calls()).length).toBe(before);
  await expectOneOfEach({ order, end });
}

test('the same key again is told the stored result after the end, and after the history is gone, without a call', async () => {
  const { order, end } = await buyToTheEnd(shop.order());
  await expectStored(order, end);
  await deleteHistory(shop, workflowIdOf(order));
  await expectStored(order, end);
});

test.concurrent(
  'the same key with another body is refused while it runs, after the end, and after the history is gone',
  async () => {
    const order = shop.order();
    const match = { keyRegex: callsOf(workflowIdOf(order), 'authorize') };
    await stripe.add({ kind: 'hold', match });
    const first = buy(order);
    const { seq } = await stripe.held(new RegExp(match.keyRegex));
    await expect(buy(otherBody(order))).rejects.toThrow(IdempotencyConflictError);
    await stripe.release(seq);
    const end = await (await first).result();
    await expect(buy(otherBody(order))).rejects.toThrow(IdempotencyConflictError);
    await deleteHistory(shop, workflowIdOf(order));

    const late = await buy(otherBody(order));
    const refused = { status: 'refused', moneyMoved: 'none', reason: 'key_reused' };
    expect(late.early).toEqual(refused);
    expect(await late.result()).toEqual(refused);
    await expectOneOfEach({ order, end });
  },
);

describe.concurrent('an order or ticket that is live in another attempt', () => {
  const contenders = [
    { what: 'order', reason: 'order_live', of: (order: PurchaseOrder) => shop.order({ orderId: order.orderId }) },
    {
      what: 'ticket',
      reason: 'ticket_live',
      of: (order: PurchaseOrder) => shop.order({ ticketIds: [`${order.orderId}-other`, order.tickets[0]!.ticketId] }),
    },
  ];

  test.each(contenders)('refuses the second attempt at its $what and names the first', async ({ reason, of }) => {
    const order = shop.order();
    const match = { keyRegex: callsOf(workflowIdOf(order), 'authorize') };
    await stripe.add({ kind: 'hold', match });
    const first = buy(order);
    const { seq } = await stripe.held(new RegExp(match.keyRegex));
    const refused = { status: 'refused', moneyMoved: 'none', reason, otherPayment: order.idempotencyKey };
    const whileLive = of(order);
    expect((await buy(whileLive)).early).toEqual(refused);
    await stripe.release(seq);
    const end = await (await first).result();
    const whenPaid = of(order);
    expect(await (await buy(whenPaid)).result()).toEqual(refused);

    await expectOneOfEach({ order, end });
    for (const attempt of [whileLive, whenPaid])
      expect(await recordOf(attempt)).toMatchObject({ calls: 0, mints: 0, holdsLive: 0, claim: { status: 'settled' } });
  });

  test('is free again after a decline and after a cancel', async () => {
    const declined = shop.order({ paymentMethod: 'pm_card_visa_chargeDeclined', tickets: 2 });
    const same = { orderId: declined.orderId, ticketIds: declined.tickets.map(({ ticketId }) => ticketId) };
    const first = await buyToTheEnd(declined);
    expect(first.end.status).toBe('declined');

    const second = shop.order(same);
    const handle = await buy(second);
    const cancelled = await handle.cancel({ actor: 'buyer', reason: 'changed my mind' });
    expect(cancelled.status).toBe('cancelled');

    const third = await buyToTheEnd(shop.order(same));
    expect(third.end.status).toBe('completed');
    expect(await shop.wrongs([first, { order: second, end: cancelled }, third])).toEqual({});
  });
});

describe.concurrent('a run that is terminated and forgotten in mid-purchase', () => {
  const moments = [
    { moment: 'its money is authorized', step: 'authorize' as const },
    { moment: 'its money is taken, before the books say so', step: 'capture' as const },
  ];

  test.each(moments)('loses its claim to the next run of its key: $moment', async ({ step }) => {
    const order = shop.order();
    const workflowId = workflowIdOf(order);
    const match = { keyRegex: callsOf(workflowId, step) };
    await stripe.add({ kind: 'hold', match });
    const lost = buy(order).catch((error: unknown) => error);
    const { seq } = await stripe.held(new RegExp(match.keyRegex));
    await shop.client.workflow.getHandle(workflowId).terminate('test');
    await lost;
    await deleteHistory(shop, workflowId);
    await stripe.release(seq);

    await expectOneOfEach(await buyToTheEnd(order));
  });
});

test('nothing of all this is left running or unexplained', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
