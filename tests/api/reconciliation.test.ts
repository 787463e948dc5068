import { beforeEach, describe, expect, it } from 'vitest';
import type { DifferenceRecord } from '../../contracts/reconciliation.ts';
import { type ApiWorld, bearer, createApiWorld, type TokenWish } from './api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await createApiWorld();
  for (const id of [1, 2, 3])
    world.store.differences.push({ ...difference, id, tenantId: id === 3 ? 'globex' : 'acme' });
});

const difference: DifferenceRecord = {
  id: 0, day: '2027-01-31', kind: 'hold_left', objectId: 'pi_1', ours: null, theirs: { state: 'held' }, amount: 500,
  currency: 'USD', foundAt: '2027-02-01T02:00:00.000Z',
}; // prettier-ignore

const ask = async (method: 'GET' | 'POST', url: string, payload?: object, wish: TokenWish = { role: 'approver' }) =>
  world.app.inject({ method, url, headers: await bearer(wish), ...(payload ? { payload } : {}) });
const close = (id: number | string, payload: object = { reason: 'voided' }, wish?: TokenWish) =>
  ask('POST', `/reconciliation/differences/${id}/close`, payload, wish);

describe('GET /reconciliation', () => {
  it("shows the tenant's days and open differences, page by page, to whoever may look", async () => {
    for (const role of ['viewer', 'service', 'operator', 'approver', 'admin']) {
      const page = (await ask('GET', '/reconciliation', undefined, { role })).json();
      expect(page, role).toMatchObject({
        days: [{ day: '2027-01-31', status: 'clean' }],
        differences: [{ id: 2 }, { id: 1 }],
      });
      expect(page).not.toHaveProperty('nextCursor');
    }
    const first = (await ask('GET', '/reconciliation?limit=1')).json();
    expect(first).toMatchObject({ differences: [{ id: 2 }], nextCursor: '2' });
    expect((await ask('GET', '/reconciliation?limit=1&cursor=2')).json()).toMatchObject({ differences: [{ id: 1 }] });
  });

  it.each(['day=yesterday', 'day=2027-02-30', 'limit=0', 'limit=201', 'cursor=x', 'open=maybe', 'other=1'])(
    'refuses %s',
    async (query) => {
      expect((await ask('GET', `/reconciliation?${query}`)).statusCode).toBe(400);
    },
  );
});

describe('POST /reconciliation', () => {
  it("starts the tenant's day, once while it runs, behind all other work", async () => {
    const started = await ask('POST', '/reconciliation', { day: '2026-01-31' });
    expect([started.statusCode, started.json()]).toEqual([
      201,
      {
        id: '2026-01-31', workflowId: 'reconciliation:acme:2026-01-31', created: true,
        webUi: expect.stringContaining('reconciliation%3Aacme%3A2026-01-31') as string,
      },
    ]); // prettier-ignore
    const { request, input } = world.temporal.run('reconciliation:acme:2026-01-31');
    expect(input).toEqual({ tenantId: 'acme', day: '2026-01-31' });
    expect(request).toMatchObject({
      workflowType: { name: 'reconciliation' }, taskQueue: { name: 'background' }, priority: { priorityKey: 5, fairnessKey: 'acme' },
    }); // prettier-ignore
    const again = await ask('POST', '/reconciliation', { day: '2026-01-31' });
    expect([again.statusCode, again.json()]).toMatchObject([200, { created: false }]);
  });

  it.each(['2026-02-30', '2026-13-01', '2099-01-01', 'today', ''])('refuses the day "%s"', async (day) => {
    const refused = await ask('POST', '/reconciliation', { day });
    expect([refused.statusCode, refused.json()]).toMatchObject([400, { code: 'invalid_request', moneyMoved: 'none' }]);
    expect(world.temporal.runs.size).toBe(0);
  });

  it.each(['viewer', 'service', 'operator'])('is not for a %s', async (role) => {
    expect((await ask('POST', '/reconciliation', { day: '2026-01-31' }, { role })).statusCode).toBe(403);
    expect((await close(1, undefined, { role })).statusCode).toBe(403);
  });
});

describe('POST /reconciliation/differences/:id/close', () => {
  it('closes it for the subject of the token, with the reason', async () => {
    const closed = await close(1, { reason: 'voided by phone' }, { role: 'approver', sub: 'ada' });
    expect([closed.statusCode, closed.json()]).toMatchObject([
      200,
      { id: 1, closedBy: 'ada', closeReason: 'voided by phone' },
    ]);
    expect((await ask('GET', '/reconciliation')).json()).toMatchObject({ differences: [{ id: 2 }] });
    expect((await ask('GET', '/reconciliation?open=false')).json()).toMatchObject({
      differences: [{ id: 2 }, { id: 1 }],
    });
  });

  it("refuses another tenant's, one that there is not, and what gives no reason", async () => {
    for (const id of [3, 99]) expect((await close(id)).statusCode, String(id)).toBe(404);
    for (const body of [{}, { reason: '' }, { reason: 'x', by: 'somebody' }])
      expect((await close(1, body)).statusCode).toBe(400);
    expect((await close('x')).statusCode).toBe(400);
    expect(world.store.differences.every(({ closedAt }) => closedAt === undefined)).toBe(true);
  });
});
