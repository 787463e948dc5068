/**
 * Redis for those who would rather hear at once that it is away than wait for it: a limiter that is not answered sends
 * nothing. Works with Redis and Valkey.
 */
import { Redis, type RedisOptions } from 'ioredis';
import { redisUrlOf, type Config } from './config.ts';
import type { Logger } from './logger.ts';

/** No answer to a command within this time is an answer, too. Milliseconds. */
const commandTimeoutMs = 2_000;
/** A connection that says nothing to a command for so long is dead: a new one is made. Milliseconds. */
const silenceMs = 3_000;
/** A subscriber only listens, so it asks for a sign of life, or it would never hear that its server vanished. */
const heartbeatMs = 2_000;
const longestPauseMs = 200;

const common = {
  connectTimeout: commandTimeoutMs,
  socketTimeout: silenceMs,
  retryStrategy: (attempt: number) => Math.min(attempt * 50, longestPauseMs),
  // While the server reads its file back it is asked again this often; a second each time would be ioredis' own choice.
  maxLoadingRetryTime: longestPauseMs,
  keepAlive: 5_000,
} satisfies RedisOptions;

/**
 * Nothing waits for a connection, and nothing is sent a second time over the next one: whether the first was heard is
 * known to nobody, and a grant that is asked for twice is a grant too many.
 */
const failFast = {
  ...common,
  commandTimeout: commandTimeoutMs,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} satisfies RedisOptions;

/** A subscription is wanted for as long as the process lives, so it waits for as long as it takes. */
const patient = { ...common, autoResubscribe: true, maxRetriesPerRequest: null } satisfies RedisOptions;

export interface RedisConnection {
  /**
   * For commands. Each rejects at once while Redis is away, and within two seconds when it does not answer; whether a
   * command that was sent took effect is unknown then. Comes back by itself (`ready` is emitted).
   */
  redis: Redis;
  /**
   * One more connection, for `subscribe`: it subscribes again by itself. What was published while it was away is lost,
   * so whoever listens also listens for its `ready`.
   */
  subscriber(): Redis;
  /** Lets commands in flight end, then closes all connections. Never rejects. */
  close(): Promise<void>;
}

/** Connects in the background: a process starts without Redis. `name` is shown in CLIENT LIST. */
export function createRedis({
  config,
  name,
  log,
}: {
  config: Config<'redis'>['redis'];
  name: string;
  log?: Logger;
}): RedisConnection {
  const url = redisUrlOf(config);
  const opened: Redis[] = [];
  const heartbeats: NodeJS.Timeout[] = [];
  const open = (options: RedisOptions, connectionName: string): Redis => {
    const redis = new Redis(url, { ...options, connectionName });
    tellOnce(redis, connectionName, log);
    opened.push(redis);
    return redis;
  };
  return {
    redis: open(failFast, name),
    subscriber: () => {
      const redis = open(patient, `${name}-news`);
      heartbeats.push(
        setInterval(() => {
          if (redis.status === 'ready') void redis.ping().catch(() => undefined);
        }, heartbeatMs).unref(),
      );
      return redis;
    },
    close: async () => {
      for (const heartbeat of heartbeats) clearInterval(heartbeat);
      await Promise.all(opened.map(closed));
    },
  };
}

/** An error without a listener ends the process. One that comes every 200 ms is told once, and its end too. */
function tellOnce(redis: Redis, connection: string, log: Logger | undefined): void {
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) log?.warn({ connection, reason: error.message }, 'redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log?.info({ connection }, 'redis is back');
    away = false;
  });
}

/** A server that is away cannot be asked to end the connection in order. */
async function closed(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  const ended = new Promise<void>((resolve) => void redis.once('end', resolve));
  if (redis.status === 'ready') await redis.quit().catch(() => undefined);
  redis.disconnect();
  await ended;
}
