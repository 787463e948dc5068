import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import type { PaymentRecord } from '../../store/index.ts';
import { authorized, cancelled, completed, declined } from '../support/orders.ts';
import { type ApiWorld, bearer, createApiWorld, orderOf } from './api-world.ts';

const workflowId = 'payment:acme:key-1';
const webUi = 'http://127.0.0.1:8233/namespaces/default/workflows/payment%3Aacme%3Akey-1';
const { tenantId: _, idempotencyKey: __, ...body } = orderOf();
let world: ApiWorld;

const buy = async (change: Partial<typeof body> = {}, key = 'key-1') =>
  world.app.inject({
    method: 'POST',
    url: '/payments',
    headers: { ...(await bearer()), 'idempotency-key': key },
    payload: { ...body, ...change },
  });
const read = async (key: string) =>
  world.app.inject({ method: 'GET', url: `/payments/${key}`, headers: await bearer({ role: 'viewer' }) });
const cancel = async (key = 'key-1') =>
  world.app.inject({
    method: 'POST',
    url: `/payments/${key}/cancel`,
    headers: await bearer({ role: 'operator', sub: 'clerk-7' }),
    payload: { reason: 'buyer called' },
  });

const recordOf = (change: Partial<PaymentRecord> = {}): PaymentRecord => ({
  key: 'key-1',
  status: change.result?.status ?? 'live',
  workflowId,
  runId: 'run-of-then',
  fingerprint: fingerprintOf(orderOf()),
  claimedAt: '2026-01-01T00:00:00.000Z',
  ...change,
});
const remember = (result?: PaymentResult) =>
  world.store.records.set('acme/key-1', recordOf(result ? { result, endedAt: '2026-01-01T00:00:01.000Z' } : {}));

beforeEach(async () => {
  world = await createApiWorld();
});

describe('POST /payments', () => {
  it('201: new, with the early answer, workflow id and links', async () => {
    const answer = await buy();
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['location']).toBe('/payments/key-1');
    expect(answer.json()).toEqual({ id: 'key-1', workflowId, webUi, ...authorized });
    expect(world.temporal.run(workflowId).input).toEqual({ order: orderOf(), fingerprint: fingerprintOf(orderOf()) });
  });

  it('201: a decline is an answer, not an error', async () => {
    world.temporal.onStart = (run) => Object.assign(run, { early: declined });
    const answer = await buy();
    expect([answer.statusCode, answer.json().status]).toEqual([201, 'declined']);
  });

  it('200: the same again', async () => {
    await buy();
    const answer = await buy();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'authorized']);
  });

  it('200: the same again after its history was deleted and a fresh run gave the stored result', async () => {
    remember(declined);
    world.temporal.onStart = (run) => Object.assign(run, { early: declined });
    const answer = await buy();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'declined']);
  });

  it('202: no worker answered in time; the purchase goes on', async () => {
    world.temporal.worker = false;
    const answer = await buy();
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ status: 'pending', moneyMoved: 'unknown', workflowId });
  });

  it.each([
    ['order_live', 409],
    ['ticket_live', 409],
    ['sales_closed', 409],
    ['venue_frozen', 409],
    ['currency', 409],
    ['no_venue', 409],
    ['no_event', 409],
    ['key_reused', 422],
  ] as const)('%s is %i, and names the other payment', async (reason, status) => {
    const early: PaymentResult = { status: 'refused', moneyMoved: 'none', reason, otherPayment: 'payment:acme:key-0' };
    world.temporal.onStart = (run) => Object.assign(run, { early });
    const answer = await buy();
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      code: reason,
      status,
      type: `urn:boxoffice:problem:${reason}`,
      moneyMoved: 'none',
      otherPayment: 'payment:acme:key-0',
      workflowId,
    });
    expect(answer.json().nextAction).toMatch(/key/);
  });

  it('422: the same key with another body', async () => {
    await buy();
    const answer = await buy({ userId: 'user-2' });
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'key_reused']);
  });

  it('503: Temporal is away, and nobody claims to know what moved', async () => {
    world.temporal.reachable = false;
    const answer = await buy();
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'unavailable', moneyMoved: 'unknown' });
  });
});

describe('GET /payments/:id', () => {
  it('asks a running purchase', async () => {
    await buy();
    const answer = await read('key-1');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ id: 'key-1', workflowId, webUi, status: 'live', stage: 'minting' });
  });

  it('reads the end of a closed one', async () => {
    await buy();
    world.temporal.close(workflowId, completed);
    expect((await read('key-1')).json()).toMatchObject({
      status: 'completed',
      moneyMoved: 'captured',
      result: completed,
    });
  });

  it('still knows it after its history was deleted', async () => {
    remember(completed);
    const answer = await read('key-1');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ status: 'completed', workflowId, result: completed });
  });

  it('reads the recorded end of a run that failed, and says so where there is none', async () => {
    await buy();
    world.temporal.run(workflowId).status = 'failed';
    expect((await read('key-1')).json()).toMatchObject({
      status: 500,
      code: 'operation_failed',
      moneyMoved: 'unknown',
    });
    remember({ status: 'unfulfilled', moneyMoved: 'none', reason: 'internal_error' });
    expect((await read('key-1')).json()).toMatchObject({ status: 'unfulfilled' });
  });

  it('404: nobody knows it', async () => {
    const answer = await read('key-1');
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found']);
  });
});

describe('GET /payments', () => {
  it("lists the tenant's own", async () => {
    remember(completed);
    world.store.records.set('globex/key-9', recordOf({ key: 'key-9' }));
    const answer = await world.app.inject({ method: 'GET', url: '/payments?limit=10', headers: await bearer() });
    expect(answer.json().payments).toEqual([
      {
        id: 'key-1',
        workflowId,
        webUi,
        status: 'completed',
        moneyMoved: 'captured',
        claimedAt: '2026-01-01T00:00:00.000Z',
        endedAt: '2026-01-01T00:00:01.000Z',
      },
    ]);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=many', 'limit'],
    ['status=lost', 'status'],
    ['cursor=-1', 'cursor'],
    ['tenant=globex', 'tenant'],
  ])('400: %s', async (query, field) => {
    const answer = await world.app.inject({ method: 'GET', url: `/payments?${query}`, headers: await bearer() });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors[0].field).toBe(field);
  });
});

describe('POST /payments/:id/cancel', () => {
  beforeEach(async () => void (await buy()));

  it("200: the end, and the actor is the token's subject", async () => {
    world.temporal.run(workflowId).result = cancelled;
    const answer = await cancel();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'cancelled']);
    expect(world.temporal.run(workflowId).updates.at(-1)?.input).toEqual({ actor: 'clerk-7', reason: 'buyer called' });
  });

  it('200: too late, with a refund as the next action', async () => {
    world.temporal.close(workflowId, completed);
    const answer = await cancel();
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'completed',
      moneyMoved: 'captured',
      result: { nextAction: 'refund' },
    });
  });

  it('202: it is on its way, and kept', async () => {
    const answer = await cancel();
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'pending']);
    expect(world.temporal.run(workflowId).signals).toHaveLength(1);
  });

  it('200 after the history was deleted, 404 where there is nothing', async () => {
    world.temporal.runs.clear();
    expect((await cancel()).statusCode).toBe(404);
    remember(completed);
    expect((await cancel()).json()).toMatchObject({ status: 'completed' });
  });
});
