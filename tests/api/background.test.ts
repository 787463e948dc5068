import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayOf, lastClosedDay } from '../../contracts/days.ts';
import type { Report } from '../../contracts/report.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

// One API for all tests here; each finds it empty.
let world: ApiWorld;
beforeAll(async () => void (world = await createApiWorld()));
afterAll(() => world.app.close());
beforeEach(() => {
  world.temporal.runs.clear();
  world.temporal.onStart = () => undefined;
  world.store.reportsByDay.clear();
});

interface Wish {
  role?: string;
  tenant?: string;
  key?: string;
  payload?: object;
  accept?: string;
}

async function call(method: 'GET' | 'POST', url: string, { role = 'admin', tenant = 'acme', ...wish }: Wish = {}) {
  const headers = {
    ...(await bearer({ role, tenant })),
    ...(wish.accept === undefined ? {} : { accept: wish.accept }),
    ...(wish.key === undefined ? {} : { 'idempotency-key': wish.key }),
  };
  return world.app.inject({ method, url, headers, ...(wish.payload ? { payload: wish.payload } : {}) });
}

/** What a job ends with as soon as it runs. */
const endsWith = (result: object) => {
  world.temporal.onStart = (run) => Object.assign(run, { status: 'completed', result });
};

describe('POST /analytics/events', () => {
  const payload = { type: 'ticket.viewed', venueId: 'arena', occurredAt: '2027-01-01T00:00:00Z', properties: { n: 1 } };
  const record = (change: object = {}, wish: Wish = {}) =>
    call('POST', '/analytics/events', { role: 'service', key: 'view-1', payload: { ...payload, ...change }, ...wish });

  it('201 when it is recorded, 200 for the same again, 422 for another body under the key', async () => {
    endsWith({ status: 'recorded' });
    const answer = await record();
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ id: 'view-1', workflowId: 'analytics:acme:view-1', status: 'recorded' });
    expect((await record()).statusCode).toBe(200);
    const other = await record({ type: 'ticket.sold' });
    expect([other.statusCode, other.json().code]).toEqual([422, 'key_reused']);
    expect(world.temporal.run('analytics:acme:view-1').input).toMatchObject({
      event: { tenantId: 'acme', eventKey: 'view-1', ...payload },
    });
    expect(world.temporal.run('analytics:acme:view-1').request).toMatchObject({
      taskQueue: { name: 'background' },
      priority: { priorityKey: 5, fairnessKey: 'acme:arena' },
    });
  });

  it('422 also when only the database remembers the key', async () => {
    endsWith({ status: 'refused', reason: 'key_reused' });
    const answer = await record();
    expect([answer.statusCode, answer.json().code]).toEqual([422, 'key_reused']);
  });

  it('202 while it goes on', async () => {
    const answer = await record();
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'pending']);
  });

  it('400: header and fields are named together, and nothing is started', async () => {
    const answer = await record({ type: 'Ticket', properties: { email: 'ada@example.org' } }, { key: 'a b' });
    expect(answer.statusCode).toBe(400);
    expect(
      answer
        .json()
        .errors.map(({ field }: { field: string }) => field)
        .toSorted(),
    ).toEqual(['Idempotency-Key', 'properties.email', 'type']);
    expect(world.temporal.runs.size).toBe(0);
  });

  it.each(['operator', 'approver', 'viewer'])('403 for the role %s', async (role) => {
    expect((await record({}, { role })).statusCode).toBe(403);
  });
});

const day = lastClosedDay(Date.now());
const sha256 = 'a'.repeat(64);
const report: Report = { tenantId: 'acme', venueId: 'arena', day: '2026-01-31', currencies: [] };
const stored = { report, csv: 'day,venueId\r\n', sha256, createdAt: '2026-02-01T03:00:00.000Z' };

describe('POST /reports', () => {
  const make = (payload: object = { venueId: 'arena', day }, role = 'operator') =>
    call('POST', '/reports', { role, payload });

  it('201 when it is made, with where it is; 200 when it was there', async () => {
    const result = { status: 'completed', location: `/reports/arena/${day}`, sha256 };
    endsWith(result);
    const answer = await make();
    expect([answer.statusCode, answer.headers['location']]).toEqual([201, `/reports/arena/${day}`]);
    expect(answer.json()).toMatchObject({ id: `arena/${day}`, workflowId: `report:acme:arena:${day}`, ...result });
    world.store.reportsByDay.set(`acme/arena/${day}`, stored);
    expect((await make()).statusCode).toBe(200);
  });

  it('202 while it goes on', async () => {
    expect((await make()).statusCode).toBe(202);
  });

  it.each([
    ['today', dayOf(Date.now()), `a day whose books are closed, ${day} at the latest`],
    ['no day', '2026-02-30', 'day: a day in UTC, such as 2027-01-31'],
  ])('400 for %s, and nothing is started', async (_, given, accepted) => {
    const answer = await make({ venueId: 'arena', day: given });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toEqual([{ field: 'day', value: `"${given}"`, accepted }]);
    expect(world.temporal.runs.size).toBe(0);
  });

  it.each([
    ['no_venue', 404, 'not_found'],
    ['day_open', 409, 'day_open'],
    ['key_reused', 422, 'key_reused'],
  ])('%s: %i %s', async (reason, status, code) => {
    endsWith({ status: 'refused', reason });
    const answer = await make();
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
  });

  it.each(['service', 'approver', 'viewer'])('403 for the role %s', async (role) => {
    expect((await make(undefined, role)).statusCode).toBe(403);
  });
});

describe('GET /reports/:venueId/:day', () => {
  const path = '/reports/arena/2026-01-31';
  beforeEach(() => void world.store.reportsByDay.set('acme/arena/2026-01-31', stored));

  it('is JSON, with what proves the CSV', async () => {
    const answer = await call('GET', path, { role: 'viewer' });
    expect(answer.json()).toEqual({ ...report, sha256, createdAt: stored.createdAt });
    expect(answer.headers['etag']).toBe(`"${sha256}"`);
  });

  it.each([
    ['?format=csv', undefined],
    ['', 'text/csv'],
    ['?format=csv', 'application/json'],
  ])('is the CSV as it is kept with %j and Accept %j', async (query, accept) => {
    const answer = await call('GET', `${path}${query}`, {
      role: 'viewer',
      ...(accept === undefined ? {} : { accept }),
    });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="arena-2026-01-31.csv"');
    expect(answer.body).toBe(stored.csv);
  });

  it('is JSON where the format says so', async () => {
    expect((await call('GET', `${path}?format=json`, { accept: 'text/csv' })).json()).toMatchObject({
      venueId: 'arena',
    });
  });

  it('404 for another tenant and another day; 400 for no day and no format', async () => {
    expect((await call('GET', path, { tenant: 'globex' })).statusCode).toBe(404);
    expect((await call('GET', '/reports/arena/2026-01-30')).statusCode).toBe(404);
    for (const none of ['yesterday', '2026-02-30'])
      expect((await call('GET', `/reports/arena/${none}`)).json().errors).toMatchObject([{ field: 'day' }]);
    expect((await call('GET', `${path}?format=pdf`)).json().errors).toMatchObject([{ field: 'format' }]);
  });

  it('is listed, to its own tenant', async () => {
    const { sha256: proof, createdAt } = stored;
    const entry = { venueId: 'arena', day: '2026-01-31', sha256: proof, createdAt };
    expect((await call('GET', '/reports?venueId=arena')).json()).toEqual({ reports: [entry] });
    expect((await call('GET', '/reports', { tenant: 'globex' })).json()).toEqual({ reports: [] });
    for (const query of ['limit=0', 'cursor=2026-02-30:arena'])
      expect((await call('GET', `/reports?${query}`)).statusCode).toBe(400);
  });
});
