/** The way to the provider as a worker's process has it. */
import type { LaneLimits, PacedName } from '../contracts/lane-limits.ts';
import { untouched } from '../contracts/lane-control.ts';
import { loadConfig } from '../infrastructure/config.ts';
import { createLogger } from '../infrastructure/logger.ts';
import { createBreakers } from '../lanes/breaker.ts';
import { createLaneCaller, type LaneCaller } from '../lanes/call.ts';
import { type ConnectedLanes, connectPace, createWorkerLimiter } from '../lanes/connect.ts';
import type { Pace } from '../lanes/pace.ts';
import type { SentCalls } from '../lanes/sent-calls.ts';

export type AllLimits = Readonly<Record<PacedName, LaneLimits>>;

/** Nobody changes anything while it is measured. */
const settings = { read: () => Promise.resolve(untouched) };

/** The shared pace, in the Valkey of the environment's `REDIS_URL`. */
export function openSharedPace(env: Readonly<Record<string, string | undefined>>, limits: AllLimits): ConnectedLanes {
  const config = loadConfig({ ...env, LIMITER: 'redis' }, ['lanes', 'redis']);
  return connectPace({ config, limits, settings, name: 'boxoffice-bench', log: createLogger('bench', 'warn') });
}

export function createBenchLanes(deps: {
  pace: Pace;
  limits: AllLimits;
  sentCalls: SentCalls;
  stopping: AbortSignal;
}): LaneCaller {
  const { pace, limits, sentCalls, stopping } = deps;
  return createLaneCaller({
    limiter: createWorkerLimiter(pace, limits),
    limits,
    sentCalls,
    retryScale: 1,
    stopping,
    breaker: createBreakers({ onChange: (lane, state) => pace.breaker(lane, state) }),
  });
}
