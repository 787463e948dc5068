import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiWorld, createApiWorld, stripeSignature } from './api-world.ts';
import { createBoxoffice } from '../../client/index.ts';
import { completed, orderOf } from '../support/orders.ts';
import { refunded, requestOf } from '../support/refund-requests.ts';

const workflowId = 'payment:acme:key-1';
let world: ApiWorld;

const eventOf = (change: object = {}, metadata: object | null = { tenant: 'acme', workflow: workflowId }) =>
  JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.canceled',
    livemode: false,
    created: 1_800_000_000,
    data: { object: { id: 'pi_1', object: 'payment_intent', metadata, receipt_email: 'ada@example.com' } },
    ...change,
  });

const send = (payload: string, signature: string | undefined = stripeSignature(payload)) =>
  world.app.inject({
    method: 'POST',
    url: '/webhooks/stripe',
    payload,
    headers: {
      'content-type': 'application/json',
      ...(signature === undefined ? {} : { 'stripe-signature': signature }),
    },
  });

const signals = () => world.temporal.run(workflowId).signals;

beforeEach(async () => {
  world = await createApiWorld();
  await createBoxoffice({ temporal: { client: world.temporal.client } }).payments.purchase(orderOf());
});

describe('a signed event', () => {
  it('reaches the running purchase, once, needs no token, and is recorded without personal data', async () => {
    const answer = await send(eventOf());
    expect([answer.statusCode, answer.json()]).toEqual([200, { received: true, duplicate: false }]);
    const again = await send(eventOf());
    expect([again.statusCode, again.json()]).toEqual([200, { received: true, duplicate: true }]);
    expect(signals()).toEqual([
      {
        name: 'providerEvent',
        input: { provider: 'stripe', eventId: 'evt_1', type: 'payment_intent.canceled', objectId: 'pi_1' },
      },
    ]);
    const { event, processed } = world.store.recorded.get('evt_1')!;
    expect(processed).toBe(true);
    expect(event).toMatchObject({ tenantId: 'acme', provider: 'stripe', type: 'payment_intent.canceled' });
    expect(JSON.stringify(event)).not.toContain('ada@');
  });

  it('is fine when the purchase has ended, or is gone', async () => {
    world.temporal.close(workflowId, completed);
    expect((await send(eventOf())).statusCode).toBe(200);
    world.temporal.runs.clear();
    expect((await send(eventOf({ id: 'evt_2' }))).statusCode).toBe(200);
  });

  it('is worked on again when passing it on had failed', async () => {
    world.temporal.reachable = false;
    expect((await send(eventOf())).statusCode).toBe(503);
    world.temporal.reachable = true;
    expect((await send(eventOf())).json()).toEqual({ received: true, duplicate: false });
    expect(signals()).toHaveLength(1);
  });

  it.each<[string, object, object | null]>([
    ['of a type that nobody waits for', { type: 'charge.captured' }, { tenant: 'acme', workflow: workflowId }],
    ["that names another tenant's workflow", {}, { tenant: 'globex', workflow: workflowId }],
    ['of an object that is not ours', {}, { workflow: 'elsewhere' }],
    ['without metadata', {}, null],
  ])('%s is recorded and not passed on', async (_, change, metadata) => {
    expect((await send(eventOf(change, metadata))).statusCode).toBe(200);
    expect(signals()).toEqual([]);
    expect(world.store.recorded.get('evt_1')?.event.tenantId).toBe(
      metadata && 'tenant' in metadata ? metadata.tenant : 'platform',
    );
  });
});

describe('an event of a refund', () => {
  const refundId = 'refund:acme:refund-1';
  const ofRefund = (change: object = {}, metadata: object = { tenant: 'acme', workflow: refundId }) =>
    eventOf({ data: { object: { id: 're_1', object: 'refund', metadata } }, ...change });

  beforeEach(async () => {
    await createBoxoffice({ temporal: { client: world.temporal.client } }).refunds.request(requestOf());
  });

  it.each(['refund.updated', 'refund.failed', 'charge.refund.updated'])(
    '%s reaches the running refund, once, and is recorded for its tenant',
    async (type) => {
      expect((await send(ofRefund({ type }))).json()).toEqual({ received: true, duplicate: false });
      expect((await send(ofRefund({ type }))).json()).toEqual({ received: true, duplicate: true });
      const input = { provider: 'stripe', eventId: 'evt_1', type, objectId: 're_1' };
      expect(world.temporal.run(refundId).signals).toEqual([{ name: 'providerEvent', input }]);
      expect(signals()).toEqual([]);
      expect(world.store.recorded.get('evt_1')?.event).toMatchObject({
        tenantId: 'acme',
        payload: { objectId: 're_1', workflowId: refundId },
      });
    },
  );

  it('is fine when the refund has ended, or is gone', async () => {
    world.temporal.close(refundId, refunded);
    expect((await send(ofRefund({ type: 'refund.updated' }))).statusCode).toBe(200);
    world.temporal.runs.delete(refundId);
    expect((await send(ofRefund({ type: 'refund.updated', id: 'evt_2' }))).statusCode).toBe(200);
  });

  it.each<[string, object, object]>([
    ['of a kind of event that is for purchases', {}, { tenant: 'acme', workflow: refundId }],
    ["that names another tenant's", { type: 'refund.updated' }, { tenant: 'globex', workflow: refundId }],
    ['that names a purchase', { type: 'refund.updated' }, { tenant: 'acme', workflow: workflowId }],
    [
      'that names a workflow of no such kind',
      { type: 'refund.updated' },
      { tenant: 'acme', workflow: 'mint:acme:a:b' },
    ],
  ])('%s is not passed on', async (_, change, metadata) => {
    expect((await send(ofRefund(change, metadata))).statusCode).toBe(200);
    expect([...signals(), ...world.temporal.run(refundId).signals]).toEqual([]);
  });
});

describe('is refused with 400 and recorded nowhere', () => {
  const now = Math.floor(Date.now() / 1_000);
  it.each<[string, (payload: string) => string]>([
    ['a signature of another body', () => stripeSignature(eventOf({ id: 'evt_9' }))],
    ['a signature older than 300 s', (payload) => stripeSignature(payload, now - 301)],
    ['no signature at all', () => ''],
    ['nonsense', () => 't=1,v1=abc'],
  ])('%s', async (_, signatureOf) => {
    const answer = await send(eventOf(), signatureOf(eventOf()));
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_signature']);
    expect(world.store.recorded.size).toBe(0);
    expect(signals()).toEqual([]);
  });

  it('an event of the other mode', async () => {
    const answer = await send(eventOf({ livemode: true }));
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'livemode_mismatch']);
    expect(world.store.recorded.size).toBe(0);
  });

  it('bytes that were changed on the way, white space only', async () => {
    const payload = eventOf();
    expect((await send(`${payload} `, stripeSignature(payload))).statusCode).toBe(400);
  });
});
