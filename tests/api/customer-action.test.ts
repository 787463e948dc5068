/** 3-D Secure over HTTP: who gets the client secret, and which events reach the purchase. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { EarlyAnswer } from '../../contracts/payment.ts';
import { authorized } from '../support/orders.ts';
import { type ApiWorld, bearer, createApiWorld, orderOf, stripeSignature } from './api-world.ts';

const workflowId = 'payment:acme:key-1';
const webUi = 'http://127.0.0.1:8233/namespaces/default/workflows/payment%3Aacme%3Akey-1';
const { tenantId: _, idempotencyKey: __, ...body } = orderOf();
const expiresAt = '2027-01-01T00:30:00.000Z';
const clientSecret = 'pi_1_secret_x';
const wanted: EarlyAnswer = {
  status: 'requires_action',
  moneyMoved: 'none',
  amount: 5_250,
  currency: 'USD',
  intentId: 'pi_1',
  expiresAt,
};
let world: ApiWorld;

const signals = () => world.temporal.run(workflowId).signals;
const buy = async () =>
  world.app.inject({
    method: 'POST',
    url: '/payments',
    headers: { ...(await bearer()), 'idempotency-key': 'key-1' },
    payload: body,
  });
const read = async (role = 'service', tenant = 'acme') =>
  world.app.inject({
    method: 'GET',
    url: '/payments/key-1/customer-action',
    headers: await bearer({ role, tenant }),
  });
const waitForCustomer = () =>
  world.store.customerActionsByKey.set('acme/key-1', { workflowId, intentId: 'pi_1', clientSecret, expiresAt });

beforeEach(async () => {
  world = await createApiWorld();
  world.temporal.onStart = (run) => Object.assign(run, { early: wanted });
  world.temporal.standing = { stage: 'awaiting customer', attention: 'customer', moneyMoved: 'none', next: '' };
  waitForCustomer();
});

describe('POST /payments with a card that asks for its holder', () => {
  it('201: the early answer, with the secret; 200 and the same when it is sent again', async () => {
    const expected = { id: 'key-1', workflowId, webUi, ...wanted, clientSecret };
    const answer = await buy();
    expect([answer.statusCode, answer.json()]).toEqual([201, expected]);
    const again = await buy();
    expect([again.statusCode, again.json()]).toEqual([200, expected]);
  });

  it('200 once they have acted: what is true now, from an update of its own, and no secret', async () => {
    await buy();
    world.temporal.standing = { stage: 'minting', attention: 'none', moneyMoved: 'held', next: '' };
    world.temporal.run(workflowId).afterCustomer = authorized;
    world.store.customerActionsByKey.clear();
    const answer = await buy();
    expect([answer.statusCode, answer.json()]).toEqual([200, { id: 'key-1', workflowId, webUi, ...authorized }]);
  });

  it('writes the secret into no log', async () => {
    await buy();
    await read();
    expect(world.log.length).toBeGreaterThan(1);
    expect(world.log.join('\n')).not.toContain('secret_x');
  });
});

describe('GET /payments/:id/customer-action', () => {
  it.each(['service', 'admin'])('200 for %s, and kept by no cache', async (role) => {
    const answer = await read(role);
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.json()).toEqual({ id: 'key-1', workflowId, webUi, intentId: 'pi_1', clientSecret, expiresAt });
  });

  it.each(['operator', 'approver', 'viewer'])('403 for %s', async (role) => {
    expect((await read(role)).statusCode).toBe(403);
  });

  it("404: nobody is waited for, or it is another tenant's", async () => {
    expect((await read('service', 'globex')).json()).toMatchObject({ status: 404, code: 'not_found' });
    world.store.customerActionsByKey.clear();
    expect((await read()).json()).toMatchObject({ status: 404, code: 'not_found' });
  });
});

const send = (type: string) => {
  const metadata = { tenant: 'acme', workflow: workflowId };
  const payload = JSON.stringify({
    id: `evt_${type}`,
    object: 'event',
    type,
    livemode: false,
    created: 1_800_000_000,
    data: { object: { id: 'pi_1', object: 'payment_intent', client_secret: clientSecret, metadata } },
  });
  const headers = { 'content-type': 'application/json', 'stripe-signature': stripeSignature(payload) };
  return world.app.inject({ method: 'POST', url: '/webhooks/stripe', payload, headers });
};

describe('an event of what a customer did', () => {
  const types = ['payment_intent.amount_capturable_updated', 'payment_intent.payment_failed'];

  it.each(types)('reaches a purchase that waits for it: %s', async (type) => {
    await buy();
    expect((await send(type)).statusCode).toBe(200);
    expect(signals().map(({ input }) => input)).toEqual([
      { provider: 'stripe', eventId: `evt_${type}`, type, objectId: 'pi_1' },
    ]);
    expect(JSON.stringify([...world.store.recorded.values()])).not.toContain('secret_x');
  });

  it.each(types)('costs no other purchase any history: %s', async (type) => {
    await buy();
    world.store.customerActionsByKey.clear();
    expect((await send(type)).json()).toEqual({ received: true, duplicate: false });
    expect(signals()).toEqual([]);
  });
});
