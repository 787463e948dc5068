/** 3-D Secure on real parts: the webhook comes or does not, the customer confirms, fails, or somebody cancels first. */
import type { Stripe } from 'stripe';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ApiError, createBoxoffice, type PurchaseHandle } from '../../client/index.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { createProviderControl, type ProviderControl } from '../../sandbox/scenarios/provider-control.ts';
import { callsOf, type SimulatorControl, simulatorAt } from '../support/faults.ts';
import { openShop, type Shop, workflowIdOf } from '../support/purchases.ts';
import { filesWith } from '../support/world-files.ts';

const me = { actor: 'support-7', reason: 'wrong seats' };
let shop: Shop;
let stripe: SimulatorControl;
let bank: ProviderControl;
const secrets: string[] = [];
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  stripe = simulatorAt(shop.endpoints.stripe);
  bank = createProviderControl(shop.endpoints.stripe);
});
afterAll(() => shop.close());

const recordOf = ({ tenantId, idempotencyKey }: PurchaseOrder) => shop.audit.purchase(tenantId, idempotencyKey);
const challenged = () => shop.order({ paymentMethod: 'pm_card_threeDSecure2Required' });

interface Asked {
  order: PurchaseOrder;
  handle: PurchaseHandle;
  intentId: string;
}

/** A purchase that waits for its customer. */
async function ask(order = challenged()): Promise<Asked> {
  const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
  const { early } = handle;
  if (early.status !== 'requires_action') throw new Error(`the customer is not asked: ${early.status}`);
  const { amount, currency } = order;
  expect(early).toMatchObject({ moneyMoved: 'none', amount, currency });
  expect(early.clientSecret).toMatch(new RegExp(`^${early.intentId}_secret_`));
  secrets.push(early.clientSecret!);
  return { order, handle, intentId: early.intentId };
}

async function expectSound({ order, handle, intentId }: Asked, end: PaymentResult): Promise<void> {
  expect(await shop.wrongs([{ order, end }])).toEqual({});
  await expect(handle.customerAction()).rejects.toMatchObject({ code: 'not_found', status: 404 });
  const intents = await stripe.objects<Stripe.PaymentIntent>('payment_intents');
  const { status } = intents.find(({ id }) => id === intentId)!;
  expect(status).toBe(end.status === 'completed' ? 'succeeded' : 'canceled');
}

const request = async (method: string, path: string, role: string, body?: object, key?: string) => {
  const response = await fetch(`${shop.endpoints.api}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${shop.endpoints.tokens['acme']![role]!}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test.concurrent('a customer who confirms: the webhook says so, the purchase completes', async () => {
  const asked = await ask();
  const { order, handle, intentId } = asked;
  expect(await handle.status()).toMatchObject({
    stage: 'awaiting customer',
    attention: 'customer',
    moneyMoved: 'none',
  });
  expect(await recordOf(order)).toMatchObject({ intents: 1, charges: 0, held: 0, holdsLive: 2 });
  await bank.authenticate(intentId, 'succeed');
  expect(await handle.authorized()).toMatchObject({ status: 'authorized', moneyMoved: 'held', intentId });
  const end = await handle.result();
  expect(end).toMatchObject({ status: 'completed', intentId });
  // One signal: the events of the capture are nobody's to hear.
  const { events } = await shop.client.workflow.getHandle(handle.workflowId).fetchHistory();
  const signals = (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes);
  expect(signals).toHaveLength(1);
  await expectSound(asked, end);
  expect(await recordOf(order)).toMatchObject({ intents: 1, charges: 1, captured: order.amount, mints: 1, mails: 1 });
  // Asked again, long after: not the answer of then.
  expect((await shop.boxoffice.payments.purchase(order)).early).toEqual(end);
});

test.concurrent(
  'a customer who fails: declined with the code of the bank, nothing is held, another card can pay',
  async () => {
    const asked = await ask();
    await bank.authenticate(asked.intentId, 'fail');
    const end = await asked.handle.result();
    expect(end).toEqual({ status: 'declined', moneyMoved: 'none', code: 'payment_intent_authentication_failure' });
    await expectSound(asked, end);
    expect(await recordOf(asked.order)).toMatchObject({ intents: 1, charges: 0, held: 0, holdsLive: 0, mails: 0 });
    const { orderId, tickets } = asked.order;
    const again = shop.order({ orderId, ticketIds: tickets.map(({ ticketId }) => ticketId) });
    const paid = await (await shop.boxoffice.payments.purchase(again, { deadlineMs: 60_000 })).result();
    expect(paid.status).toBe('completed');
    expect(await shop.wrongs([{ order: again, end: paid }])).toEqual({});
  },
);

test.concurrent(
  'cancelled while the customer is waited for: the intent is canceled, and they can confirm no more',
  async () => {
    const asked = await ask();
    const end = await asked.handle.cancel(me);
    expect(end).toEqual({ status: 'cancelled', moneyMoved: 'none', ...me });
    await expectSound(asked, end);
    await expect(bank.authenticate(asked.intentId, 'succeed')).rejects.toThrow('is canceled');
    expect(await recordOf(asked.order)).toMatchObject({ intents: 1, charges: 0, held: 0, holdsLive: 0 });
  },
);

test.concurrent('a lost answer of the authorization asks the customer once', async () => {
  const order = challenged();
  await stripe.add({
    kind: 'lose_answer',
    match: { method: 'POST', keyRegex: callsOf(workflowIdOf(order), 'authorize') },
  });
  const asked = await ask(order);
  await bank.authenticate(asked.intentId, 'succeed');
  const end = await asked.handle.result();
  expect(end.status).toBe('completed');
  await expectSound(asked, end);
  expect(await recordOf(order)).toMatchObject({ intents: 1, charges: 1, replays: 1 });
});

test.concurrent(
  'over HTTP: the secret is in the answer, for those who sell only, and for as long as it is needed',
  async () => {
    const { tenantId: _, idempotencyKey: key, ...body } = challenged();
    const first = await request('POST', '/payments', 'service', body, key);
    expect(first).toMatchObject({ status: 201, body: { status: 'requires_action', id: key, moneyMoved: 'none' } });
    const { clientSecret, intentId, expiresAt, workflowId } = first.body;
    expect(clientSecret).toMatch(/_secret_/);
    secrets.push(clientSecret as string);
    const again = await request('POST', '/payments', 'service', body, key);
    expect(again).toEqual({ status: 200, body: first.body });

    const path = `/payments/${key}/customer-action`;
    for (const role of ['service', 'admin'])
      expect(await request('GET', path, role)).toMatchObject({
        status: 200,
        body: { id: key, workflowId, intentId, clientSecret, expiresAt },
      });
    for (const role of ['operator', 'approver', 'viewer'])
      expect(await request('GET', path, role)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const { body: seen } = await request('GET', `/payments/${key}`, 'service');
    expect(seen).toMatchObject({ status: 'live', stage: 'awaiting customer', attention: 'customer' });
    expect(JSON.stringify(seen)).not.toContain(clientSecret as string);

    await bank.authenticate(intentId as string, 'succeed');
    const handle = shop.boxoffice.payments.get('acme', key);
    expect((await handle.result()).status).toBe('completed');
    expect(await request('GET', path, 'service')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  },
);

test.concurrent(
  'a client without access to the API has the answer without the secret, and says what it lacks',
  async () => {
    const { temporal } = shop.endpoints;
    const bare = createBoxoffice({ temporal });
    try {
      const order = challenged();
      const handle = await bare.payments.purchase(order, { deadlineMs: 60_000 });
      expect(handle.early).toMatchObject({ status: 'requires_action' });
      expect(handle.early).not.toHaveProperty('clientSecret');
      await expect(handle.customerAction()).rejects.toThrow('need the API');
      // Another tenant's token finds nothing of this one.
      const token = shop.endpoints.tokens['globex']!['service']!;
      const stranger = createBoxoffice({ temporal, api: { url: shop.endpoints.api, token } });
      await expect(stranger.payments.get('acme', order.idempotencyKey).customerAction()).rejects.toThrow(ApiError);
      await stranger.close();
      const end = await handle.cancel(me);
      expect(await shop.wrongs([{ order, end }])).toEqual({});
    } finally {
      await bare.close();
    }
  },
);

const webhooks = async (mode: 'drop' | 'deliver') => {
  await fetch(`${shop.endpoints.stripe}/_sim/webhooks`, { method: 'POST', body: JSON.stringify({ mode }) });
};

// By itself: it turns the webhooks of everybody off.
test('a webhook that never comes costs time only: the purchase looks, and completes', async () => {
  await webhooks('drop');
  try {
    const asked = await ask();
    await bank.authenticate(asked.intentId, 'succeed');
    const end = await asked.handle.result();
    expect(end.status).toBe('completed');
    await expectSound(asked, end);
  } finally {
    await webhooks('deliver');
  }
});

test('a client secret stands in no history, attribute, memo or log, and nothing is left running', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
  expect(secrets.length).toBeGreaterThan(5);
  const needles = Object.fromEntries(secrets.map((secret, index) => [`secret ${index}`, secret]));
  expect(await filesWith(inject('worldDir'), needles)).toEqual({});
});
