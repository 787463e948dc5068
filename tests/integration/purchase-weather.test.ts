/** What the world outside can do to a purchase, and what a purchase then leaves behind: a whole sale, or nothing. */
import type { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { PurchaseHandle } from '../../client/index.ts';
import { receiptKeyOf } from '../../contracts/hashes.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import { callsOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop, wallet, workflowIdOf } from '../support/purchases.ts';
import { filesWith } from '../support/world-files.ts';

let shop: Shop;
let stripe: SimulatorControl;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  stripe = simulatorAt(shop.endpoints.stripe);
});
afterAll(() => shop.close());

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);
const buy = (order: PurchaseOrder) => shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
const intentsOf = async (order: PurchaseOrder) =>
  (await stripe.objects<Stripe.PaymentIntent>('payment_intents')).filter(
    ({ metadata }) => metadata['workflow'] === workflowIdOf(order),
  );

describe.concurrent('a card that says no', () => {
  const cards = [
    { card: 'pm_card_visa_chargeDeclinedInsufficientFunds', code: 'insufficient_funds' },
    { card: 'pm_card_visa_chargeDeclinedExpiredCard', code: 'expired_card' },
  ];

  test.each(cards)('$card: declined, $code, nothing held, nothing minted', async ({ card, code }) => {
    const order = shop.order({ paymentMethod: card });
    const handle = await buy(order);
    const declined = { status: 'declined', moneyMoved: 'none', code };
    expect(handle.early).toEqual(declined);
    const end = await handle.result();
    expect(end).toEqual(declined);
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    expect(await recordOf(order)).toMatchObject({ charges: 0, held: 0, mints: 0, mails: 0, holdsLive: 0 });
  });
});

test.concurrent('a ticket that was minted for somebody else: unfulfilled, and the money is given back', async () => {
  const order = shop.order({ tickets: 2 });
  const { ticketId } = order.tickets[0]!;
  const { tenantId, venueId, eventId } = shop;
  const other = `0x${'2b'.repeat(20)}`;
  const request = { tenantId, venueId, eventId, ticketId, mintKey: 'guest-list', wallet: other, reason: 'guest list' };
  expect((await (await shop.boxoffice.mints.request(request)).result()).status).toBe('minted');

  const handle = await buy(order);
  const end = await handle.result();
  expect(end).toEqual({ status: 'unfulfilled', moneyMoved: 'none', reason: 'ticket_taken' });
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  expect((await intentsOf(order)).map(({ status }) => status)).toEqual(['canceled']);
  expect(await recordOf(order)).toMatchObject({ mints: 0, holdsLive: 0, mails: 0 });
  // Asked again, the buyer is not told of money that is not held any more.
  expect((await buy(order)).early).toEqual(end);
});

/** Everything fails in front of the provider, questions included. */
const storm = () => stripe.add({ kind: 'status', status: 503, times: 'forever' });

const attentionOf = async (order: PurchaseOrder, attention: string) => {
  const { count } = await shop.client.workflow.count(
    `WorkflowId = '${workflowIdOf(order)}' AND Attention = '${attention}' AND ExecutionStatus = 'Running'`,
  );
  return count === 1;
};

describe('a storm at the card provider', () => {
  test('that outlasts every call allowed parks the purchase for a person, and a cancel then gives the money back', async () => {
    const order = shop.order();
    // The money is held, the answer is lost, and from then on there is no answer at all.
    const match = { keyRegex: callsOf(workflowIdOf(order), 'authorize') };
    await stripe.add({ kind: 'lose_answer', match });
    const lasting = await storm();
    let handle: PurchaseHandle;
    try {
      handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 1_000 });
      expect(handle.early).toEqual({ status: 'pending' });
      expect(await until(() => attentionOf(order, 'review'), { withinMs: 30_000 })).toBe(true);

      const parked = await recordOf(order);
      expect(parked.deadLetters).toEqual([{ step: 'authorize', error: 'budget_exhausted', resolved: false }]);
      expect(parked.held).toBe(order.amount);
      expect(parked.claim?.status).toBe('live');
      expect(parked.history?.status).toBe('RUNNING');
      const { tenantId, idempotencyKey: paymentKey } = order;
      expect(await handle.status()).toMatchObject({ stage: 'in review', attention: 'review' });
      const listed = await shop.boxoffice.payments.list({ tenantId, attention: 'review' });
      expect(listed.map((summary) => summary.paymentKey)).toContain(paymentKey);
    } finally {
      await lasting.clear();
    }

    const end = await handle.cancel({ actor: 'operator', reason: 'the buyer waits no longer' });
    expect(end.status).toBe('cancelled');
    expect(await handle.result()).toEqual(end);
    expect((await intentsOf(order)).map(({ status }) => status)).toEqual(['canceled']);
    expect(await recordOf(order)).toMatchObject({ intents: 1, charges: 0, held: 0, holdsLive: 0 });
    expect(await shop.wrongs([{ order, end }])).toEqual({});
  });

  test.concurrent('that passes in time costs nothing but time', async () => {
    const order = shop.order();
    const match = { method: 'POST', keyRegex: callsOf(workflowIdOf(order), 'authorize') };
    await stripe.add({ kind: 'status', status: 503, times: 3, match });
    await stripe.add({ kind: 'close', times: 2, match });
    const handle = await buy(order);
    const end = await handle.result();
    expect(end.status).toBe('completed');
    expect(await shop.wrongs([{ order, end }])).toEqual({});
    expect(await recordOf(order)).toMatchObject({ intents: 1, charges: 1, mints: 1 });
  });
});

test.concurrent('a receipt whose answer was lost comes again under the same Message-ID, and is counted', async () => {
  const order = shop.order();
  const receipt = `^<acme\\.${receiptKeyOf(workflowIdOf(order))}@`;
  const mailbox = simulatorAt(shop.endpoints.smtp.inbox);
  await mailbox.add({ kind: 'lose_answer', match: { method: 'DATA', keyRegex: receipt } });
  const end = await (await buy(order)).result();
  expect(end.status).toBe('completed');
  const mails = await shop.audit.receipts(order.tenantId, order.idempotencyKey);
  expect(mails).toHaveLength(2);
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
  expect(mails.every(({ to }) => to.length === 1 && to[0] === shop.email)).toBe(true);
  const { duplicateMails } = await shop.audit.world();
  expect(duplicateMails[mails[0]!.messageId]).toBe(2);
  expect(await shop.wrongs([{ order, end }])).toEqual({});
});

describe.concurrent('money in currencies of no, two and three decimals', () => {
  const sales = [
    { currency: 'JPY', price: 3_333, fee: 167, tickets: 3 },
    { currency: 'USD', price: 3_333, fee: 101, tickets: 3 },
    { currency: 'KWD', price: 12_340, fee: 10, tickets: 2 },
  ] as const;

  test.each(sales)('$currency: the ledger equals the provider to the minor unit', async ({ currency, ...sale }) => {
    const local = await openShop(shop.endpoints, currency);
    try {
      const order = local.order(sale);
      const end = await (await local.boxoffice.payments.purchase(order)).result();
      expect(end).toMatchObject({ status: 'completed', amount: sale.price * sale.tickets + sale.fee, currency });
      expect(await local.wrongs([{ order, end }])).toEqual({});
      const { captured, fees, ledger } = await local.audit.purchase(order.tenantId, order.idempotencyKey);
      expect(captured).toBe(order.amount);
      expect(fees).toBeGreaterThan(0);
      expect(ledger.stripeBalance).toBe(order.amount - fees);
    } finally {
      await local.close();
    }
  });
});

test("nothing of all this is left running or unexplained, and the buyer's address stands nowhere", async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
  const dir = inject('worldDir');
  const { tokens, postgres } = shop.endpoints;
  const needles = { email: shop.email, token: tokens['acme']!['admin']!, password: new URL(postgres).password };
  expect(await filesWith(dir, needles)).toEqual({});
  // What does stand there is found, so the search is not blind.
  expect(await filesWith(dir, { wallet })).toHaveProperty('wallet');
});
