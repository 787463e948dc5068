/** A Valkey of one's own, to be killed, emptied and slowed down. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startWorld, type World } from '../../sandbox/world.ts';

export interface OwnValkey {
  world: World;
  url: string;
  /** A connection that is ready, closed with the server. */
  connect(url?: string): Promise<Redis>;
  stop(): Promise<void>;
}

export async function startValkey(): Promise<OwnValkey> {
  const dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-valkey-'));
  const world = await startWorld({ dir, parts: ['valkey'], temporary: true });
  const { url } = world.address('valkey');
  const connections: Redis[] = [];
  return {
    world,
    url,
    connect: async (to = url) => {
      const redis = new Redis(to, {
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        commandTimeout: 2_000,
        retryStrategy: () => 100,
        lazyConnect: false,
      });
      redis.on('error', () => undefined);
      connections.push(redis);
      await once(redis, 'ready');
      return redis;
    },
    stop: async () => {
      for (const redis of connections) redis.disconnect();
      await world.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
