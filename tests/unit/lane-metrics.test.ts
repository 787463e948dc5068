import { Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { untouched, type LaneStatus } from '../../contracts/lane-control.ts';
import type { LaneName } from '../../contracts/task-queues.ts';
import { createLaneGauges } from '../../infrastructure/lane-metrics.ts';
import { statusOf as idleOf } from '../support/lane-twins.ts';

const statusOf = (lane: LaneName, change: Partial<LaneStatus> = {}) =>
  idleOf(lane, { effectivePerSecond: 12.5, inFlight: 3, lastSecond: 8, waiting: 7, ...change });

function setUp() {
  const registry = new Registry();
  const clock = { now: 0 };
  const gauges = createLaneGauges(registry, () => clock.now);
  /** Values by gauge, without the prefix all share. */
  const scrape = async (lane: LaneName) => {
    const text = await registry.metrics();
    const lines = [...text.matchAll(/^rate_limiter_(?<name>\w+)\{lane="(?<lane>\w+)"\} (?<value>\S+)$/gmu)];
    return Object.fromEntries(
      lines.filter(({ groups }) => groups!['lane'] === lane).map(({ groups }) => [groups!['name']!, groups!['value']!]),
    );
  };
  return { clock, gauges, scrape };
}

describe('the gauges of a lane', () => {
  it('are what the limiter says', async () => {
    const { gauges, scrape } = setUp();
    expect(await scrape('stripe')).toEqual({});
    gauges.watch(['stripe'], async (lane) => statusOf(lane));
    expect(await scrape('stripe')).toEqual({
      tokens_available: '4',
      concurrent_requests: '3',
      max_concurrent: '10',
      effective_rate: '12.5',
      waiting: '7',
      blocked: '0',
      stopped: '0',
      away: '0',
    });
  });

  it.each<[string, Partial<LaneStatus>, object]>([
    ['closed by a 429', { blockedUntil: 1_767_225_600_000 }, { blocked: '1', tokens_available: '0' }],
    ['stopped', { settings: { ...untouched, stopped: true } }, { stopped: '1', tokens_available: '0' }],
    ['at more than its rate, which was lowered', { lastSecond: 20 }, { tokens_available: '0' }],
    ['unpaced', { effectivePerSecond: Infinity }, { effective_rate: '+Inf', tokens_available: '+Inf' }],
  ])('show that it is %s', async (_what, change, shown) => {
    const { gauges, scrape } = setUp();
    gauges.watch(['stripe'], async (lane) => statusOf(lane, change));
    expect(await scrape('stripe')).toMatchObject(shown);
  });

  it('leave gaps and fail no scrape while the limiter is away', async () => {
    const { clock, gauges, scrape } = setUp();
    let away = true;
    gauges.watch(['stripe', 'alert'], async (lane) => {
      if (away && lane === 'stripe') throw new Error('away');
      return statusOf(lane);
    });
    expect(await scrape('stripe')).toEqual({ away: '1' });
    expect(await scrape('alert')).toMatchObject({ away: '0', waiting: '7' });
    away = false;
    clock.now += 1_000;
    expect(await scrape('stripe')).toMatchObject({ away: '0', waiting: '7' });
    away = true;
    clock.now += 1_000;
    expect(await scrape('stripe')).toEqual({ away: '1' });
  });

  it('ask the limiter once for all of them, and no more than once a second', async () => {
    const { clock, gauges, scrape } = setUp();
    const status = vi.fn(async (lane: LaneName) => statusOf(lane));
    gauges.watch(['stripe'], status);
    await Promise.all([scrape('stripe'), scrape('stripe')]);
    clock.now = 999;
    await scrape('stripe');
    expect(status).toHaveBeenCalledTimes(1);
    clock.now = 1_000;
    await scrape('stripe');
    expect(status).toHaveBeenCalledTimes(2);
  });
});
