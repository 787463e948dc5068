import { describe, expect, it } from 'vitest';
import type { LaneName } from '../../contracts/task-queues.ts';
import { contractLimits, readLimits } from '../../contracts/lane-limits.ts';
import { createWorkerLimiter } from '../../lanes/connect.ts';
import type { Limiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { PaceAwayError, type Pace } from '../../lanes/pace.ts';

const away = async () => {
  throw new PaceAwayError(new Error('nobody there'));
};

/** A moment that a busy machine let pass is void: the next one is asked for. */
async function begun(limiter: Limiter, lane: LaneName, signal: AbortSignal) {
  for (;;) {
    const reservation = await limiter.reserve(lane, { signal });
    if (await reservation.begin(signal)) return reservation;
  }
}

describe('the limiter of a worker', () => {
  it('lets alerts leave while the shared pace is away, and nothing else', async () => {
    const shared: Pace = { ...createMemoryPace(contractLimits), ask: away, status: away, block: away };
    const limiter = createWorkerLimiter(shared, contractLimits);
    const { signal } = new AbortController();

    const alert = await begun(limiter, 'alert', signal);
    expect((await limiter.status('alert')).inFlight).toBe(1);
    alert.release();

    await expect(limiter.status('stripe')).rejects.toThrow(PaceAwayError);
    const impatient = AbortSignal.timeout(100);
    await expect(limiter.reserve('stripe', { signal: impatient })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(limiter.waitingFor('alert')).toBeUndefined();
  });

  it('keeps a lane without limits closed for as long as the provider says', async () => {
    const { limits } = readLimits({ RATE_LIMITS: 'unpaced' });
    const limiter = createWorkerLimiter(createMemoryPace(limits), limits);
    const { signal } = new AbortController();
    const closedAt = performance.now();
    await limiter.block('stripe', 600);
    await begun(limiter, 'stripe', signal);
    expect(performance.now() - closedAt).toBeGreaterThanOrEqual(600);
  });
});
