import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { roles } from '../../api/permissions.ts';
import { createApiMetrics } from '../../infrastructure/metrics.ts';
import { type ApiWorld, bearer, createApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ metrics: createApiMetrics() });
});
afterAll(() => world.app.close());
afterEach(() => {
  world.lanes.pace.away = false;
});

const get = async (url: string, wish: { role?: string; tenant?: string } = {}) =>
  world.app.inject({ url, headers: await bearer({ role: 'viewer', ...wish }) });

const capturedAt = '2027-01-01T00:00:00.000Z';

it.each(['/metrics', '/metrics/summary', '/metrics/throughput', '/metrics/failures'])(
  'GET %s is for those who look after it',
  async (url) => {
    for (const role of roles)
      expect([role, (await get(url, { role })).statusCode]).toEqual([
        role,
        ['operator', 'admin', 'viewer'].includes(role) ? 200 : 403,
      ]);
    expect((await world.app.inject(url)).statusCode).toBe(401);
  },
);

it('GET /metrics is text for Prometheus, by route and never by address', async () => {
  await get('/payments/some-buyers-key');
  const answer = await get('/metrics');
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(answer.body).toContain(
    'http_request_duration_seconds_count{method="GET",route="/payments/:id",status="404"} 1',
  );
  expect(answer.body).toContain('process_cpu_seconds_total');
  expect(answer.body).not.toContain('some-buyers-key');
});

it('GET /metrics/summary: samples, lanes, open incidents', async () => {
  const { monitorHistory } = world.store;
  monitorHistory.samples = [
    {
      queue: 'money',
      waiting: 3,
      active: 20,
      waitingForPerson: 10,
      completed: 170,
      failed: 0,
      oldestSeconds: 4,
      capturedAt,
    },
    { queue: 'stripe', waiting: 1, active: 2, oldestSeconds: 0, capturedAt },
  ];
  monitorHistory.alerts = { info: 0, warning: 2, critical: 1 };
  const summary = (await get('/metrics/summary')).json<{ lanes: unknown[] | null }>();
  expect(summary).toMatchObject({ queues: monitorHistory.samples, openAlerts: monitorHistory.alerts });
  expect(summary.lanes).toHaveLength(7);
  world.lanes.pace.away = true;
  expect((await get('/metrics/summary')).json()).toMatchObject({ lanes: null });
});

it.each([
  ['', ['money', 'communication', 'background'], 'hour', 24],
  ['?queue=money&per=minute&hours=2', ['money'], 'minute', 2],
])('GET /metrics/throughput%s', async (query, queues, per, hours) => {
  world.store.monitorHistory.buckets = [{ queue: 'money', from: capturedAt, completed: 170, failed: 1 }];
  const answer = await get(`/metrics/throughput${query}`);
  expect(answer.json()).toEqual({ per, throughput: world.store.monitorHistory.buckets });
  const asked = world.store.monitorHistory.asked.at(-1);
  expect(asked).toMatchObject({ queues, per });
  expect((Date.now() - Date.parse(asked!.since)) / 3_600_000).toBeCloseTo(hours, 1);
});

it("GET /metrics/failures: everybody's jobs by queue, and the tenant's own letters", async () => {
  world.store.monitorHistory.ended = [
    { queue: 'money', completed: 198, failed: 2 },
    { queue: 'communication', completed: 2, failed: 1 },
    { queue: 'background', completed: 0, failed: 0 },
  ];
  const letters = [
    { queue: 'money', jobType: 'payment-process', error: 'budget_exhausted', count: 2, open: 1, newest: capturedAt },
  ];
  world.store.failures.letters.set('acme', letters);
  expect((await get('/metrics/failures')).json()).toEqual({
    since: expect.any(String) as string,
    queues: [
      { queue: 'money', completed: 198, failed: 2, failedPercent: 1 },
      { queue: 'communication', completed: 2, failed: 1, failedPercent: 33.3 },
      { queue: 'background', completed: 0, failed: 0, failedPercent: null },
    ],
    letters,
  });
  expect((await get('/metrics/failures', { tenant: 'globex' })).json()).toMatchObject({ letters: [] });
});

it.each([
  'throughput?hours=0',
  'throughput?hours=721',
  'throughput?queue=stripe',
  'throughput?per=day',
  'failures?hours=x',
])('400: %s', async (path) => {
  expect((await get(`/metrics/${path}`)).statusCode).toBe(400);
});
