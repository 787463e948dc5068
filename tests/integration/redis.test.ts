/** The connection that the shared limiter has, against a real Valkey that dies, stands still and comes back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Redis } from 'ioredis';
import { createRedis, type RedisConnection } from '../../infrastructure/redis.ts';
import { startWorld, type World } from '../../sandbox/world.ts';

let dir: string;
let world: World;
let connection: RedisConnection;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-redis-'));
  world = await startWorld({ dir, parts: ['valkey'] });
});
afterAll(async () => {
  await world.stop();
  await rm(dir, { recursive: true, force: true });
});

const configOf = (url: string) => ({ REDIS_URL: url, REDIS_PORT: 6379, REDIS_DB: 0, REDIS_TLS: false });

/** Not `once` of node:events: that rejects at the first error, and being away is one error after another. */
const hears = (redis: Redis, event: 'ready' | 'close' | 'reconnecting') =>
  new Promise<void>((resolve) => void redis.once(event, () => resolve()));

beforeEach(async () => {
  connection = createRedis({ config: configOf(world.address('valkey').url), name: 'test' });
  await hears(connection.redis, 'ready');
});
afterEach(() => connection.close());

/** Milliseconds until it rejects; fails when it does not. */
async function rejectsAfter(command: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await expect(command).rejects.toThrow(Error);
  return performance.now() - startedAt;
}

describe('a connection to Redis', () => {
  it('rejects at once while the server is away, and works by itself once it is back', async () => {
    const { redis } = connection;
    // It stands still when it is asked, so that the kill meets a command that was sent.
    process.kill(world.pids()['valkey']!, 'SIGSTOP');
    const sent = redis.lpush('list', 'item').then(
      () => 'answered',
      () => 'rejected',
    );

    await world.kill('valkey');
    expect(await sent).toBe('rejected');
    expect(await rejectsAfter(redis.get('key'))).toBeLessThan(1_000);

    const ready = hears(redis, 'ready');
    await world.start('valkey');
    const startedAt = performance.now();
    await ready;
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(await redis.ping()).toBe('PONG');
    // Not sent a second time over the new connection.
    expect(await redis.llen('list')).toBe(0);
  });

  it('does not wait for a server that stands still, and finds it again', async () => {
    const { redis } = connection;
    const pid = world.pids()['valkey']!;
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await rejectsAfter(redis.ping())).toBeLessThan(2_500);
      await hears(redis, 'close'); // a connection that says nothing is given up
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await hears(redis, 'ready');
    expect(await redis.ping()).toBe('PONG');
  });

  it('can be closed while the server is away, and starts without one', async () => {
    const away = createRedis({ config: configOf(`redis://127.0.0.1:${await world.freePort()}`), name: 'away' });
    void away
      .subscriber()
      .subscribe('channel')
      .catch(() => undefined);
    expect(await rejectsAfter(away.redis.ping())).toBeLessThan(1_000);
    await away.close();
    expect(away.redis.status).toBe('end');
  });
});

describe('a subscriber', () => {
  it('subscribes before there is a server, and again when it comes back', async () => {
    await world.kill('valkey');
    const subscriber = connection.subscriber();
    const heard: string[] = [];
    subscriber.on('message', (_channel, message) => void heard.push(message));
    const subscribed = subscriber.subscribe('news');
    await hears(subscriber, 'reconnecting');
    await Promise.all([hears(connection.redis, 'ready'), world.start('valkey')]);
    await subscribed;
    await connection.redis.publish('news', 'first');

    await world.kill('valkey');
    const back = [hears(connection.redis, 'ready'), hears(subscriber, 'ready')];
    await world.start('valkey');
    await Promise.all(back);
    await expect.poll(() => connection.redis.publish('news', 'second'), { interval: 20 }).toBe(1);
    await expect.poll(() => heard, { interval: 20 }).toEqual(['first', 'second']);
  });
});
