import { beforeEach, describe, expect, it } from 'vitest';
import { createBoxoffice } from '../../client/index.ts';
import { paidOut, payoutOf } from '../support/payout-requests.ts';
import { type ApiWorld, connectWebhookSecret, createApiWorld, stripeSignature } from './api-world.ts';

const workflowId = 'payout:acme:payout-1';
const account = 'acct_arena';
let world: ApiWorld;

const eventOf = (change: object = {}, object: object = {}) =>
  JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payout.paid',
    livemode: false,
    created: 1_800_000_000,
    account,
    data: { object: { id: 'po_1', object: 'payout', metadata: { tenant: 'acme', workflow: workflowId }, ...object } },
    ...change,
  });

const signed = (payload: string, secret = connectWebhookSecret) => stripeSignature(payload, undefined, secret);
const send = (payload: string, signature = signed(payload)) =>
  world.app.inject({
    method: 'POST',
    url: '/webhooks/stripe/connect',
    payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  });
const signals = () => world.temporal.run(workflowId).signals;
const started = () => [...world.temporal.runs.keys()];
const booked = (status: 'created' | 'paid' | 'returned', change: object = {}) =>
  world.store.routed.set('po_1', { tenantId: 'acme', payoutId: 'payout-1', workflowId, status, account, ...change });

beforeEach(async () => {
  world = await createApiWorld();
  world.store.accounts.set(account, { venues: [{ tenantId: 'acme', venueId: 'arena' }] });
  await createBoxoffice({ temporal: { client: world.temporal.client } }).payouts.request(payoutOf());
});

describe('an event about a payout', () => {
  it('reaches the workflow that made it, once', async () => {
    booked('created');
    expect((await send(eventOf())).json()).toEqual({ received: true, duplicate: false });
    expect((await send(eventOf())).json()).toEqual({ received: true, duplicate: true });
    const input = { provider: 'stripe', eventId: 'evt_1', type: 'payout.paid', objectId: 'po_1' };
    expect(signals()).toEqual([{ name: 'providerEvent', input }]);
    expect(world.store.recorded.get('evt_1')).toMatchObject({ processed: true, event: { tenantId: 'acme' } });
  });

  it('that is faster than our books is believed by its metadata, for an account of that tenant only', async () => {
    await send(eventOf());
    expect(signals()).toHaveLength(1);
    await send(eventOf({ id: 'evt_2', account: 'acct_other' }));
    expect(signals()).toHaveLength(1);
  });

  it('of another account than the payout’s is heard by nobody', async () => {
    booked('created');
    expect((await send(eventOf({ account: 'acct_other' }))).statusCode).toBe(200);
    expect((await send(eventOf({ id: 'evt_2', account: undefined }))).statusCode).toBe(200);
    expect(signals()).toEqual([]);
    expect(world.store.recorded.get('evt_1')).toMatchObject({ processed: true, event: { tenantId: 'platform' } });
  });

  it.each(['payout.failed', 'payout.canceled'])('%s after it was paid has it looked into, once', async (type) => {
    booked('paid');
    world.temporal.close(workflowId, paidOut);
    for (const id of ['evt_1', 'evt_2']) expect((await send(eventOf({ id, type }))).statusCode).toBe(200);
    expect(started()).toEqual([workflowId, 'payout-return:acme:payout-1']);
    const { request } = world.temporal.run('payout-return:acme:payout-1');
    expect(request.workflowType.name).toBe('payoutReturn');
  });

  it.each([
    ['paid', 'payout.paid'],
    ['returned', 'payout.failed'],
  ] as const)('whose payout has ended as %s: %s starts nothing', async (status, type) => {
    booked(status);
    world.temporal.close(workflowId, paidOut);
    await send(eventOf({ type }));
    expect(started()).toEqual([workflowId]);
  });
});

const updated = (enabled: boolean, change: object = {}) =>
  eventOf({ type: 'account.updated', data: { object: { id: account, payouts_enabled: enabled } }, ...change });

describe('an event about an account', () => {
  it.each([true, false])(
    'payouts enabled %s: its venues follow, and what waits for them looks again',
    async (enabled) => {
      expect((await send(updated(enabled))).statusCode).toBe(200);
      expect(world.store.accounts.get(account)?.enabled).toBe(enabled);
      expect(signals()).toMatchObject([{ input: { type: 'account.updated', objectId: account } }]);
    },
  );

  it('that says so of another account changes nothing', async () => {
    await send(updated(true, { account: 'acct_other' }));
    expect(world.store.accounts.get(account)?.enabled).toBeUndefined();
    expect(signals()).toEqual([]);
  });
});

describe('an event that is not Stripe’s', () => {
  it('has the wrong signature, or that of our own endpoint', async () => {
    booked('created');
    for (const signature of ['t=1,v1=00', signed(eventOf(), 'whsec_test')]) {
      const answer = await send(eventOf(), signature);
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_signature']);
    }
    expect(signals()).toEqual([]);
  });

  it('is of the other mode', async () => {
    const answer = await send(eventOf({ livemode: true }));
    expect(answer.json().code).toBe('livemode_mismatch');
  });

  it('is refused where there is no secret for it', async () => {
    world = await createApiWorld({ verifyConnectEvent: undefined });
    expect((await send(eventOf())).json().code).toBe('invalid_signature');
  });
});
