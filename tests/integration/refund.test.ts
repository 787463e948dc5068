/** What goes back of a purchase: as much as was asked for, once, and never more than was paid; told by the outside. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { callsOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { openShop, type OrderChange, type Shop } from '../support/purchases.ts';
import { createRefundDesk, type RefundDesk, refundWorkflowIdOf } from '../support/refunding.ts';

let shop: Shop;
let desk: RefundDesk;
let stripe: SimulatorControl;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createRefundDesk(shop);
  stripe = simulatorAt(shop.endpoints.stripe);
});
afterAll(() => shop.close());

interface Sold {
  order: PurchaseOrder;
  end: PaymentResult;
}

async function sell(change?: OrderChange): Promise<Sold> {
  const order = shop.order(change);
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  expect(end.status).toBe('completed');
  return { order, end };
}

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);
const completed = (amount: number, burned: string[] = []) => ({
  status: 'completed',
  moneyMoved: 'refunded',
  amount,
  currency: 'USD',
  providerRefundId: expect.stringMatching(/^re_/) as string,
  burned,
});

describe.concurrent('what goes back', () => {
  test('all of it, tickets burned: money and tokens are gone, order and tickets can be sold again', async () => {
    const sold = await sell({ tickets: 2, fee: 500 });
    const { order } = sold;
    const ids = order.tickets.map(({ ticketId }) => ticketId);
    expect(await recordOf(order)).toMatchObject({ refunds: 0, refunded: 0, owned: 2, holdsLive: 3 });

    const result = await desk.refund(order, { tickets: 'burn' });
    expect(result).toEqual(completed(order.amount, ids));
    const record = await recordOf(order);
    expect(record).toMatchObject({ refunds: 1, refunded: order.amount, mints: 2, owned: 0, holdsLive: 0 });
    // The provider keeps its fee.
    expect(record.ledger).toEqual({ captureTransactions: 1, sumsToZero: true, stripeBalance: -record.fees });
    expect(record.fees).toBeGreaterThan(0);
    expect(await desk.atProvider(order)).toMatchObject([{ amount: order.amount, status: 'succeeded' }]);
    expect(await shop.wrongs([sold])).toEqual({});

    const again = await sell({ orderId: order.orderId, ticketIds: ids });
    expect(await recordOf(again.order)).toMatchObject({ charges: 1, owned: 2, holdsLive: 3 });
    expect(await shop.wrongs([sold, again])).toEqual({});
  });

  test('parts of it, by amount and by ticket, and no more than is left', async () => {
    const sold = await sell({ tickets: 2, fee: 500 });
    const { order } = sold;
    const [first, second] = order.tickets.map(({ ticketId }) => ticketId);

    expect(await desk.refund(order, { amount: 3_333 })).toEqual(completed(3_333));
    expect(await desk.refund(order, { amount: 1_667 })).toEqual(completed(1_667));
    expect(await desk.refund(order, { ticketIds: [first!], tickets: 'burn' })).toEqual(completed(10_000, [first!]));
    const left = order.amount - 15_000;
    const record = await recordOf(order);
    expect(record).toMatchObject({ refunds: 3, refunded: 15_000, owned: 1, holdsLive: 3 });
    expect(record.ledger.stripeBalance).toBe(left - record.fees);

    const rejected = { status: 'rejected', moneyMoved: 'captured' };
    const tooMuch = await desk.refund(order, { amount: left + 1 });
    expect(tooMuch).toEqual({ ...rejected, reason: 'exceeds', refundable: left });
    const twice = await desk.refund(order, { ticketIds: [first!] });
    expect(twice).toEqual({ ...rejected, reason: 'ticket_refunded' });
    expect(await desk.refund(order, { ticketIds: ['nobody'] })).toEqual({ ...rejected, reason: 'ticket_unknown' });
    expect(await recordOf(order)).toEqual(record);

    expect(await desk.refund(order, { tickets: 'burn' })).toEqual(completed(left, [second!]));
    expect(await recordOf(order)).toMatchObject({ refunds: 4, refunded: order.amount, owned: 0, holdsLive: 0 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('50 at once that want twice what was paid: the provider gives back exactly what was paid', async () => {
    const sold = await sell();
    const { order } = sold;
    const part = order.amount / 25;
    const results = await Promise.all(Array.from({ length: 50 }, () => desk.refund(order, { amount: part })));
    expect(results.filter(({ status }) => status === 'completed')).toHaveLength(25);
    const others = results.filter(({ status }) => status !== 'completed');
    const none = { status: 'rejected', moneyMoved: expect.any(String) as string, reason: 'exceeds', refundable: 0 };
    expect(others).toEqual(Array.from({ length: 25 }, () => none));
    expect(await recordOf(order)).toMatchObject({ refunds: 25, refunded: order.amount, refundsPending: 0 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is asked for again when the answer was lost, and given back once', async () => {
    const sold = await sell();
    const request = desk.request(sold.order, { amount: 2_500 });
    const match = { method: 'POST', keyRegex: callsOf(refundWorkflowIdOf(request), 'refund') };
    await stripe.add({ kind: 'lose_answer', match });
    expect(await (await desk.start(request)).result()).toEqual(completed(2_500));
    expect(await recordOf(sold.order)).toMatchObject({ refunds: 1, refunded: 2_500, replays: 1 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is nothing while the charge is disputed', async () => {
    const sold = await sell();
    const dispute = await desk.dispute(await desk.chargeOf(sold.order));
    const rejected = { status: 'rejected', moneyMoved: 'captured', reason: 'disputed' };
    expect(await desk.refund(sold.order)).toEqual(rejected);
    expect(await recordOf(sold.order)).toMatchObject({ refunds: 0, refunded: 0, repaid: { done: 0, reserved: 0 } });
    await dispute.withdraw();
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is nothing of a purchase that was never paid, or that nobody knows', async () => {
    const order = shop.order({ paymentMethod: 'pm_card_visa_chargeDeclined' });
    const end = await (await shop.boxoffice.payments.purchase(order)).result();
    const rejected = { status: 'rejected', moneyMoved: 'none' };
    expect(await desk.refund(order)).toEqual({ ...rejected, reason: 'not_captured' });
    expect(await desk.refund(shop.order())).toEqual({ ...rejected, reason: 'no_payment' });
    expect(await shop.wrongs([{ order, end }])).toEqual({});
  });
});

async function askForAllPending() {
  const sold = await sell({ tickets: 2 });
  await desk.planNext('pending');
  const pending = await desk.untilPending(desk.request(sold.order, { tickets: 'burn' }));
  return { sold, pending };
}

/** Off the provider's balance and off ours; nothing burned, nothing left to refund, nothing free. */
async function expectPending({ order, end }: Sold): Promise<void> {
  const { amount } = order;
  const record = await recordOf(order);
  const repaid = { done: amount, reserved: 0, burnedTickets: 0 };
  expect(record).toMatchObject({ refunds: 1, refunded: amount, refundsPending: amount, repaid, owned: 2 });
  expect(record.ledger.stripeBalance).toBe(-record.fees);
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  expect(await shop.wrongsOfWorld()).toEqual([]);
  const more = await desk.refund(order, { amount: 1 });
  expect(more).toEqual({ status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 0 });
}

// One by one: the provider is told how its next refund begins.
describe('a refund that the provider takes its time for', () => {
  test('is booked when it is made, and burned when it succeeds', async () => {
    const { sold, pending } = await askForAllPending();
    await expectPending(sold);
    await desk.settle(pending, 'succeed');
    const { amount, tickets } = sold.order;
    expect(await pending.handle.result()).toEqual(completed(amount, tickets.map(({ ticketId }) => ticketId))); // prettier-ignore
    const repaid = { done: amount, reserved: 0, burnedTickets: 2 };
    expect(await recordOf(sold.order)).toMatchObject({ refunds: 1, refundsPending: 0, repaid, owned: 0, holdsLive: 0 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('is given back to the books when it fails, and can be asked for again', async () => {
    const { sold, pending } = await askForAllPending();
    await expectPending(sold);
    await desk.settle(pending, 'fail');
    expect(await pending.handle.result()).toEqual({
      status: 'failed',
      moneyMoved: 'captured',
      code: 'expired_or_canceled_card',
    });
    const repaid = { done: 0, reserved: 0, burnedTickets: 0 };
    expect(await recordOf(sold.order)).toMatchObject({ refunds: 1, refunded: 0, repaid, owned: 2, holdsLive: 3 });
    expect(await shop.wrongs([sold])).toEqual({});

    expect(await desk.refund(sold.order)).toEqual(completed(sold.order.amount));
    expect(await recordOf(sold.order)).toMatchObject({ refunds: 2, refunded: sold.order.amount, owned: 2 });
    expect(await shop.wrongs([sold])).toEqual({});
  });
});

test('nothing of all this is left running or unexplained', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.runningOf('refund')).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
