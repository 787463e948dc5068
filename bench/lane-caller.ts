/** The way to the provider as a worker's process has it, and the pace that it keeps with the others. */
import { Redis } from 'ioredis';
import { untouched } from '../contracts/lane-control.ts';
import type { LaneLimits, PacedName } from '../contracts/lane-limits.ts';
import { createLaneCaller, type LaneCaller } from '../lanes/call.ts';
import { createLimiter } from '../lanes/limiter.ts';
import type { Pace } from '../lanes/pace.ts';
import { RedisPace } from '../lanes/redis-pace.ts';
import type { SentCalls } from '../lanes/sent-calls.ts';

export type AllLimits = Readonly<Record<PacedName, LaneLimits>>;

/** Nobody changes anything while it is measured. */
const settings = { read: () => Promise.resolve(untouched) };

/** Its `close` ends the connections, too. */
export function openRedisPace(url: string, limits: AllLimits): Pace {
  const [redis, news] = [connect(url), connect(url)];
  const pace = new RedisPace({ redis, news, limits, settings });
  const close = pace.close.bind(pace);
  pace.close = async () => {
    await close();
    for (const connection of [redis, news]) connection.disconnect();
  };
  return pace;
}

/** Fails at once while Valkey is away, and comes back by itself. */
function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => 200 });
  // Who asks hears of it.
  redis.on('error', () => undefined);
  return redis;
}

export function createBenchLanes(deps: {
  pace: Pace;
  limits: AllLimits;
  sentCalls: SentCalls;
  stopping: AbortSignal;
}): LaneCaller {
  const { pace, ...rest } = deps;
  return createLaneCaller({ limiter: createLimiter(pace, deps.limits), retryScale: 1, ...rest });
}
