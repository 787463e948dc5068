/** The API as a service meets it: over HTTP, with tokens, in front of the whole of Boxoffice. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { until } from '../../sandbox/processes/until.ts';
import type { Delivery } from '../../sandbox/stripe/webhooks.ts';
import { simulatorAt } from '../support/faults.ts';
import { type OrderChange, openShop, type Shop, workflowIdOf } from '../support/purchases.ts';

let shop: Shop;
let pool: Pool;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  pool = createPool({ url: shop.endpoints.postgresOwner, max: 2, applicationName: 'api-test' });
});
afterAll(async () => {
  await shop.close();
  await pool.end();
});

interface Answer {
  status: number;
  type: string;
  location: string | null;
  body: Record<string, unknown>;
}

interface Call {
  body?: unknown;
  key?: string;
  /** Of `tokens[tenant]`; null: no token at all. */
  role?: string | null;
  tenant?: string;
}

async function call(method: string, path: string, { body, key, role = 'service', tenant = 'acme' }: Call = {}) {
  const response = await fetch(new URL(path, shop.endpoints.api), {
    method,
    headers: {
      ...(role === null ? {} : { authorization: `Bearer ${shop.endpoints.tokens[tenant]![role]}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: Answer = {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    location: response.headers.get('location'),
    body: (await response.json()) as Record<string, unknown>,
  };
  return answer;
}

/** An order as HTTP carries it: tenant by the token, key by the header. */
function request(change: OrderChange = {}) {
  const order = shop.order(change);
  const { tenantId: _, idempotencyKey: key, ...body } = order;
  return { order, key, body };
}

const ended = async (key: string) => {
  let answer: Answer | undefined;
  await until(
    async () => {
      answer = await call('GET', `/payments/${key}`);
      return answer.body['status'] !== 'live';
    },
    { withinMs: 30_000 },
  );
  return answer!;
};

test.concurrent(
  'a purchase: 201, the same again 200, another body 422, its order elsewhere 409, all with one charge',
  async () => {
    const { order, key, body } = request();
    const first = await call('POST', '/payments', { key, body });
    expect(first).toMatchObject({
      status: 201,
      location: `/payments/${key}`,
      body: {
        id: key,
        workflowId: workflowIdOf(order),
        status: 'authorized',
        moneyMoved: 'held',
        amount: order.amount,
      },
    });
    const second = await call('POST', '/payments', { key, body });
    expect(second.status).toBe(200);

    const other = await call('POST', '/payments', { key, body: { ...body, userId: 'somebody-else' } });
    expect(other).toMatchObject({ status: 422, body: { code: 'key_reused', moneyMoved: 'none' } });
    expect(other.type).toContain('application/problem+json');
    const elsewhere = request({ orderId: order.orderId });
    expect(await call('POST', '/payments', elsewhere)).toMatchObject({
      status: 409,
      body: { code: 'order_live', moneyMoved: 'none', otherPayment: key },
    });

    const end = await ended(key);
    expect(end).toMatchObject({ status: 200, body: { status: 'completed', moneyMoved: 'captured' } });
    const result = await shop.boxoffice.payments.get(order.tenantId, key).result();
    expect(await call('POST', '/payments', { key, body })).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
    expect(await shop.wrongs([{ order, end: result }])).toEqual({});
  },
);

test.concurrent('a decline is 201 with its status', async () => {
  const { key, body } = request({ paymentMethod: 'pm_card_visa_chargeDeclined' });
  expect(await call('POST', '/payments', { key, body })).toMatchObject({
    status: 201,
    body: { status: 'declined', moneyMoved: 'none' },
  });
});

test.concurrent('a cancel answers how the purchase ended', async () => {
  const { order, key, body } = request();
  await call('POST', '/payments', { key, body });
  const answer = await call('POST', `/payments/${key}/cancel`, { body: { reason: 'changed my mind' } });
  expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled', moneyMoved: 'none' } });
  const end = await shop.boxoffice.payments.get(order.tenantId, key).result();
  expect(end).toMatchObject({ status: 'cancelled', actor: 'acme-service', reason: 'changed my mind' });
  expect(await shop.wrongs([{ order, end }])).toEqual({});
});

test.concurrent('without a token 401, without the right to buy 403, and another tenant sees nothing: 404', async () => {
  const { key, body } = request();
  await call('POST', '/payments', { key, body });
  const path = `/payments/${key}`;
  expect((await call('GET', path, { role: null })).status).toBe(401);
  expect((await call('POST', '/payments', { key: `${key}-x`, body, role: null })).status).toBe(401);
  expect((await call('POST', '/payments', { key: `${key}-x`, body, role: 'viewer' })).status).toBe(403);
  expect((await call('GET', path, { role: 'viewer' })).status).toBe(200);
  expect((await call('GET', path, { tenant: 'globex' })).status).toBe(404);
  const cancel = { tenant: 'globex', body: { reason: 'not mine' } };
  expect((await call('POST', `${path}/cancel`, cancel)).status).toBe(404);
  expect((await ended(key)).body['status']).toBe('completed');
});

const rowsOf = async (eventId: string) =>
  (await pool.query('select tenant_id, processed_at from webhook_events where event_id = $1', [eventId])).rows;

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, shop.endpoints.stripe), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as T;
}

const deliveriesOf = async (eventId: string) => {
  const { deliveries } = await control<{ deliveries: Delivery[] }>('GET', '/_sim/webhooks');
  return deliveries.filter((delivery) => delivery.eventId === eventId);
};

describe.concurrent("Stripe's webhooks", () => {
  test('are recorded once each, however often they come', async () => {
    const { key, body } = request();
    const first = await call('POST', '/payments', { key, body });
    await ended(key);
    const events = await simulatorAt(shop.endpoints.stripe).objects<{ id: string; type: string; data: object }>(
      'events',
    );
    const intentId = String(first.body['intentId']);
    const captured = events.find(
      ({ type, data }) => type === 'payment_intent.succeeded' && JSON.stringify(data).includes(intentId),
    );
    const eventId = captured!.id;

    await control('POST', '/_sim/webhooks/resend', { event: eventId });
    await control('POST', '/_sim/webhooks/resend', { event: eventId });
    const delivered = async () => {
      const deliveries = await deliveriesOf(eventId);
      return deliveries.length === 3 && deliveries.every(({ state }) => state === 'delivered');
    };
    expect(await until(delivered, { withinMs: 10_000 })).toBe(true);
    expect(await rowsOf(eventId)).toEqual([{ tenant_id: 'acme', processed_at: expect.any(String) }]);
  });

  test('with a forged signature are refused and leave no trace', async () => {
    const eventId = `evt_forged_${shop.venueId.replace('venue-', '')}`;
    const event = {
      id: eventId,
      object: 'event',
      type: 'payment_intent.canceled',
      livemode: false,
      created: 1,
      data: {},
    };
    const forge = (signature?: string) =>
      fetch(new URL('/webhooks/stripe', shop.endpoints.api), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(signature === undefined ? {} : { 'stripe-signature': signature }),
        },
        body: JSON.stringify(event),
      });
    const now = Math.floor(Date.now() / 1_000);
    for (const signature of [undefined, `t=${now},v1=${'0'.repeat(64)}`])
      expect((await forge(signature)).status).toBe(400);
    expect(await rowsOf(eventId)).toEqual([]);
  });
});

test('nothing of all this is left unexplained', async () => {
  expect(await shop.running()).toBe(0);
  expect(await shop.wrongsOfWorld()).toEqual([]);
});
