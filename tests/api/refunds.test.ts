import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { RefundRejection, RefundResult } from '../../contracts/refund.ts';
import {
  exceeds,
  notRefunded,
  refundCancelled,
  refunded,
  refundPending,
  requestOf,
} from '../support/refund-requests.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

const workflowId = 'refund:acme:refund-1';
const webUi = 'http://127.0.0.1:8233/namespaces/default/workflows/refund%3Aacme%3Arefund-1';
const { tenantId: _, paymentKey: __, requestedBy: ___, ...body } = requestOf();
let world: ApiWorld;

const ask = async (change: object = {}, sub = 'clerk-7', role = 'operator') =>
  world.app.inject({
    method: 'POST',
    url: '/payments/key-1/refunds',
    headers: await bearer({ role, sub }),
    payload: { ...body, ...change },
  });
const read = async (tenant = 'acme') =>
  world.app.inject({ url: '/refunds/refund-1', headers: await bearer({ role: 'viewer', tenant }) });
const cancel = async (tenant = 'acme') =>
  world.app.inject({
    method: 'POST',
    url: '/refunds/refund-1/cancel',
    headers: await bearer({ role: 'operator', sub: 'clerk-7', tenant }),
    payload: { reason: 'changed' },
  });

/** What a refund ends with as soon as it runs. */
const endsWith = (result: RefundResult) => {
  world.temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};
const remember = (result?: RefundResult) =>
  world.store.refundRecords.set('acme/refund-1', {
    refundId: 'refund-1',
    status: result?.status ?? 'reserved',
    workflowId,
    runId: 'run-of-then',
    fingerprint: fingerprintOf(requestOf()),
    claimedAt: '2026-01-01T00:00:00.000Z',
    ...(result ? { result } : {}),
  });

beforeEach(async () => {
  world = await createApiWorld();
  world.temporal.standing = refundPending;
});

describe('POST /payments/:id/refunds', () => {
  it('201: it ended, asked for by the subject of the token', async () => {
    endsWith(refunded);
    const answer = await ask({ amount: 5_250 });
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['location']).toBe('/refunds/refund-1');
    expect(answer.json()).toMatchObject({
      id: 'refund-1',
      workflowId,
      webUi,
      status: 'completed',
      moneyMoved: 'refunded',
      next: expect.stringContaining('52.50 USD'),
      result: refunded,
    });
    const request = requestOf({ amount: 5_250 });
    expect(world.temporal.run(workflowId).input).toEqual({ request, fingerprint: fingerprintOf(request) });
  });

  it('201: the provider could not, which is an answer, not an error', async () => {
    endsWith(notRefunded);
    const answer = await ask();
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({
      status: 'failed',
      moneyMoved: 'captured',
      next: expect.stringContaining('pay the buyer in another way'),
    });
  });

  it('200: the same again', async () => {
    endsWith(refunded);
    await ask();
    const answer = await ask();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'completed']);
  });

  it('200: the same again after its history was deleted and a fresh run gave the stored result', async () => {
    remember(refunded);
    endsWith(refunded);
    expect((await ask()).statusCode).toBe(200);
  });

  it('202: it takes longer; where it stands', async () => {
    const answer = await ask();
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toEqual({ id: 'refund-1', workflowId, webUi, status: 'live', ...refundPending });
  });

  it.each<[RefundRejection, number]>([
    ['exceeds', 409],
    ['ticket_unknown', 409],
    ['ticket_refunded', 409],
    ['disputed', 409],
    ['not_captured', 409],
    ['no_payment', 404],
    ['key_reused', 422],
  ])('%s is %i, with what moved and what to do, now and when asked again', async (reason, status) => {
    endsWith({ status: 'rejected', moneyMoved: 'unknown', reason });
    for (const answer of [await ask(), await ask()]) {
      expect(answer.statusCode).toBe(status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.json()).toMatchObject({ code: reason, status, moneyMoved: 'unknown', workflowId });
      expect(answer.json().nextAction).toMatch(/new (refund id|key)/);
    }
    expect((await read()).json()).toMatchObject({ status: 'rejected', moneyMoved: 'unknown' });
  });

  it('409: says how much can be refunded', async () => {
    endsWith(exceeds);
    const answer = await ask({ amount: 6_000 });
    expect(answer.json()).toMatchObject({ code: 'exceeds', moneyMoved: 'captured', refundable: 250 });
    expect(answer.json().nextAction).toContain('250 (minor units) can be refunded');
  });

  it('422: the same id with another body', async () => {
    endsWith(refunded);
    await ask();
    const answer = await ask({ amount: 100 });
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'key_reused']);
  });

  it('500: it ended without a result', async () => {
    world.temporal.onStart = (run) => Object.assign(run, { status: 'failed' });
    const answer = await ask();
    expect(answer.json()).toMatchObject({ status: 500, code: 'operation_failed', moneyMoved: 'unknown' });
  });

  it('503: Temporal is away, and nobody claims to know what moved', async () => {
    world.temporal.reachable = false;
    const answer = await ask();
    expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable', moneyMoved: 'unknown' });
  });

  it.each<[string, object, string]>([
    ['amount and tickets', { amount: 100, ticketIds: ['seat-1'] }, 'amount'],
    ['an amount that burns', { amount: 100, tickets: 'burn' }, 'tickets'],
    ['no refund id', { refundId: undefined }, 'refundId'],
    ['another purchase', { paymentKey: 'key-2' }, 'paymentKey'],
    ['somebody else', { requestedBy: 'clerk-8' }, 'requestedBy'],
  ])('400: %s, and nothing is started', async (_, change, field) => {
    const answer = await ask(change);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(world.temporal.calls).toEqual([]);
  });

  it('400: a subject that is no opaque id', async () => {
    const answer = await ask({}, 'ada@example.com');
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'sub']);
    expect(world.temporal.calls).toEqual([]);
  });
});

describe('GET /refunds/:id', () => {
  it('asks a running refund', async () => {
    await ask();
    const answer = await read();
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ id: 'refund-1', workflowId, webUi, status: 'live', ...refundPending });
  });

  it.each([refunded, notRefunded, exceeds, refundCancelled])(
    'knows the end, also after its history was deleted: $status',
    async (result) => {
      endsWith(result);
      await ask();
      const { status, moneyMoved } = result;
      const seen = { id: 'refund-1', workflowId, status, moneyMoved, next: expect.stringMatching(/.\.$/), result };
      expect((await read()).json()).toMatchObject(seen);
      world.temporal.runs.clear();
      remember(result);
      const answer = await read();
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject(seen);
    },
  );

  it("404: nobody knows it, or it is another tenant's", async () => {
    expect((await read()).json()).toMatchObject({ status: 404, code: 'not_found' });
    await ask();
    remember(refunded);
    expect((await read('globex')).statusCode).toBe(404);
  });

  it('500: it is reserved, and no run goes on with it', async () => {
    remember();
    expect((await read()).json()).toMatchObject({ status: 500, code: 'operation_failed', moneyMoved: 'unknown' });
  });
});

describe('POST /refunds/:id/cancel', () => {
  beforeEach(async () => void (await ask()));

  it("200: the end, and the actor is the token's subject", async () => {
    world.temporal.run(workflowId).result = refundCancelled;
    const answer = await cancel();
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'cancelled']);
    expect(world.temporal.run(workflowId).updates.at(-1)?.input).toEqual({ actor: 'clerk-7', reason: 'changed' });
  });

  it('200: too late', async () => {
    world.temporal.close(workflowId, refunded);
    expect((await cancel()).json()).toMatchObject({ status: 'completed', moneyMoved: 'refunded' });
  });

  it('202: it is on its way, and kept', async () => {
    const answer = await cancel();
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'pending']);
    expect(world.temporal.run(workflowId).signals).toHaveLength(1);
  });

  it("404: there is none, or it is another tenant's", async () => {
    expect((await cancel('globex')).statusCode).toBe(404);
    world.temporal.runs.clear();
    expect((await cancel()).statusCode).toBe(404);
  });
});
