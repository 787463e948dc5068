import { setMaxListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untouched } from '../../contracts/lane-control.ts';
import { contractLimits } from '../../contracts/lane-limits.ts';
import { createLimiter, type Reservation } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { unknownLateMs, marginMs } from '../../lanes/pace.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;
setMaxListeners(0, never);

const limiterOf = (perSecond: number, concurrent = 1_000) => {
  const limits = { ...contractLimits, stripe: { perSecond, concurrent, burst: 1, cooldownMs: 1_000 } };
  return createLimiter(createMemoryPace(limits), limits);
};

/** Reserves and waits for the moment, again where it became void. */
async function acquire(limiter: ReturnType<typeof limiterOf>, lane: 'stripe' | 'chain', signal: AbortSignal) {
  for (let first = false; ; first = true) {
    const reservation = await limiter.reserve(lane, { signal, first });
    if (await reservation.begin(signal)) return reservation;
  }
}

interface Arrival {
  gapMs: number;
  holdMs: number;
  /** Gives up when it was not served by then. */
  patienceMs?: number | undefined;
}

interface Start {
  arrival: number;
  arrivedAt: number;
  at: number;
  endedAt: number;
}

/** Plays arrivals and closures on the fake clock and records what was granted when. */
async function play(
  limiter: ReturnType<typeof limiterOf>,
  arrivals: readonly Arrival[],
  closures: readonly { atMs: number; forMs: number }[] = [],
) {
  const began = performance.now();
  const starts: Start[] = [];
  let refused = 0;
  let inFlight = 0;
  let mostInFlight = 0;
  const work = arrivals.map(async ({ holdMs, patienceMs }, arrival) => {
    const arrivedAt = arrivals.slice(0, arrival + 1).reduce((sum, { gapMs }) => sum + gapMs, 0);
    await new Promise((resolve) => setTimeout(resolve, arrivedAt));
    const patience = new AbortController();
    const timer = patienceMs === undefined ? undefined : setTimeout(() => patience.abort(), patienceMs);
    let grant: Reservation;
    try {
      grant = await acquire(limiter, 'stripe', patience.signal);
    } catch {
      refused += 1;
      return;
    }
    clearTimeout(timer);
    mostInFlight = Math.max(mostInFlight, (inFlight += 1));
    const at = performance.now() - began;
    starts.push({ arrival, arrivedAt, at, endedAt: at + holdMs });
    await new Promise((resolve) => setTimeout(resolve, holdMs));
    inFlight -= 1;
    grant.release();
    grant.release();
  });
  for (const { atMs, forMs } of closures) setTimeout(() => void limiter.block('stripe', forMs), atMs);
  let ended = false;
  const all = Promise.all(work).then(() => (ended = true));
  await vi.runAllTimersAsync();
  if (!ended) throw new Error(`${arrivals.length - starts.length - refused} of ${arrivals.length} wait for ever`);
  await all;
  return { starts, refused, mostInFlight };
}

const arrivalOf = (patience: fc.Arbitrary<number | undefined>) =>
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 700 })),
    holdMs: fc.integer({ min: 0, max: 900 }),
    patienceMs: patience,
  });
const patient = fc.array(arrivalOf(fc.constant(undefined)), { minLength: 1, maxLength: 30 });
const impatient = fc.array(arrivalOf(fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined })), {
  minLength: 1,
  maxLength: 30,
});
const rate = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(0.1, 0.25, 0.5, 0.75, 0.99, 1.5, 2.5, 3.99));
const concurrent = fc.integer({ min: 1, max: 6 });
const windowOf = (perSecond: number): [calls: number, windowMs: number] =>
  perSecond >= 1 ? [Math.floor(perSecond), 1_000 + marginMs] : [1, 1_000 / perSecond + marginMs];

function expectPace(starts: readonly Start[], perSecond: number): void {
  const [calls, window] = windowOf(perSecond);
  starts.slice(calls).forEach(({ at }, index) => expect(at - starts[index]!.at).toBeGreaterThan(window - 1));
}

describe('the pace of a lane', () => {
  it('is never exceeded in any sliding second, in the order of asking, whoever gives up', () =>
    fc.assert(
      fc.asyncProperty(rate, concurrent, impatient, async (perSecond, most, arrivals) => {
        const { starts, refused, mostInFlight } = await play(limiterOf(perSecond, most), arrivals);
        expectPace(starts, perSecond);
        expect(mostInFlight).toBeLessThanOrEqual(most);
        expect(starts.map(({ arrival }) => arrival)).toEqual(
          starts.map(({ arrival }) => arrival).toSorted((a, b) => a - b),
        );
        expect(starts.length + refused).toBe(arrivals.length);
      }),
      { seed: 1, numRuns: 150 },
    ));

  it('leaves no window and no slot unused while somebody waits', () =>
    fc.assert(
      fc.asyncProperty(rate, concurrent, patient, async (perSecond, most, arrivals) => {
        const [calls, window] = windowOf(perSecond);
        const { starts } = await play(limiterOf(perSecond, most), arrivals);
        expect(starts).toHaveLength(arrivals.length);
        starts.forEach(({ arrivedAt, at }, index) => {
          const ends = starts.slice(0, index).map(({ endedAt }) => endedAt);
          const slotFree = ends.toSorted((a, b) => a - b)[index - most] ?? 0;
          // What a call took may have been its way there, as long as nobody knows how long they take.
          const windowOpen = index < calls ? 0 : starts[index - calls]!.at + window + unknownLateMs;
          const apart = calls > 1 && index > 0 ? starts[index - 1]!.at + window / (2 * calls) + unknownLateMs : 0;
          expect(at).toBeLessThanOrEqual(
            Math.max(arrivedAt, starts[index - 1]?.at ?? 0, slotFree, windowOpen, apart) + 2,
          );
        });
      }),
      { seed: 2, numRuns: 150 },
    ));

  it('starts nothing while closed, and everything after', () => {
    const closure = fc.record({ atMs: fc.integer({ min: 0, max: 4_000 }), forMs: fc.integer({ min: 1, max: 3_000 }) });
    return fc.assert(
      fc.asyncProperty(
        rate,
        concurrent,
        patient,
        fc.array(closure, { maxLength: 4 }),
        async (perSecond, most, arrivals, closures) => {
          const { starts } = await play(limiterOf(perSecond, most), arrivals, closures);
          expectPace(starts, perSecond);
          expect(starts).toHaveLength(arrivals.length);
          for (const { atMs, forMs } of closures)
            expect(starts.filter(({ at }) => at > atMs && at < atMs + forMs)).toEqual([]);
        },
      ),
      { seed: 3, numRuns: 150 },
    );
  });

  it('holds for one call in ten seconds, too', async () => {
    const arrivals = Array.from({ length: 4 }, () => ({ gapMs: 0, holdMs: 0 }));
    const { starts } = await play(limiterOf(0.1), arrivals);
    expect(starts.map(({ at }) => Math.round(at / 1_000))).toEqual([0, 10, 20, 30]);
  });

  it('is none for an unpaced lane, which still counts who is in flight', async () => {
    const limiter = limiterOf(Infinity, 2);
    const { starts, mostInFlight } = await play(
      limiter,
      Array.from({ length: 10 }, () => ({ gapMs: 0, holdMs: 10 })),
    );
    expect(mostInFlight).toBe(2);
    expect(starts.at(-1)?.at).toBeCloseTo(40, 0);
  });
});

describe('who waits for a lane', () => {
  it('holds nothing once aborted, gets the reason, and leaves its turn to the next', async () => {
    const limiter = limiterOf(Infinity, 1);
    const first = await acquire(limiter, 'stripe', never);
    const giveUp = new AbortController();
    const second = acquire(limiter, 'stripe', giveUp.signal);
    const third = acquire(limiter, 'stripe', never);
    giveUp.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 1, waiting: 1 });
    first.release();
    (await third).release();
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('is refused at once when it is aborted already', async () => {
    const limiter = limiterOf(1, 1);
    await expect(acquire(limiter, 'stripe', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 0, waiting: 0, lastSecond: 0 });
  });

  it('keeps no timer alive after it left', async () => {
    const limiter = limiterOf(1, 1);
    await limiter.block('stripe', 60_000);
    const giveUp = new AbortController();
    const waiting = acquire(limiter, 'stripe', giveUp.signal);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    giveUp.abort();
    await expect(waiting).rejects.toThrow();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps its grant when the signal aborts afterwards', async () => {
    const limiter = limiterOf(1, 1);
    const later = new AbortController();
    const grant = await acquire(limiter, 'stripe', later.signal);
    later.abort();
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 1 });
    grant.release();
    grant.release();
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 0 });
  });
});

describe('a closed lane', () => {
  it('is never opened sooner by a shorter closure', async () => {
    const limiter = limiterOf(10);
    await limiter.block('stripe', 5_000);
    await limiter.block('stripe', 1_000);
    let granted = false;
    void acquire(limiter, 'stripe', never).then(() => (granted = true));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(granted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(granted).toBe(true);
  });

  it('stays closed when the closure is longer than a timer can be', async () => {
    const limiter = limiterOf(10);
    await limiter.block('stripe', 40 * 86_400_000);
    let granted = false;
    void acquire(limiter, 'stripe', never).then(() => (granted = true));
    await vi.advanceTimersByTimeAsync(39 * 86_400_000);
    expect(granted).toBe(false);
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(granted).toBe(true);
  });

  it('closes no other', async () => {
    const limiter = limiterOf(10);
    await limiter.block('stripe', 5_000);
    await expect(acquire(limiter, 'chain', never)).resolves.toBeDefined();
  });

  it('says what it is doing', async () => {
    const limiter = limiterOf(2, 5);
    await acquire(limiter, 'stripe', never);
    const asked = acquire(limiter, 'stripe', never);
    await vi.advanceTimersByTimeAsync(300);
    const second = await asked;
    void acquire(limiter, 'stripe', never);
    second.release();
    expect(await limiter.status('stripe')).toEqual({
      lane: 'stripe',
      settings: untouched,
      perSecond: 2,
      effectivePerSecond: 2,
      concurrent: 5,
      inFlight: 1,
      lastSecond: 2,
      granted: 2,
      blockedUntil: 0,
      waiting: 1,
      // The next call may start 1,015 ms after the first, and one is before whoever asks now.
      expectedWaitMs: 1_215,
      breakers: { closed: 1, open: 0, halfOpen: 0 },
    });
    await limiter.block('stripe', 3_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await limiter.status('stripe')).toMatchObject({
      lastSecond: 0,
      blockedUntil: Date.now() + 2_000,
      waiting: 1,
    });
  });
});
