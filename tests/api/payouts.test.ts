import { beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import type { PayoutRejection, PayoutResult } from '../../contracts/payout.ts';
import {
  paidOut,
  payoutCancelled,
  payoutExceeds,
  payoutInTransit,
  payoutOf,
  payoutReturned,
} from '../support/payout-requests.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

const workflowId = 'payout:acme:payout-1';
const { tenantId: _, venueId: __, requestedBy: ___, ...body } = payoutOf();
let world: ApiWorld;

const call = async (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  wish: { role?: string; tenant?: string; payload?: object; accept?: string } = {},
) => {
  const { role = 'operator', tenant = 'acme', payload, accept } = wish;
  const headers = { ...(await bearer({ role, sub: 'clerk-7', tenant })), ...(accept ? { accept } : {}) };
  return world.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
};
const ask = (change: object = {}, role = 'operator') =>
  call('POST', '/venues/arena/payouts', { role, payload: { ...body, ...change } });

/** What a payout ends with as soon as it runs. */
const endsWith = (result: PayoutResult) => {
  world.temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};

beforeEach(async () => {
  world = await createApiWorld();
  world.temporal.standing = payoutInTransit;
});

describe('POST /venues/:id/payouts', () => {
  it('202: it takes days; the subject of the token has asked', async () => {
    const answer = await ask({ amount: 8_550 });
    expect([answer.statusCode, answer.headers['location']]).toEqual([202, '/payouts/payout-1']);
    expect(answer.json()).toMatchObject({
      id: 'payout-1',
      workflowId,
      status: 'live',
      stage: 'in transit',
      moneyMoved: 'in_transit',
    });
    const request = payoutOf({ amount: 8_550 });
    expect(world.temporal.run(workflowId).input).toEqual({ request, fingerprint: fingerprintOf(request) });
  });

  it('201 when it ended, 200 for the same again, 422 for another body', async () => {
    endsWith(paidOut);
    expect((await ask()).statusCode).toBe(201);
    expect((await ask()).statusCode).toBe(200);
    const other = await ask({ reason: 'another' });
    expect([other.statusCode, other.json().code]).toEqual([422, 'key_reused']);
  });

  it('201: it came back, which is an answer, not an error', async () => {
    endsWith(payoutReturned);
    const answer = await ask();
    expect([answer.statusCode, answer.json().status]).toEqual([201, 'returned']);
    expect(answer.json().next).toContain('account_closed');
  });

  it.each<[PayoutRejection, number, string]>([
    ['exceeds', 409, 'payout_exceeds'],
    ['nothing_available', 409, 'nothing_available'],
    ['not_approved', 409, 'not_approved'],
    ['no_venue', 409, 'no_venue'],
    ['key_reused', 422, 'key_reused'],
  ])('%s: %i %s', async (reason, status, code) => {
    endsWith({ ...payoutExceeds, reason } as PayoutResult);
    const answer = await ask();
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({
      code,
      moneyMoved: 'none',
      workflowId,
      available: 250,
      nextAction: expect.stringContaining('250 (minor units)'),
    });
  });

  it.each(['service', 'viewer', 'approver'])('403 for the role %s', async (role) => {
    expect((await ask({}, role)).statusCode).toBe(403);
    expect(world.temporal.runs.size).toBe(0);
  });

  it('400: the fields are named', async () => {
    const answer = await ask({ amount: 0, currency: 'USD' });
    expect(answer.statusCode).toBe(400);
    expect(
      answer
        .json()
        .errors.map(({ field }: { field: string }) => field)
        .toSorted(),
    ).toEqual(['amount', 'currency']);
  });
});

describe('a payout that exists', () => {
  beforeEach(async () => void (await ask()));

  it('is read; another tenant has none', async () => {
    expect((await call('GET', '/payouts/payout-1', { role: 'viewer' })).json()).toMatchObject({ stage: 'in transit' });
    expect((await call('GET', '/payouts/payout-1', { tenant: 'globex' })).statusCode).toBe(404);
  });

  it('is cancelled, and answers with the end', async () => {
    world.temporal.run(workflowId).result = payoutCancelled;
    const answer = await call('POST', '/payouts/payout-1/cancel', { payload: { reason: 'changed' } });
    expect([answer.statusCode, answer.json().status]).toEqual([200, 'cancelled']);
    expect(world.temporal.run(workflowId).updates).toMatchObject([
      { name: 'cancel', input: { actor: 'clerk-7', reason: 'changed' } },
    ]);
  });
});

describe('a statement', () => {
  const statement = {
    payoutId: 'payout-1', venueId: 'arena', currency: 'USD', status: 'paid', amount: 8_550, openingBalance: 0, closingBalance: 0,
    to: '2027-01-10T00:00:00.000Z',
    lines: [
      {
        kind: 'purchase', operation: 'payment:acme:key-1', paymentKey: 'key-1', occurredAt: '2027-01-01T00:00:00.000Z',
        gross: 10_000, platformFee: -500, reserve: -950, net: 8_550,
      },
    ],
  } as const; // prettier-ignore
  beforeEach(() => void world.store.statements.set('acme/payout-1', { ...statement, lines: [...statement.lines] }));

  it('is JSON', async () => {
    const answer = await call('GET', '/payouts/payout-1/statement', { role: 'viewer' });
    expect([answer.statusCode, answer.json()]).toEqual([200, statement]);
    expect((await call('GET', '/payouts/payout-1/statement', { tenant: 'globex' })).statusCode).toBe(404);
  });

  it('is CSV for whoever asks for it', async () => {
    const answer = await call('GET', '/payouts/payout-1/statement', { accept: 'text/csv' });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.body.split('\r\n')).toEqual([
      'kind,occurredAt,paymentKey,operation,gross (USD minor units),platformFee (USD minor units),reserve (USD minor units),net (USD minor units)',
      'opening_balance,,,,,,,0',
      'purchase,2027-01-01T00:00:00.000Z,key-1,payment:acme:key-1,10000,-500,-950,8550',
      'payout,2027-01-10T00:00:00.000Z,,,,,,-8550',
      'closing_balance,,,,,,,0',
      '',
    ]);
  });
});

it('GET /venues/:id/balance', async () => {
  const balance = {
    currency: 'USD',
    payable: 1,
    available: 2,
    reserve: 3,
    hold: 4,
    inPayout: 5,
    connected: 6,
    inTransit: 7,
  } as const;
  world.store.balancesOf.set('acme/arena', balance);
  expect((await call('GET', '/venues/arena/balance', { role: 'viewer' })).json()).toEqual({ id: 'arena', ...balance });
  expect((await call('GET', '/venues/other/balance')).statusCode).toBe(404);
});

describe('PUT /venues/:id/payout-schedule', () => {
  it.each([[{}], [{ every: '1 day', cron: '0 6 * * *' }], [{ every: 'sometimes' }], [{ cron: '* *' }]])(
    '400 for %j',
    async (payload) => {
      const answer = await call('PUT', '/venues/arena/payout-schedule', { payload });
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid_request']);
    },
  );

  it('is not for everybody', async () => {
    const answer = await call('PUT', '/venues/arena/payout-schedule', { role: 'service', payload: { every: '1 day' } });
    expect(answer.statusCode).toBe(403);
  });
});
