/** One lane, kept by Redis for several processes and by one process alone: both hold to the same. Real time, real Valkey. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LaneSettings, untouched } from '../../contracts/lane-control.ts';
import { contractLimits, type LaneLimits, pacedNames, type PacedName } from '../../contracts/lane-limits.ts';
import { createLimiter, type Limiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { coldMs, type Pace } from '../../lanes/pace.ts';
import type { RedisPace } from '../../lanes/redis-pace.ts';
import { call, inOrder, limitsOf, mostInFlight, never, play, slowness, tightest } from '../support/lane-play.ts';
import { limitersOf, openPace } from '../support/lane-processes.ts';
import { type OwnValkey, startValkey } from '../support/valkey.ts';

let valkey: OwnValkey;
const open: RedisPace[] = [];

async function openOne(limits: Readonly<Record<PacedName, LaneLimits>>, settings = untouched): Promise<RedisPace> {
  const pace = await openPace(valkey, { limits, settings: { read: () => Promise.resolve(settings) } });
  open.push(pace);
  return pace;
}

beforeAll(async () => {
  valkey = await startValkey();
  // A limiter without a memory waits before it grants anything, which has a test of its own; each of the others has a lane.
  const pace = await openOne(contractLimits);
  await Promise.all(pacedNames.map((lane) => pace.status(lane)));
  await delay(coldMs);
});
afterAll(async () => {
  await Promise.all(open.map((pace) => pace.close()));
  await valkey.stop();
});

interface Paced {
  pace: Pace;
  limiter: Limiter;
}

const kinds = {
  /** Two, as two processes would have them. */
  redis: async (lane: PacedName, of: Partial<LaneLimits>): Promise<Paced[]> => {
    const limits = limitsOf(lane, of);
    const paces = [await openOne(limits), await openOne(limits)];
    return paces.map((pace) => ({ pace, limiter: createLimiter(pace, limits) }));
  },
  memory: (lane: PacedName, of: Partial<LaneLimits>): Promise<Paced[]> => {
    const limits = limitsOf(lane, of);
    const pace = createMemoryPace(limits);
    return Promise.resolve([{ pace, limiter: createLimiter(pace, limits) }]);
  },
};

const set = (settings: Partial<LaneSettings>): LaneSettings => ({ ...untouched, revision: 1, ...settings });

describe.concurrent.each(['redis', 'memory'] as const)('a lane kept by %s', (kind) => {
  const paced = kinds[kind];

  it('is used to its limits, and never beyond', async () => {
    const seen = await play(limitersOf(await paced('stripe', { perSecond: 20, concurrent: 4 })), 60, {
      lane: 'stripe',
      holdMs: 30,
    });
    expect(tightest(seen, 20)).toBeGreaterThanOrEqual(1_000);
    expect(mostInFlight(seen)).toBeLessThanOrEqual(4);
    // How near to the limit it comes is measured by the bench, on a machine that does nothing else.
    expect(slowness(seen, 20)).toBeLessThan(1.6);
  });

  it('lets nobody wait for an endpoint who does not want it', async () => {
    const limiters = limitersOf(await paced('chain', { perSecond: 20, concurrent: 20, endpoints: { payouts: 3 } }));
    const [payouts, others] = await Promise.all([
      play(limiters, 7, { lane: 'chain', endpoint: 'payouts' }),
      play(limiters, 33, { lane: 'chain', endpoint: 'charges' }),
    ]);
    expect(tightest(payouts, 3)).toBeGreaterThanOrEqual(1_000);
    expect(tightest(inOrder([...payouts, ...others]), 20)).toBeGreaterThanOrEqual(1_000);
    // The first window has three payouts and seventeen others, the second the rest of the others.
    expect(others.at(-1)!.from - others[0]!.from).toBeLessThan(1_700);
  });

  it('of a bucket starts with the burst and goes on at the rate', async () => {
    const [{ limiter }] = (await paced('email', { perSecond: 10, concurrent: 20, burst: 5, bucket: true })) as [Paced];
    const seen = await play([limiter], 12, { lane: 'email' });
    // Never more than the bucket and what came in since; and nothing of that is left unused.
    seen.forEach(({ from }, last) =>
      seen.slice(0, last).forEach((before, index) => {
        expect(last - index).toBeLessThanOrEqual(5 + (from - before.from + 10) / 100);
      }),
    );
    expect(seen.at(-1)!.from - seen[0]!.from).toBeLessThan(7 * 100 + 300);
  });

  it('stopped sends nothing, and everything once it is resumed', async () => {
    const both = await paced('sms', { perSecond: 20, concurrent: 10 });
    const began = performance.now();
    const playing = play(limitersOf(both), 50, { lane: 'sms' });
    await delay(200);
    await both[0]!.pace.apply('sms', set({ stopped: true }));
    const stoppedAt = performance.now();
    await delay(1_500);
    expect(await both[0]!.pace.status('sms')).toMatchObject({ expectedWaitMs: Infinity, inFlight: 0 });
    await both.at(-1)!.pace.apply('sms', set({ stopped: false, revision: 2 }));
    const resumedAt = performance.now();
    const seen = await playing;
    expect(seen).toHaveLength(50);
    expect(seen.filter(({ from }) => from > stoppedAt + 20 && from < resumedAt)).toEqual([]);
    expect(seen.filter(({ from }) => from < stoppedAt)).not.toEqual([]);
    expect(seen.at(-1)!.from - began).toBeGreaterThan(2_500);
  });

  it('holds to what people set at once: another rate, a part of it, the configured one again', async () => {
    const both = await paced('webhook', { perSecond: 20, concurrent: 10 });
    const [{ pace }] = both as [Paced];
    await pace.apply('webhook', set({ perSecond: 40, concurrent: 2, percent: 50 }));
    expect(await pace.status('webhook')).toMatchObject({ perSecond: 20, concurrent: 2 });
    await pace.apply('webhook', set({ perSecond: 10, percent: 50, revision: 2 }));
    const browned = await play(limitersOf(both), 12, { lane: 'webhook' });
    expect(tightest(browned, 5)).toBeGreaterThanOrEqual(1_000);
    await pace.apply('webhook', set({ revision: 3 }), { reset: true });
    expect(await pace.status('webhook')).toMatchObject({ perSecond: 20, concurrent: 10 });
    // Who read the settings before them is late, and changes nothing.
    await pace.apply('webhook', set({ perSecond: 1, revision: 2 }));
    expect(await pace.status('webhook')).toMatchObject({ perSecond: 20 });
  });

  it('closed for a 429 sends nothing, also what had its moment already', async () => {
    const both = await paced('alert', { perSecond: 20, concurrent: 10 });
    const playing = play(limitersOf(both), 40, { lane: 'alert' });
    await delay(300);
    await both[0]!.limiter.block('alert', 900);
    const closedAt = performance.now();
    const seen = await playing;
    expect(seen.filter(({ from }) => from > closedAt + 15 && from < closedAt + 890)).toEqual([]);
  });

  it('is slower after a 429 and climbs back; not where that is switched off', async () => {
    const [{ pace, limiter }] = (await paced('square', { perSecond: 20, concurrent: 10 })) as [Paced];
    await limiter.block('square', 1);
    const { effectivePerSecond, perSecond } = await pace.status('square');
    expect(perSecond).toBe(20);
    expect(effectivePerSecond).toBeGreaterThanOrEqual(14);
    expect(effectivePerSecond).toBeLessThan(14.5);
    await vi.waitFor(
      async () => expect((await pace.status('square')).effectivePerSecond).toBeGreaterThan(effectivePerSecond + 0.3),
      {
        timeout: 5_000,
        interval: 100,
      },
    );
    await pace.apply('square', set({ adaptive: false }));
    await limiter.block('square', 1);
    expect(await pace.status('square')).toMatchObject({ effectivePerSecond: 20 });
  });

  it('is slower where answers take longer and longer', async () => {
    const [{ pace, limiter }] = (await paced('quickbooks', { perSecond: 500, concurrent: 200 })) as [Paced];
    await play([limiter], 60, { lane: 'quickbooks', holdMs: 1 });
    await play([limiter], 40, { lane: 'quickbooks', holdMs: 300 });
    await vi.waitFor(async () => expect((await pace.status('quickbooks')).effectivePerSecond).toBeLessThan(480), {
      timeout: 5_000,
      interval: 100,
    });
  });

  it('gives a moment that was not used to the next', async () => {
    const both = await paced('stripe', { perSecond: 2, concurrent: 10 });
    const [{ limiter, pace }] = both as [Paced];
    await play([limiter], 2, { lane: 'stripe' });
    const giveUp = new AbortController();
    const third = await limiter.reserve('stripe', { signal: never });
    const leaving = third.begin(giveUp.signal);
    const fourth = call(limiter, { lane: 'stripe' });
    const began = performance.now();
    giveUp.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    await fourth;
    expect(performance.now() - began).toBeLessThan(1_300);
    expect(await pace.status('stripe')).toMatchObject({ waiting: 0 });
  });
});

describe('a shared lane that was forgotten', () => {
  it('waits until nothing that was sent before can count, and is as people left it', async () => {
    const pace = await openOne(limitsOf('stripe', {}));
    const redis = await valkey.connect();
    await redis.flushall();
    const began = performance.now();
    const [first] = await play([createLimiter(pace, contractLimits)], 1);
    expect(first!.from - began).toBeGreaterThan(coldMs - 50);
    expect(first!.from - began).toBeLessThan(coldMs + 500);

    const stopped = await openOne(limitsOf('stripe', {}), set({ stopped: true }));
    await redis.flushall();
    expect(await stopped.status('stripe')).toMatchObject({ settings: { stopped: true }, expectedWaitMs: Infinity });
  });
});
