/** What a bank takes back, and gives back: told by the provider, the books and the chain. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { createDisputeDesk } from '../support/disputing.ts';
import { openShop, type OrderChange, type Shop } from '../support/purchases.ts';

let shop: Shop;
let desk: ReturnType<typeof createDisputeDesk>;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  desk = createDisputeDesk(shop);
});
afterAll(() => shop.close());

interface Sold {
  order: PurchaseOrder;
  end: PaymentResult;
}

async function sell(change?: OrderChange): Promise<Sold> {
  const order = shop.order({ fee: 500, ...change });
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 })).result();
  expect(end.status).toBe('completed');
  return { order, end };
}

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);
const usd = (amount: number, fee = 1_500) => ({ amount, currency: 'USD', fee });
const disputed = { status: 'rejected', moneyMoved: 'captured', reason: 'disputed' };

/** Through the API, as an operator reads it. */
async function read(path: string): Promise<unknown> {
  const { api, tokens } = shop.endpoints;
  const response = await fetch(`${api}${path}`, {
    headers: { authorization: `Bearer ${tokens[shop.tenantId]!['viewer'] ?? tokens[shop.tenantId]!['admin']!}` },
  });
  return response.json();
}

describe.concurrent('a dispute', () => {
  test('that is lost: refused refunds meanwhile, booked as the provider did it, tickets locked', async () => {
    const sold = await sell({ tickets: 2 });
    const { order } = sold;
    const dispute = await desk.open(order, { dueInSeconds: 20 * 24 * 3_600 });
    await dispute.until('respond');
    const status = await dispute.handle.status();
    expect(status).toMatchObject({ attention: 'review', evidenceDueBy: expect.stringMatching(/Z$/) as string });
    expect(await desk.refunds.refund(order, { amount: 1 })).toEqual(disputed);
    const open = await recordOf(order);
    expect(open).toMatchObject({ disputed: order.amount, disputeFees: 1_500, refunds: 0 });
    expect(open.ledger.stripeBalance).toBe(-open.fees - 1_500);
    expect(await shop.wrongs([sold])).toEqual({});

    await dispute.decide('lost');
    const locked = order.tickets.map(({ ticketId }) => ticketId);
    expect(await dispute.handle.result()).toEqual({ status: 'lost', ...usd(order.amount), locked });
    expect(await recordOf(order)).toMatchObject({ disputed: order.amount, owned: 2, holdsLive: 3 });
    const view = {
      id: dispute.id,
      status: 'lost',
      withdrawn: order.amount,
      fee: 1_500,
      paymentKey: order.idempotencyKey,
    };
    expect(await read(`/disputes/${dispute.id}`)).toMatchObject(view);
    expect(await read(`/payments/${order.idempotencyKey}/disputes`)).toMatchObject({ disputes: [view] });
    expect(await read('/disputes/dp_none')).toMatchObject({ code: 'not_found' });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that is won, its fee kept: the money is back, and can be refunded', async () => {
    const sold = await sell();
    const { order } = sold;
    const dispute = await desk.open(order);
    await dispute.until('respond');
    await dispute.decide('won');
    expect(await dispute.handle.result()).toEqual({ status: 'won', ...usd(order.amount) });
    expect(await recordOf(order)).toMatchObject({ disputed: 0, disputeFees: 1_500 });
    expect(await desk.refunds.refund(order)).toMatchObject({ status: 'completed', amount: order.amount });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that the customer withdraws, its fee given back: as if it had never been', async () => {
    const sold = await sell();
    const before = (await recordOf(sold.order)).ledger;
    const dispute = await desk.open(sold.order);
    await dispute.until('respond');
    await dispute.decide('withdrawn', true);
    expect(await dispute.handle.result()).toEqual({ status: 'won', ...usd(sold.order.amount, 0) });
    expect((await recordOf(sold.order)).ledger).toEqual(before);
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('of a part that is lost leaves the other part', async () => {
    const sold = await sell();
    const { order } = sold;
    const dispute = await desk.open(order, { amount: 4_000 });
    await dispute.until('respond');
    await dispute.decide('lost');
    expect(await dispute.handle.result()).toMatchObject({ status: 'lost', ...usd(4_000) });
    const left = order.amount - 4_000;
    const tooMuch = await desk.refunds.refund(order, { amount: left + 1 });
    expect(tooMuch).toEqual({ status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: left });
    // The provider refunds nothing of a charge that was charged back.
    expect(await desk.refunds.refund(order, { amount: left })).toEqual(disputed);
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that is only an inquiry moves nothing, allows refunds, and is closed by one', async () => {
    const sold = await sell();
    const { order } = sold;
    const dispute = await desk.open(order, { status: 'warning_needs_response' });
    await dispute.until('inquiry');
    expect(await desk.refunds.refund(order)).toMatchObject({ status: 'completed' });
    expect(await dispute.handle.result()).toEqual({ status: 'withdrawn' });
    expect(await recordOf(order)).toMatchObject({ disputed: 0, disputeFees: 0, refunded: order.amount });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that grows out of an inquiry takes the money then', async () => {
    const sold = await sell();
    const dispute = await desk.open(sold.order, { status: 'warning_needs_response' });
    await dispute.until('inquiry');
    expect(await recordOf(sold.order)).toMatchObject({ disputed: 0 });
    await dispute.decide('escalated');
    await dispute.until('respond');
    await dispute.decide('lost');
    expect(await dispute.handle.result()).toMatchObject({ status: 'lost', ...usd(sold.order.amount) });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('whose deadline is near says so', async () => {
    const sold = await sell();
    const dispute = await desk.open(sold.order, { dueInSeconds: 3_600 });
    await dispute.until('evidence due');
    expect(await dispute.handle.status()).toMatchObject({ attention: 'review' });
    await dispute.decide('won', true);
    expect(await dispute.handle.result()).toMatchObject({ status: 'won' });
  });

  test('a refund that failed after it had succeeded is taken back by the books, and a person hears of it', async () => {
    const sold = await sell();
    const { order } = sold;
    const before = (await recordOf(order)).ledger;
    const request = desk.refunds.request(order);
    expect(await (await desk.refunds.start(request)).result()).toMatchObject({ status: 'completed' });
    const [refund] = await desk.refunds.atProvider(order);
    await desk.failLater(refund!.id);
    const workflowId = refundReturnWorkflowId(order.tenantId, request.refundId);
    const returning = shop.client.workflow.getHandle(workflowId);
    const started = () => returning.describe().then(() => true);
    expect(await until(started, { withinMs: 20_000 })).toBe(true);
    expect(await returning.result()).toEqual({
      status: 'returned', amount: order.amount, currency: 'USD', code: 'expired_or_canceled_card',
    }); // prettier-ignore
    const record = await recordOf(order);
    expect(record.ledger).toEqual(before);
    expect(record).toMatchObject({ refunded: 0, repaid: { done: 0, reserved: 0 } });
    expect(await shop.wrongs([sold])).toEqual({});
    // Its money is there again for another try.
    expect(await desk.refunds.refund(order)).toMatchObject({ status: 'completed', amount: order.amount });
  });
});

// One by one: how the provider sends its webhooks is the same for all.
describe('webhooks of a dispute', () => {
  test('that come twice and in the wrong order are looked up, and booked once', async () => {
    const sold = await sell();
    const dispute = await desk.withWebhooks({ mode: 'hold', copies: 2 }, async (release) => {
      const opened = await desk.open(sold.order);
      await opened.decide('won');
      await release('reverse');
      return opened;
    });
    expect(await dispute.handle.result()).toEqual({ status: 'won', ...usd(sold.order.amount) });
    expect(await recordOf(sold.order)).toMatchObject({ disputed: 0, disputeFees: 1_500 });
    expect(await shop.wrongs([sold])).toEqual({});
  });

  test('that never come cost nothing but time: one look books all of it', async () => {
    const sold = await sell();
    const dispute = await desk.withWebhooks({ mode: 'drop' }, async () => {
      const opened = await desk.open(sold.order);
      await opened.decide('lost');
      return opened;
    });
    await desk.startByHand(sold.order, dispute);
    expect(await dispute.handle.result()).toMatchObject({ status: 'lost', ...usd(sold.order.amount) });
    expect(await shop.wrongs([sold])).toEqual({});
  });
});

test('nothing of all this is left running', async () => {
  expect(await shop.runningOf('dispute', 'refundReturn')).toBe(0);
});
