/** Limiters as several processes would have them, before one Valkey. */
import { setTimeout as delay } from 'node:timers/promises';
import { untouched } from '../../contracts/lane-control.ts';
import type { LaneLimits, PacedName } from '../../contracts/lane-limits.ts';
import { createLimiter, type Limiter } from '../../lanes/limiter.ts';
import { coldMs } from '../../lanes/pace.ts';
import { RedisPace } from '../../lanes/redis-pace.ts';
import { limitsOf } from './lane-play.ts';
import type { OwnValkey } from './valkey.ts';

export interface LaneProcess {
  pace: RedisPace;
  limiter: Limiter;
}

/**
 * Each test has a lane of its own, so that none waits for another's last second. Ready: the time for which a limiter without
 * a memory grants nothing is over.
 */
export async function laneProcesses(
  valkey: OwnValkey,
  count: number,
  lane: PacedName,
  { url = valkey.url, ...of }: Partial<LaneLimits> & { url?: string },
): Promise<LaneProcess[]> {
  const limits = limitsOf(lane, of);
  const made: LaneProcess[] = [];
  for (let index = 0; index < count; index += 1) {
    const [redis, news] = [await valkey.connect(url), await valkey.connect(url)];
    const pace = new RedisPace({ redis, news, limits, settings: { read: () => Promise.resolve(untouched) } });
    made.push({ pace, limiter: createLimiter(pace, limits) });
  }
  await made[0]!.pace.status(lane);
  await delay(coldMs);
  return made;
}

export const limitersOf = (made: readonly { limiter: Limiter }[]) => made.map(({ limiter }) => limiter);
export const closeAll = (made: readonly LaneProcess[]) => Promise.all(made.map(({ pace }) => pace.close()));
