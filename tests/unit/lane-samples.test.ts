import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PacedName } from '../../contracts/lane-limits.ts';
import { startLaneSamples } from '../../workers/lane-samples.ts';
import type { Repeated } from '../../workers/repeat.ts';
import { statusOf } from '../support/lane-twins.ts';

beforeEach(() => void vi.useFakeTimers());
const running: Repeated[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((samples) => samples.close()));
  vi.useRealTimers();
});

/** What Redis' SET NX PX is: whoever asks first has it until its time is over. */
function createTurns() {
  let until = 0;
  return async (milliseconds: number) => {
    if (Date.now() < until) return false;
    until = Date.now() + milliseconds;
    return true;
  };
}

function start(deps: Partial<Parameters<typeof startLaneSamples>[0]> = {}) {
  const rows: PacedName[][] = [];
  const log = { warn: vi.fn() };
  const samples = startLaneSamples({
    lanes: ['stripe', 'sms'],
    status: async (lane) => statusOf(lane),
    records: { recordMetrics: async (statuses) => void rows.push(statuses.map(({ lane }) => lane)) },
    takeTurn: async () => true,
    log,
    ...deps,
  });
  running.push(samples);
  return { samples, rows, log };
}

describe('samples of the lanes', () => {
  it('are taken of all lanes, every 30 s', async () => {
    const { rows } = start();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(rows).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rows).toEqual([['stripe', 'sms']]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rows).toHaveLength(3);
  });

  it('are taken by one process of all, and by another one when it is gone', async () => {
    const takeTurn = createTurns();
    const first = start({ takeTurn });
    await vi.advanceTimersByTimeAsync(10_000);
    const second = start({ takeTurn });
    await vi.advanceTimersByTimeAsync(120_000);
    expect([first.rows.length, second.rows.length]).toEqual([4, 0]);
    await first.samples.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([first.rows.length, second.rows.length]).toEqual([4, 2]);
  });

  it('are missing while the limiter is away, which is said once', async () => {
    let away = true;
    const { rows, log } = start({
      status: async (lane) => {
        if (away) throw new Error('away');
        return statusOf(lane);
      },
    });
    await vi.advanceTimersByTimeAsync(90_000);
    expect(rows).toEqual([]);
    expect(log.warn).toHaveBeenCalledTimes(1);
    away = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(rows).toHaveLength(1);
    away = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(log.warn).toHaveBeenCalledTimes(2);
  });
});
