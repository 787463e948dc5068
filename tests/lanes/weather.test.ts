/** A shared lane whose Valkey is emptied and killed while calls go on. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, inOrder, mostInFlight, play, tightest } from '../support/lane-play.ts';
import { closeAll, laneProcesses, limitersOf } from '../support/lane-processes.ts';
import { type OwnValkey, startValkey } from '../support/valkey.ts';

let valkey: OwnValkey;
beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.stop());

it('emptied in the middle of it, the lane has no burst, knows who holds a slot, and nobody is lost', async () => {
  const lane = 'stripe';
  const made = await laneProcesses(valkey, 2, lane, { perSecond: 20, concurrent: 6 });
  const long = [call(made[0]!.limiter, { lane, holdMs: 4_000 }), call(made[1]!.limiter, { lane, holdMs: 4_000 })];
  const playing = play(limitersOf(made), 70, { lane, holdMs: 20 });
  await delay(700);
  await (await valkey.connect()).flushall();
  await expect.poll(async () => (await made[0]!.pace.status(lane)).inFlight, { timeout: 1_400 }).toBe(2);
  const seen = inOrder([...(await playing), ...(await Promise.all(long))]);
  expect(seen).toHaveLength(72);
  expect(tightest(seen, 20)).toBeGreaterThanOrEqual(1_000);
  expect(mostInFlight(seen)).toBeLessThanOrEqual(6);
  await closeAll(made);
});

it('killed, nothing is sent; started again, there is no burst, a 429 of meanwhile still holds, and nobody is lost', async () => {
  const lane = 'chain';
  const made = await laneProcesses(valkey, 2, lane, { perSecond: 20, concurrent: 6 });
  const playing = play(limitersOf(made), 80, { lane, holdMs: 20 });
  await delay(600);
  await valkey.world.kill('valkey');
  const killedAt = performance.now();
  await delay(300);
  await expect(made[0]!.limiter.block(lane, 4_000)).rejects.toThrow('nothing is sent');
  const closedAt = performance.now();
  await valkey.world.start('valkey');
  const startedAt = performance.now();
  const seen = await playing;
  expect(seen).toHaveLength(80);
  // A moment that was given out just before may be used.
  expect(seen.filter(({ from }) => from > killedAt + 450 && from < startedAt)).toEqual([]);
  expect(seen.filter(({ from }) => from > closedAt + 450 && from < closedAt + 3_990)).toEqual([]);
  expect(tightest(seen, 20)).toBeGreaterThanOrEqual(1_000);
  expect(mostInFlight(seen)).toBeLessThanOrEqual(6);
  await closeAll(made);
});
