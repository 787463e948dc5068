/** What a service needs besides its routes: probes, limits, documentation, and silence about its inside. */
import { describe, expect, it, vi } from 'vitest';
import { bearer, createApiWorld } from './api-world.ts';

const never = () => new Promise<never>(() => undefined);
const here = async (): Promise<unknown> => undefined;
const away = () => Promise.reject(new Error('no connection to 10.0.0.7'));

describe('health', () => {
  it('is ready when everything answers', async () => {
    const { app } = await createApiWorld();
    for (const url of ['/health/live', '/health/ready', '/health/startup']) {
      expect([url, (await app.inject(url)).statusCode]).toEqual([url, 200]);
    }
  });

  it('names the part that is away, and stays alive', async () => {
    const { app } = await createApiWorld({ checks: { postgres: away, temporal: async () => undefined } });
    const ready = await app.inject('/health/ready');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({ status: 'unavailable', checks: { postgres: 'unreachable', temporal: 'ok' } });
    expect((await app.inject('/health/startup')).statusCode).toBe(503);
    expect((await app.inject('/health/live')).statusCode).toBe(200);
  });

  it('names a limiter that is away, and goes on taking work', async () => {
    const { app } = await createApiWorld({ lesserChecks: { redis: away } });
    const ready = await app.inject('/health/ready');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({ status: 'ok', checks: { postgres: 'ok', redis: 'unreachable' } });
  });

  it('does not wait for a part that hangs', async () => {
    const { app } = await createApiWorld({ checks: { temporal: never } });
    expect((await app.inject('/health/ready')).json().checks).toEqual({ temporal: 'unreachable' });
  });

  it('stays started once it was ready', async () => {
    const checks = { temporal: here };
    const { app } = await createApiWorld({ checks: { temporal: () => checks.temporal() } });
    await app.inject('/health/startup');
    checks.temporal = away;
    expect((await app.inject('/health/startup')).statusCode).toBe(200);
    expect((await app.inject('/health/ready')).statusCode).toBe(503);
  });
});

describe('limits', () => {
  it('429 per subject, with Retry-After; probes are not counted', async () => {
    const { app } = await createApiWorld({ limit: { max: 2, windowMs: 60_000 } });
    const ask = async (sub: string) => app.inject({ url: '/payments', headers: await bearer({ sub }) });
    expect([(await ask('a')).statusCode, (await ask('a')).statusCode]).toEqual([200, 200]);
    const third = await ask('a');
    expect(third.statusCode).toBe(429);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
    expect(third.json()).toMatchObject({ code: 'too_many_requests', status: 429, moneyMoved: 'none' });
    expect((await ask('b')).statusCode).toBe(200);
    for (let probe = 0; probe < 5; probe += 1) expect((await app.inject('/health/live')).statusCode).toBe(200);
  });
});

describe('under pressure', () => {
  it('sheds load with 503 and Retry-After, and still answers probes', async () => {
    const { app } = await createApiWorld({ maxEventLoopDelayMs: 0.000_001 });
    const headers = await bearer();
    const answer = await vi.waitUntil(
      async () => {
        const tried = await app.inject({ url: '/payments', headers });
        return tried.statusCode === 503 && tried;
      },
      { timeout: 10_000 },
    );
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.json()).toMatchObject({ code: 'overloaded', moneyMoved: 'none' });
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    await app.close();
  });
});

describe('an error that nobody foresaw', () => {
  it('is a 500 that says nothing of the inside, and is in the log', async () => {
    const { app, store, log } = await createApiWorld();
    store.payments.list = () => Promise.reject(new Error('relation "secret_table" does not exist'));
    const answer = await app.inject({ url: '/payments', headers: await bearer() });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'internal', moneyMoved: 'unknown' });
    expect(answer.body).not.toContain('secret_table');
    expect(log.join()).toContain('secret_table');
  });

  it('does not carry a row of the database into the log', async () => {
    const { app, store, log } = await createApiWorld();
    const failure = Object.assign(new Error('violates a check'), {
      code: '23514',
      detail: 'Failing row (ada@example.com)',
    });
    store.payments.list = () => Promise.reject(failure);
    expect((await app.inject({ url: '/payments', headers: await bearer() })).statusCode).toBe(500);
    expect(log.join()).toContain('violates a check');
    expect(log.join()).not.toContain('ada@');
  });

  it('is a 503 when the database is away', async () => {
    const { app, store } = await createApiWorld();
    store.payments.list = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    const answer = await app.inject({ url: '/payments', headers: await bearer() });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'unavailable']);
  });
});

describe('documentation', () => {
  it('describes every route, its bodies and its problems', async () => {
    const { app } = await createApiWorld();
    const answer = await app.inject({ url: '/docs/json', headers: await bearer({ role: 'viewer' }) });
    const { paths, openapi } = answer.json();
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/payments', '/payments/{id}', '/webhooks/stripe']));
    const post = paths['/payments'].post;
    expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(['201', '202', '400', '409', '422', '429']));
    expect(post.requestBody.content['application/json'].schema.properties.tickets.maxItems).toBe(20);
  });

  it('opens on request only', async () => {
    const { app } = await createApiWorld({ docs: 'open' });
    expect((await app.inject('/docs/json')).statusCode).toBe(200);
    expect((await app.inject('/payments')).statusCode).toBe(401);
  });
});

it('sends the headers of a service that shows no pages', async () => {
  const { app } = await createApiWorld();
  const { headers } = await app.inject('/health/live');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
  expect(headers['x-powered-by']).toBeUndefined();
});
