/** What worker and API say of their limiter: there, standing still, there again. */
import { beforeAll, afterEach, expect, inject, test } from 'vitest';
import { type Endpoints, readEndpoints } from '../../sandbox/endpoints.ts';

let endpoints: Endpoints;
beforeAll(async () => void (endpoints = await readEndpoints(inject('worldDir'))));
afterEach(() => void process.kill(endpoints.pids['valkey']!, 'SIGCONT'));

interface Health {
  status: number;
  redis: string | undefined;
}

async function healthAt(url: string): Promise<Health> {
  const response = await fetch(new URL('/health/ready', url));
  const { checks } = (await response.json()) as { checks: Record<string, string> };
  return { status: response.status, redis: checks['redis'] };
}

/** Values of lane `stripe` by gauge. */
async function gauges(): Promise<Record<string, string>> {
  const text = await (await fetch(endpoints.metrics)).text();
  const found = text.matchAll(/^(?<name>rate_limiter_\w+|circuit_breaker_open)\{lane="stripe"\} (?<value>\S+)$/gmu);
  return Object.fromEntries([...found].map(({ groups }) => [groups!['name']!, groups!['value']!]));
}

const within = { timeout: 10_000, interval: 100 };

test('a limiter that stands still is named and shown, and nobody is taken out of service for it', async () => {
  await expect.poll(() => healthAt(endpoints.metrics), within).toEqual({ status: 200, redis: 'ok' });
  expect(await healthAt(endpoints.api)).toEqual({ status: 200, redis: 'ok' });
  await expect.poll(gauges, within).toMatchObject({
    circuit_breaker_open: '0',
    rate_limiter_away: '0',
    rate_limiter_stopped: '0',
    rate_limiter_concurrent_requests: '0',
    rate_limiter_effective_rate: '+Inf',
  });

  process.kill(endpoints.pids['valkey']!, 'SIGSTOP');
  const [worker, api] = await Promise.all([healthAt(endpoints.metrics), healthAt(endpoints.api)]);
  expect(worker).toEqual({ status: 200, redis: 'unreachable' });
  expect(api).toEqual({ status: 200, redis: 'unreachable' });
  await expect.poll(gauges, within).toEqual({ circuit_breaker_open: '0', rate_limiter_away: '1' });

  process.kill(endpoints.pids['valkey']!, 'SIGCONT');
  await expect.poll(gauges, within).toMatchObject({ rate_limiter_away: '0', rate_limiter_blocked: '0' });
  await expect.poll(() => healthAt(endpoints.api), within).toEqual({ status: 200, redis: 'ok' });
});
