import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { roles } from '../../api/permissions.ts';
import type { Job } from '../../contracts/queue-views.ts';
import { viewOf } from '../support/queue-twins.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.app.close());
afterAll(() => world.lanes.lanes.close());
afterEach(() => {
  world.queues.away = false;
  world.lanes.pace.away = false;
  world.lanes.records.recorded.length = 0;
});

const reason = 'the provider asks us to wait';
const get = async (url: string, wish: { role?: string; tenant?: string } = {}) =>
  world.app.inject({ url, headers: await bearer({ role: 'viewer', ...wish }) });
const post = async (url: string, payload: object, role = 'admin') =>
  world.app.inject({ method: 'POST', url, payload, headers: await bearer({ role }) });

const job = (workflowId: string): Job => ({
  workflowId,
  runId: 'run-1',
  jobType: 'payment-process',
  status: 'running',
  startedAt: '2027-01-01T00:00:00.000Z',
});

it.each(['/queues', '/queues/money', '/queues/money/jobs'])('GET %s is for those who look after it', async (url) => {
  for (const role of roles)
    expect([role, (await get(url, { role })).statusCode]).toEqual([
      role,
      ['operator', 'admin', 'viewer'].includes(role) ? 200 : 403,
    ]);
});

it('GET /queues has every queue, and GET /queues/:name one of them', async () => {
  const money = viewOf('money', { waiting: 12, oldestSeconds: 3.5, active: 20, waitingForPerson: 10 });
  world.queues.views.set('money', money);
  const { queues } = (await get('/queues')).json<{ queues: { queue: string }[] }>();
  expect(queues.map(({ queue }) => queue)).toEqual([
    'money', 'communication', 'background', 'monitoring', 'stripe', 'chain', 'email', 'sms', 'webhook', 'alert',
  ]); // prettier-ignore
  expect(queues[0]).toEqual(money);
  expect((await get('/queues/money')).json()).toEqual(money);
});

it("GET /queues/:name/jobs shows the token's tenant, and no other", async () => {
  world.queues.jobsOf.set('acme', [job('payment:acme:k1')]).set('globex', [job('payment:globex:k1')]);
  for (const tenant of ['acme', 'globex', 'initech']) {
    const { jobs } = (await get('/queues/money/jobs', { tenant, role: 'admin' })).json<{ jobs: Job[] }>();
    expect(jobs).toEqual(world.queues.jobsOf.get(tenant) ?? []);
  }
  await get('/queues/money/jobs?status=failed&jobType=refund-process&attention=review&limit=5&cursor=abc');
  expect(world.queues.asked.at(-1)).toEqual({
    tenantId: 'acme',
    queue: 'money',
    filter: { status: 'failed', jobType: 'refund-process', attention: 'review', limit: 5, cursor: 'abc' },
  });
});

it.each([
  ['/queues/gold', 'name', /one of money, .*alert$/],
  ['/queues/stripe/jobs', 'name', /one of money, .*holds tasks, not jobs/],
  ['/queues/money/jobs?tenantId=globex', 'tenantId', /no such field/],
  ['/queues/money/jobs?status=open', 'status', /one of running/],
  ['/queues/money/jobs?jobType=theft', 'jobType', /payment-process/],
  ['/queues/money/jobs?limit=201', 'limit', /1 to 200/],
  ["/queues/money/jobs?attention=none' OR Tenant != '", 'attention', /one of none/],
])('400: %s', async (url, field, accepted) => {
  const answer = await get(url);
  expect([answer.statusCode, answer.json().errors]).toEqual([
    400,
    [expect.objectContaining({ field, accepted: expect.stringMatching(accepted) })],
  ]);
});

it('503: Temporal is away', async () => {
  world.queues.away = true;
  expect((await get('/queues/money')).json()).toMatchObject({ status: 503, code: 'unavailable' });
});

it("pause and resume are the lane's stop and resume, by the same record", async () => {
  const paused = await post('/queues/stripe/pause', { reason });
  expect([paused.statusCode, paused.json()]).toMatchObject([200, { lane: 'stripe', inForce: true, queue: 'held' }]);
  expect(world.lanes.queues.held).toEqual(new Set(['stripe']));
  expect((await post('/queues/stripe/resume', { reason })).json()).toMatchObject({ queue: 'freed' });
  const made = { lane: 'stripe', actor: 'admin-1', reason };
  expect(
    world.lanes.records.recorded.map(({ lane, change, actor, reason: why }) => ({ lane, change, actor, reason: why })),
  ).toEqual(
    expect.arrayContaining([
      { ...made, change: { action: 'stop' } },
      { ...made, change: { action: 'resume' } },
    ]),
  );
});

it('202: a pause that the limiter does not know yet', async () => {
  world.lanes.pace.away = true;
  expect((await post('/queues/sms/pause', { reason })).statusCode).toBe(202);
});

it.each(['pause', 'resume'])('%s is an admin alone', async (what) => {
  for (const role of roles)
    expect([role, (await post(`/queues/email/${what}`, { reason }, role)).statusCode]).toEqual([
      role,
      role === 'admin' ? 200 : 403,
    ]);
});

it.each(['money', 'monitoring', 'alert'])('%s cannot be paused, and it is said why', async (name) => {
  const answer = await post(`/queues/${name}/pause`, { reason });
  const accepted = expect.stringMatching(/one of stripe, chain, email, sms, webhook; Temporal cannot hold back/);
  expect([answer.statusCode, answer.json().errors]).toEqual([
    400,
    [expect.objectContaining({ field: 'name', accepted })],
  ]);
  expect(world.lanes.records.recorded).toEqual([]);
});

it('where each process paces for itself, nothing can be paused from here', async () => {
  const { app } = await createApiWorld({ lanes: undefined });
  const headers = await bearer({ role: 'admin' });
  const pause = { method: 'POST', url: '/queues/stripe/pause', payload: { reason }, headers } as const;
  expect((await app.inject(pause)).statusCode).toBe(404);
  expect((await app.inject({ url: '/queues', headers })).statusCode).toBe(200);
});
