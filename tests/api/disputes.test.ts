import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { DisputeRecord, PaymentRecord, RefundRecord } from '../../store/index.ts';
import { type ApiWorld, bearer, createApiWorld, stripeSignature } from './api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await createApiWorld();
  world.store.charged.set('ch_1', { tenantId: 'acme', paymentKey: 'key-1' });
});

const workflowId = 'dispute:acme:dp_1';
const object = { id: 'dp_1', object: 'dispute', charge: 'ch_1', payment_intent: 'pi_1', metadata: {} };

async function send(type: string, change: object = {}, id = 'evt_1') {
  const payload = JSON.stringify({
    id, object: 'event', type, livemode: false, created: 1_800_000_000, data: { object: { ...object, ...change } },
  }); // prettier-ignore
  const headers = { 'content-type': 'application/json', 'stripe-signature': stripeSignature(payload) };
  return world.app.inject({ method: 'POST', url: '/webhooks/stripe', payload, headers });
}

const said = (type: string, eventId = 'evt_1') => ({
  name: 'providerEvent',
  input: { provider: 'stripe', eventId, type, objectId: 'dp_1' },
});

const known = (status: RefundRecord['status']) =>
  world.store.refundRecords.set('acme/refund-1', { refundId: 'refund-1', status } as RefundRecord);

const get = async (url: string, wish = {}) =>
  world.app.inject({ method: 'GET', url, headers: await bearer({ role: 'viewer', ...wish }) });

describe('an event of a dispute', () => {
  it.each([
    'charge.dispute.created',
    'charge.dispute.updated',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.funds_reinstated',
    'charge.dispute.closed',
  ])('%s starts following it, once, and is recorded for the tenant of its charge', async (type) => {
    expect((await send(type)).json()).toEqual({ received: true, duplicate: false });
    expect((await send(type)).json()).toEqual({ received: true, duplicate: true });
    const run = world.temporal.run(workflowId);
    expect(run.signals).toEqual([said(type)]);
    const body: object = { disputeId: 'dp_1' };
    expect(run.input).toEqual({
      request: { tenantId: 'acme', disputeId: 'dp_1', paymentKey: 'key-1' },
      fingerprint: fingerprintOf(body),
    });
    expect(run.request).toMatchObject({
      workflowType: { name: 'dispute' },
      taskQueue: { name: 'money' },
      workflowIdReusePolicy: 3, // REJECT_DUPLICATE
    });
    const payload = { objectId: 'dp_1', workflowId };
    expect(world.store.recorded.get('evt_1')).toMatchObject({ processed: true, event: { tenantId: 'acme', payload } });
  });

  it('reaches the one that runs, and is fine when it has ended', async () => {
    await send('charge.dispute.created');
    await send('charge.dispute.funds_withdrawn', {}, 'evt_2');
    expect(world.temporal.run(workflowId).signals).toHaveLength(2);
    world.temporal.close(workflowId, { status: 'withdrawn' });
    expect((await send('charge.dispute.closed', {}, 'evt_3')).statusCode).toBe(200);
    expect(world.temporal.run(workflowId).signals).toHaveLength(2);
  });

  it('is worked on again when Temporal was away', async () => {
    world.temporal.reachable = false;
    expect((await send('charge.dispute.created')).statusCode).toBe(503);
    world.temporal.reachable = true;
    expect((await send('charge.dispute.created')).json()).toEqual({ received: true, duplicate: false });
  });

  it.each<[string, string, object]>([
    ['of a charge that nobody knows', 'charge.dispute.created', { charge: 'ch_2' }],
    ['without a charge', 'charge.dispute.created', { charge: null }],
    ['with an id that is none', 'charge.dispute.created', { id: 'dp:1' }],
    ['of a charge that nobody knows, whatever its metadata say', 'charge.dispute.created', { charge: 'ch_2', metadata: { tenant: 'acme', workflow: workflowId } }],
  ])('%s is kept for nobody, and starts nothing', async (_, type, change) => {
    expect((await send(type, change)).statusCode).toBe(200);
    expect(world.temporal.runs.size).toBe(0);
    expect(world.store.recorded.get('evt_1')).toMatchObject({ processed: true, event: { tenantId: 'platform' } });
  }); // prettier-ignore
});

describe('an event that calls a refund failed', () => {
  const metadata = { tenant: 'acme', workflow: 'refund:acme:refund-1' };
  const failed = { id: 're_1', object: 'refund', status: 'failed', metadata };

  it.each(['completed', 'refunded'] as const)('which our books call %s starts its return', async (status) => {
    known(status);
    await send('refund.updated', failed);
    await send('refund.failed', failed, 'evt_2');
    const run = world.temporal.run('refund-return:acme:refund-1');
    expect(run.signals).toHaveLength(2);
    expect(run.input).toMatchObject({
      request: { tenantId: 'acme', refundId: 'refund-1', providerRefundId: 're_1' },
    });
    expect(run.request).toMatchObject({ workflowType: { name: 'refundReturn' }, workflowIdReusePolicy: 1 });
  });

  it.each<[string, RefundRecord['status'] | undefined, object]>([
    ['is still at the provider', 'reserved', failed],
    ['failed in our books too', 'failed', failed],
    ['nobody knows', undefined, failed],
    ['it calls succeeded', 'completed', { ...failed, status: 'succeeded' }],
  ])('starts nothing for one that %s', async (_, status, change) => {
    if (status) known(status);
    expect((await send('refund.updated', change)).statusCode).toBe(200);
    expect(world.temporal.runs.size).toBe(0);
  });
});

describe('reading', () => {
  const record: DisputeRecord = {
    disputeId: 'dp_1', paymentKey: 'key-1', workflowId, chargeId: 'ch_1', amount: 5_250, currency: 'USD',
    providerStatus: 'needs_response', reason: 'fraudulent', refundable: false, withdrawn: 5_250, fee: 1_500,
    evidenceDueBy: '2027-01-20T00:00:00.000Z', openedAt: '2027-01-01T00:00:00.000Z',
  }; // prettier-ignore

  beforeEach(() => {
    world.store.disputeRecords.set('acme/dp_1', record);
    world.store.records.set('acme/key-1', { key: 'key-1' } as PaymentRecord);
  });

  it('shows one, with its deadline, and all of a purchase', async () => {
    const view = { id: 'dp_1', workflowId, status: 'open', withdrawn: 5_250, evidenceDueBy: record.evidenceDueBy };
    expect((await get('/disputes/dp_1')).json()).toMatchObject(view);
    expect((await get('/payments/key-1/disputes')).json()).toMatchObject({ disputes: [view] });
    world.store.disputeRecords.set('acme/dp_1', { ...record, outcome: 'lost' });
    expect((await get('/disputes/dp_1')).json()).toMatchObject({ status: 'lost', providerStatus: 'needs_response' });
  });

  it.each(['/disputes/dp_2', '/payments/key-2/disputes'])('%s is 404', async (url) => {
    expect((await get(url)).statusCode).toBe(404);
  });

  it('shows another tenant nothing, and nobody without a token', async () => {
    expect((await get('/disputes/dp_1', { tenant: 'globex' })).statusCode).toBe(404);
    expect((await get('/payments/key-1/disputes', { tenant: 'globex' })).statusCode).toBe(404);
    expect((await world.app.inject({ method: 'GET', url: '/disputes/dp_1' })).statusCode).toBe(401);
  });
});
