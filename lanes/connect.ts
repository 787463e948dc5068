/** Who keeps the pace, as `LIMITER` says, and the line before it. */
import type { LaneLimits, PacedName } from '../contracts/lane-limits.ts';
import type { Config } from '../infrastructure/config.ts';
import type { Logger } from '../infrastructure/logger.ts';
import { createRedis } from '../infrastructure/redis.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { createMemoryPace } from './memory-pace.ts';
import type { Pace, SettingsSource } from './pace.ts';
import { RedisPace } from './redis-pace.ts';

export interface ConnectedLanes {
  /** The pace of all lanes but `alert`. */
  pace: Pace;
  /** What is asked whether the limiter is there; absent where it is this process. */
  ping: (() => Promise<unknown>) | undefined;
  /** True for one process of all that share the limiter, for so many milliseconds. Rejects while it is away. */
  takeTurn(what: string, milliseconds: number): Promise<boolean>;
  /** After the last call. */
  close(): Promise<void>;
}

/** Does not wait for Redis: until it is there, nothing is sent. `name` is shown in CLIENT LIST. */
export function connectPace({
  config,
  limits,
  settings,
  name,
  log,
}: {
  config: Config<'lanes' | 'redis'>;
  limits: Readonly<Record<PacedName, LaneLimits>>;
  settings: SettingsSource;
  name: string;
  log: Logger;
}): ConnectedLanes {
  if (config.lanes.LIMITER === 'memory') {
    const pace = createMemoryPace(limits);
    return { pace, ping: undefined, takeTurn: async () => true, close: () => pace.close() };
  }
  const connection = createRedis({ config: config.redis, name, log });
  const { redis } = connection;
  const pace = new RedisPace({ redis, news: connection.subscriber(), limits, settings });
  return {
    pace,
    ping: () => redis.ping(),
    takeTurn: async (what, milliseconds) =>
      (await redis.set(`boxoffice:turn:${what}`, name, 'PX', milliseconds, 'NX')) === 'OK',
    close: async () => {
      await pace.close();
      await connection.close();
    },
  };
}

/** Alerts have a pace of their own inside this process, so that they leave when the shared one is away. */
export function createWorkerLimiter(shared: Pace, limits: Readonly<Record<PacedName, LaneLimits>>): Limiter {
  const common = createLimiter(shared, limits);
  const alerts = createLimiter(createMemoryPace(limits), limits);
  const of = (lane: PacedName): Limiter => (lane === 'alert' ? alerts : common);
  return {
    reserve: (lane, options) => of(lane).reserve(lane, options),
    block: (lane, milliseconds) => of(lane).block(lane, milliseconds),
    status: (lane) => of(lane).status(lane),
    waitingFor: (lane, endpoint) => of(lane).waitingFor(lane, endpoint),
  };
}
