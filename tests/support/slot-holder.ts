/**
 * A process that holds slots of a lane until it is killed: `node --import tsx slot-holder.ts URL LANE COUNT`. Says `holding`
 * once it has them all.
 */
import { Redis } from 'ioredis';
import { untouched } from '../../contracts/lane-control.ts';
import { contractLimits, type PacedName } from '../../contracts/lane-limits.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { RedisPace } from '../../lanes/redis-pace.ts';

const [url, lane, count] = process.argv.slice(2) as [string, PacedName, string];
const pace = new RedisPace({
  redis: new Redis(url),
  news: new Redis(url),
  limits: contractLimits,
  settings: { read: () => Promise.resolve(untouched) },
});
const limiter = createLimiter(pace, contractLimits);
const { signal } = new AbortController();
for (let held = 0; held < Number(count);) {
  const reservation = await limiter.reserve(lane, { signal });
  if (await reservation.begin(signal)) held += 1;
}
process.stdout.write('holding\n');
setInterval(() => undefined, 60_000);
