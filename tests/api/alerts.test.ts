import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../../api/permissions.ts';
import { headlineOf } from '../../contracts/alert-words.ts';
import type { AlertNotice } from '../../contracts/alerts.ts';
import { createAlertLinks, linkLifetimeSeconds } from '../../infrastructure/alert-links.ts';
import { incidentOf } from '../support/alert-twins.ts';
import { type ApiWorld, bearer, createApiWorld, linkKey } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.app.close());
beforeEach(() => {
  world.store.incidents.clear();
  world.temporal.runs.clear();
  world.log.length = 0;
});

const incident = incidentOf();
const id = incident.alertId;
const get = async (url: string, role = 'viewer') => world.app.inject({ url, headers: await bearer({ role }) });
const post = async (url: string, payload?: object, role = 'admin') =>
  world.app.inject({ method: 'POST', url, headers: await bearer({ role }), ...(payload ? { payload } : {}) });

describe('GET /alerts', () => {
  it('is for those who look after the service', async () => {
    for (const role of roles)
      expect([role, (await get('/alerts', role)).statusCode]).toEqual([
        role,
        ['operator', 'admin', 'viewer'].includes(role) ? 200 : 403,
      ]);
  });

  it('says what is wrong, what it means for money, what to do, who was told and who knows', async () => {
    world.store.incidents.add({ incident, notices: 1, acknowledged: { by: 'ada', at: incident.openedAt } });
    const sent = { number: 1, kind: 'first', channel: 'sms', outcome: 'delivered', reference: 'SM1' } as const;
    world.store.incidents.sent.push({ alertId: id, ...sent, sentAt: incident.openedAt });
    world.store.incidents.sent.push({ alertId: 'another', ...sent, sentAt: incident.openedAt });
    const { alerts } = (await get('/alerts')).json<{ alerts: object[] }>();
    expect(alerts).toEqual([
      expect.objectContaining({
        id,
        severity: 'critical',
        message: headlineOf(incident),
        money: expect.stringContaining('Buyers and venues wait'),
        todo: expect.any(String),
        value: 60,
        unit: 'jobs',
        acknowledged: { by: 'ada', at: incident.openedAt },
        notices: [{ ...sent, sentAt: incident.openedAt }],
        webUi: expect.stringMatching(/\/namespaces\/default\/workflows\?query=TaskQueue.*&savedQuery=queue-depth$/u),
      }),
    ]);
  });

  it.each([
    ['', ['c', 'b', 'a'], undefined],
    ['?open=true', ['c', 'a'], undefined],
    ['?open=false', ['b'], undefined],
    ['?severity=warning', ['b', 'a'], undefined],
    ['?limit=2', ['c', 'b'], '2'],
    ['?limit=2&cursor=2', ['a'], undefined],
  ])('%s', async (query, ids, nextCursor) => {
    for (const [alertId, severity, endedAt] of [
      ['a', 'warning'],
      ['b', 'warning', incident.openedAt],
      ['c', 'critical'],
    ] as const)
      world.store.incidents.add({ incident: incidentOf({ alertId, severity }), ...(endedAt ? { endedAt } : {}) });
    const page = (await get(`/alerts${query}`)).json<{ alerts: { id: string }[]; nextCursor?: string }>();
    expect([page.alerts.map((one) => one.id), page.nextCursor]).toEqual([ids, nextCursor]);
  });

  it.each(['?severity=bad', '?limit=0', '?limit=201', '?cursor=x', '?open=maybe', '?all=1'])(
    '400: %s',
    async (query) => {
      expect((await get(`/alerts${query}`)).statusCode).toBe(400);
    },
  );
});

describe('POST /alerts/:id/acknowledge', () => {
  it('is an admin alone, who is kept by an id', async () => {
    world.store.incidents.add({ incident });
    for (const role of roles)
      expect([role, (await post(`/alerts/${id}/acknowledge`, undefined, role)).statusCode]).toEqual([
        role,
        role === 'admin' ? 200 : 403,
      ]);
    const headers = await bearer({ role: 'admin', sub: 'ada@example.com' });
    const refused = await world.app.inject({ method: 'POST', url: `/alerts/${id}/acknowledge`, headers });
    expect([refused.statusCode, refused.json().errors[0].field]).toEqual([400, 'sub']);
  });

  it('the first one stays', async () => {
    const record = world.store.incidents.add({ incident });
    const { acknowledged } = (await post(`/alerts/${id}/acknowledge`)).json();
    expect(acknowledged).toEqual({ by: 'admin-1', at: expect.any(String) });
    expect((await post(`/alerts/${id}/acknowledge`)).json().acknowledged).toEqual(acknowledged);
    expect(record.acknowledged).toEqual(acknowledged);
  });

  it('404 where there is none, 503 where the database is away', async () => {
    const unknown = await post('/alerts/nothing/acknowledge');
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'not_found']);
    world.store.incidents.away = true;
    expect((await post(`/alerts/${id}/acknowledge`)).statusCode).toBe(503);
  });
});

describe('POST /alerts/test', () => {
  it('starts a real notice, which is on record as over', async () => {
    const answer = await post('/alerts/test', { severity: 'critical' });
    const { id: alertId, workflowId } = answer.json<{ id: string; workflowId: string }>();
    expect([answer.statusCode, workflowId]).toEqual([202, `alert:platform:${alertId}:1`]);
    const { request, input } = world.temporal.runs.get(workflowId)!;
    expect([request.workflowType.name, request.taskQueue.name]).toEqual(['alert', 'monitoring']);
    const notice = input as unknown as AlertNotice;
    expect(notice).toMatchObject({
      kind: 'first',
      number: 1,
      incident: { alertId, type: 'test', severity: 'critical' },
    });
    expect(world.store.incidents.records).toMatchObject([{ incident: notice.incident, endedAt: expect.any(String) }]);
  });

  it('is an admin alone, and needs to know how bad', async () => {
    expect((await post('/alerts/test', { severity: 'critical' }, 'operator')).statusCode).toBe(403);
    expect((await post('/alerts/test', { severity: 'bad' })).json().errors[0].field).toBe('severity');
    expect(world.temporal.runs.size).toBe(0);
  });
});

const sign = (now = Date.now()) =>
  createAlertLinks(linkKey, () => now).sign({ alertId: id, channel: 'sms', role: 'escalation' });
const open = (token: string) => world.app.inject({ url: `/alerts/acknowledge?token=${encodeURIComponent(token)}` });
const press = (token: string) =>
  world.app.inject({
    method: 'POST',
    url: '/alerts/acknowledge',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ token }).toString(),
  });

describe('the link in an alert', () => {
  it('shows what it is about and a button, and changes nothing', async () => {
    const record = world.store.incidents.add({ incident, message: '<b>60 jobs & more</b>' });
    const { statusCode, headers, body } = await open(sign());
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('&lt;b&gt;60 jobs &amp; more&lt;/b&gt;');
    expect(body).toContain('Buyers and venues wait');
    expect(body).toMatch(/<form method="post".*<button>Acknowledge<\/button>/u);
    expect(body).toMatch(
      /<a href="http:\/\/127\.0\.0\.1:8233\/namespaces\/default\/workflows\?query=[^"]*&amp;savedQuery/u,
    );
    expect(record.acknowledged).toBeUndefined();
  });

  it('keeps its token to itself', async () => {
    world.store.incidents.add({ incident });
    const token = sign();
    const { headers } = await open(token);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(world.log.join('')).toContain('/alerts/acknowledge?token=…');
    expect(world.log.join('')).not.toContain(token);
  });

  it('acknowledges by its button, by channel and role and nobody in person; the first one stays', async () => {
    const record = world.store.incidents.add({ incident });
    const { statusCode, body } = await press(sign());
    expect([statusCode, body.includes('<button>')]).toEqual([200, false]);
    expect(record.acknowledged).toEqual({ by: 'link:sms:escalation', at: expect.any(String) });
    const first = { ...record.acknowledged };
    await press(sign());
    expect(record.acknowledged).toEqual(first);
    expect((await open(sign())).body).toContain('by link:sms:escalation');
  });

  it.each<[number, string, () => string]>([
    [400, 'is not one of ours', () => `${sign()}x`],
    [400, 'is not one of ours', () => ''],
    [400, 'is not one of ours', () => sign().replace('escalation', 'oncall')],
    [410, 'is too old', () => sign(Date.now() - linkLifetimeSeconds * 1_000 - 1)],
  ])('%i: %s; a page says so and nothing is changed', async (status, said, tokenOf) => {
    const record = world.store.incidents.add({ incident });
    for (const answer of [await open(tokenOf()), await press(tokenOf())]) {
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
      expect(answer.body).toContain(said);
    }
    expect(record.acknowledged).toBeUndefined();
  });

  it('404: the alert is not on record (yet); 503: the database is away', async () => {
    expect((await press(sign())).statusCode).toBe(404);
    world.store.incidents.away = true;
    const away = await open(sign());
    expect([away.statusCode, away.body.includes('Try again in a minute')]).toEqual([503, true]);
  });

  it('takes a form and nothing else', async () => {
    const payload = { token: sign() };
    const answer = await world.app.inject({ method: 'POST', url: '/alerts/acknowledge', payload });
    expect(answer.statusCode).toBe(415);
  });
});
