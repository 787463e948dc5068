/** A shared lane with a process that is far away, one whose clock is wrong, and one that dies with its slots. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { leaseMs } from '../../lanes/pace.ts';
import { never, play, slowness, tightest } from '../support/lane-play.ts';
import { closeAll, type LaneProcess, laneProcesses, limitersOf } from '../support/lane-processes.ts';
import { openSlowProxy, type SlowProxy } from '../support/slow-proxy.ts';
import { type OwnValkey, startValkey } from '../support/valkey.ts';

let valkey: OwnValkey;
let proxy: SlowProxy;
beforeAll(async () => {
  valkey = await startValkey();
  proxy = await openSlowProxy(Number(new URL(valkey.url).port));
});
afterAll(async () => {
  await proxy.close();
  await valkey.stop();
});

it.concurrent('half a second away, the lane is slower to start and not faster', async () => {
  const lane = 'email';
  const near = await laneProcesses(valkey, 1, lane, { perSecond: 20, concurrent: 20 });
  const far = await laneProcesses(valkey, 1, lane, {
    perSecond: 20,
    concurrent: 20,
    url: `redis://127.0.0.1:${proxy.port}`,
  });
  proxy.delay(500);
  const seen = await play(limitersOf([...near, ...far]), 50, { lane, holdMs: 20 });
  proxy.delay(0);
  expect(seen).toHaveLength(50);
  expect(tightest(seen, 20)).toBeGreaterThanOrEqual(1_000);
  await closeAll([...near, ...far]);
});

it.concurrent('a process whose clock is ten minutes wrong keeps the pace with the others', async () => {
  const lane = 'webhook';
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 });
  try {
    const made = await laneProcesses(valkey, 2, lane, { perSecond: 20, concurrent: 6 });
    const playing = play(limitersOf(made), 60, { lane, holdMs: 20 });
    vi.setSystemTime(Date.now() - 1_200_000);
    const seen = await playing;
    expect(tightest(seen, 20)).toBeGreaterThanOrEqual(1_000);
    expect(slowness(seen, 20)).toBeLessThan(1.6);
    await closeAll(made);
  } finally {
    vi.useRealTimers();
  }
});

it.concurrent('slots of a killed process are free when their lease ends, and not before', async () => {
  const lane = 'sms';
  const made = await laneProcesses(valkey, 1, lane, { perSecond: 1_000, concurrent: 5 });
  const [{ pace, limiter }] = made as [LaneProcess];
  const holder = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../support/slot-holder.ts', import.meta.url)), valkey.url, lane, '2'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  // Longer than a lease: it is renewed for as long as the process lives.
  await delay(leaseMs + 500);
  expect(await pace.status(lane)).toMatchObject({ inFlight: 2 });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const killedAt = performance.now();
  const mine = await Promise.all([1, 2, 3].map(() => limiter.reserve(lane, { signal: never })));
  const next = await limiter.reserve(lane, { signal: never });
  const waited = performance.now() - killedAt;
  expect(waited).toBeGreaterThan(leaseMs - 1_500);
  expect(waited).toBeLessThan(leaseMs + 600);
  for (const reservation of [...mine, next]) reservation.release();
  await closeAll(made);
});
