/** Limiters as several processes would have them, before one Valkey. */
import { setTimeout as delay } from 'node:timers/promises';
import { untouched } from '../../contracts/lane-control.ts';
import type { LaneLimits, PacedName } from '../../contracts/lane-limits.ts';
import { createLimiter, type Limiter } from '../../lanes/limiter.ts';
import { coldMs, type SettingsSource } from '../../lanes/pace.ts';
import { RedisPace, type RedisPaceOptions } from '../../lanes/redis-pace.ts';
import { limitsOf } from './lane-play.ts';
import type { OwnValkey } from './valkey.ts';

export interface LaneProcess {
  pace: RedisPace;
  limiter: Limiter;
}

const nothingSet: SettingsSource = { read: () => Promise.resolve(untouched) };

/** As one process would have it. */
export async function openPace(
  valkey: OwnValkey,
  {
    url,
    settings = nothingSet,
    ...kept
  }: Pick<RedisPaceOptions, 'limits'> & { settings?: SettingsSource; url?: string },
): Promise<RedisPace> {
  return new RedisPace({ redis: await valkey.connect(url), news: await valkey.connect(url), settings, ...kept });
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
    const pace = await openPace(valkey, { limits, url });
    made.push({ pace, limiter: createLimiter(pace, limits) });
  }
  await made[0]!.pace.status(lane);
  await delay(coldMs);
  return made;
}

export const limitersOf = (made: readonly { limiter: Limiter }[]) => made.map(({ limiter }) => limiter);
export const closeAll = (made: readonly LaneProcess[]) => Promise.all(made.map(({ pace }) => pace.close()));
