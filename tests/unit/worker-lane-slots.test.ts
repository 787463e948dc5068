/** What a worker takes of a lane's queue: permits as Temporal's worker asks for them, activities as they stand in line. */
import { AsyncResource } from 'node:async_hooks';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contractLimits, readLimits } from '../../contracts/lane-limits.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { type LinePlace, standsInLine } from '../../lanes/standing.ts';
import { LaneSlots, type LaneSlotOptions, laneWorkerOptions } from '../../workers/lane-slots.ts';
import { countsAgain, inLineOf } from '../../workers/slots.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

type Permit = Awaited<ReturnType<LaneSlots['reserveSlot']>>;

const context = {
  slotType: 'activity',
  taskQueue: 'stripe',
  workerIdentity: 'worker-1',
  workerBuildId: 'build-1',
  isSticky: false,
} as const;
const slotInfo = { type: 'activity', activityType: 'charge' } as const;
const ownLine: LinePlace = { lane: 'stripe', endpoint: undefined };

/** Lets promises that are resolved be heard of. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

/** An activity that does what it is told. */
interface Activity {
  permit: Permit;
  /** Answers with how it leaves the line again. */
  stand(place?: LinePlace): () => void;
  end(): Promise<void>;
  /** Temporal has heard of its end. */
  release(): void;
}

/** A worker that asks for the next permit as soon as it has one, as Temporal's does. */
function workerWith(options: Partial<LaneSlotOptions> = {}) {
  const slots = new LaneSlots({ lane: 'stripe', most: 10, inLine: () => 3, countsAgain: true, ...options });
  const polls: Permit[] = [];
  const stop = new AbortController();
  const ended = (async () => {
    for (;;) polls.push(await slots.reserveSlot(context, stop.signal));
  })();
  ended.catch(() => undefined);

  /** The oldest poll brings a task. */
  const take = (): Activity => {
    const permit = polls.shift()!;
    slots.markSlotUsed({ permit, slotInfo });
    let stand: Activity['stand'];
    let finish: () => void;
    const work = slots.watch(() => {
      stand = AsyncResource.bind((place: LinePlace = ownLine) => standsInLine(place));
      return new Promise<void>((resolve) => (finish = resolve));
    });
    return {
      permit,
      stand: (place) => stand(place),
      end: () => {
        finish();
        return work;
      },
      release: () => slots.releaseSlot({ permit, slotInfo }),
    };
  };
  /** A task whose activity has been granted its call. */
  const takeToCall = () => {
    const activity = take();
    activity.stand()();
    return activity;
  };
  return { slots, polls, take, takeToCall, stop: () => stop.abort(new Error('enough')), ended };
}

describe('what a worker takes of a lane', () => {
  it('is what its line needs, whether polls have brought it yet, it is on its way, or stands in line', async () => {
    const { slots, polls, take } = workerWith();
    await settled();
    expect(polls).toHaveLength(3);
    const [first, second] = [take(), take()];
    first.stand();
    await settled();
    expect([slots.held, slots.coming, polls.length]).toEqual([3, 3, 1]);
    second.stand()();
    await settled();
    expect([slots.held, slots.coming, polls.length]).toEqual([4, 3, 2]);
  });

  it('is never more than its slots, whatever the activities do', async () => {
    const { slots, polls, takeToCall } = workerWith({ most: 5 });
    await settled();
    for (let time = 0; time < 8; time += 1) {
      if (polls.length > 0) takeToCall();
      await settled();
    }
    expect([slots.held, slots.coming]).toEqual([5, 0]);
  });

  it('goes on when a place, a slot or a poll that brought nothing comes back', async () => {
    const { slots, polls, take, takeToCall } = workerWith({ most: 4, inLine: () => 2 });
    await settled();
    const calling = [takeToCall(), takeToCall()];
    await settled();
    expect([slots.held, polls.length]).toEqual([4, 2]);
    slots.releaseSlot({ permit: polls.shift()! });
    await settled();
    expect([slots.held, polls.length]).toEqual([4, 2]);
    for (const activity of calling) await activity.end();
    await settled();
    expect(slots.held).toBe(4);
    calling[0]!.release();
    calling[0]!.release();
    await settled();
    // The slot is free, and the line is full.
    expect([slots.held, slots.coming]).toEqual([3, 2]);
    take().stand()();
    await settled();
    expect([slots.held, slots.coming]).toEqual([4, 2]);
  });

  it('goes on when an activity ends that never came to its lane', async () => {
    const { slots, polls, take } = workerWith({ inLine: () => 1 });
    await settled();
    const idle = take();
    await settled();
    expect(polls).toHaveLength(0);
    await idle.end();
    await settled();
    expect([slots.held, polls.length]).toEqual([2, 1]);
    idle.release();
    await settled();
    expect([slots.held, slots.coming, polls.length]).toEqual([1, 1, 1]);
  });

  it('counts who stands in line for another call, but not where activities mostly do other things', async () => {
    for (const again of [true, false]) {
      const { slots, takeToCall } = workerWith({ countsAgain: again });
      await settled();
      const leave = takeToCall().stand();
      expect(slots.coming).toBe(again ? 4 : 3);
      await settled();
      expect(slots.held).toBe(4);
      leave();
      await settled();
      expect([slots.held, slots.coming]).toEqual([4, 3]);
    }
  });

  it('does not count who waits for an endpoint or for another lane', async () => {
    for (const place of [
      { ...ownLine, endpoint: 'payouts' },
      { ...ownLine, lane: 'chain' as const },
    ]) {
      const { slots, take } = workerWith();
      await settled();
      const leave = take().stand(place);
      await settled();
      expect([slots.held, slots.coming]).toEqual([4, 3]);
      leave();
      await settled();
      expect([slots.held, slots.coming]).toEqual([4, 3]);
    }
  });

  it('is nothing more once it is to stop, and what asked hears why', async () => {
    const { slots, polls, stop, ended } = workerWith();
    await settled();
    stop();
    await expect(ended).rejects.toThrow('enough');
    await expect(slots.reserveSlot(context, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    slots.releaseSlot({ permit: polls.shift()! });
    await settled();
    expect([slots.held, slots.coming]).toEqual([2, 2]);
  });

  it('is nothing that came past the queue', () => {
    expect(workerWith().slots.tryReserveSlot()).toBeNull();
  });

  it('loses no permit to a task that nobody here can do', async () => {
    const { slots, polls, takeToCall } = workerWith();
    await settled();
    const calling = takeToCall();
    await calling.end();
    const unable = polls.shift()!;
    slots.markSlotUsed({ permit: unable, slotInfo });
    slots.releaseSlot({ permit: unable, slotInfo });
    calling.release();
    await settled();
    expect([slots.held, slots.coming, polls.length]).toEqual([3, 3, 3]);
  });
});

describe('the way from the queue to the line', () => {
  const stripeSlots = { most: 10, inLine: (fetchMs: number) => inLineOf(contractLimits.stripe, fetchMs) };
  const play = async (
    worker: ReturnType<typeof workerWith>,
    ways: { pollMs: number; startMs?: number; times: number },
  ) => {
    for (let time = 0; time < ways.times; time += 1) {
      await settled();
      await vi.advanceTimersByTimeAsync(ways.pollMs);
      const activities = [...worker.polls].map(() => worker.take());
      await vi.advanceTimersByTimeAsync(ways.startMs ?? 0);
      for (const activity of activities) {
        activity.stand()();
        await activity.end();
        activity.release();
      }
    }
    await settled();
    return worker.slots.coming;
  };

  it('may be slow: then more are on it', async () => {
    const worker = workerWith(stripeSlots);
    expect(await play(worker, { pollMs: 20, times: 10 })).toBe(3);
    expect(await play(worker, { pollMs: 60, startMs: 60, times: 10 })).toBeOneOf([6, 7]);
    expect(await play(worker, { pollMs: 300, times: 20 })).toBe(10);
    expect(await play(worker, { pollMs: 20, times: 20 })).toBe(3);
  });

  it('is not a poll of an empty queue', async () => {
    expect(await play(workerWith(stripeSlots), { pollMs: 60_000, times: 10 })).toBe(3);
  });

  it('needs as many as can be granted a moment meanwhile, and two at least', () => {
    const inLine = (rate: string, fetchMs = 0) =>
      inLineOf(readLimits({ RATE_LIMIT_STRIPE: rate }).limits.stripe, fetchMs);
    expect([inLine('25,10'), inLine('25,10', 60), inLine('25,10', 120)]).toEqual([3, 3, 6]);
    expect([inLine('100,50'), inLine('1,5'), inLine('0.1,5', 400)]).toEqual([12, 2, 2]);
  });

  it('is counted again on every lane but the chain, whose hundred looks would let nobody in', () => {
    expect(countsAgain('stripe')).toBe(true);
    expect(countsAgain('sms')).toBe(true);
    expect(countsAgain('chain')).toBe(false);
  });
});

describe('the line of a limiter', () => {
  it('says who stands in it, so that of a closed lane only as much is taken as goes on at once when it opens', async () => {
    const { slots, polls } = workerWith();
    const pace = createMemoryPace(contractLimits);
    const limiter = createLimiter(pace, contractLimits);
    const { signal } = new AbortController();
    await limiter.block('stripe', 10_000);
    await settled();
    let called = 0;
    const work = async () => {
      const reservation = await limiter.reserve('stripe', { signal });
      await reservation.begin(signal);
      called += 1;
      await new Promise((resolve) => setTimeout(resolve, 300));
      reservation.release();
    };
    const serve = setInterval(() => {
      for (const permit of polls.splice(0)) {
        slots.markSlotUsed({ permit, slotInfo });
        void slots.watch(work).then(() => slots.releaseSlot({ permit, slotInfo }));
      }
    }, 5);
    await vi.advanceTimersByTimeAsync(9_000);
    expect([called, slots.held, slots.coming]).toEqual([0, 3, 3]);
    await vi.advanceTimersByTimeAsync(4_000);
    clearInterval(serve);
    // Three in line are enough for the lane's own pace, and who is in a call is not in line any more.
    expect(called).toBeGreaterThanOrEqual(60);
  });

  it('counts who gave up as gone', async () => {
    const { slots, polls } = workerWith({ inLine: () => 1 });
    const limiter = createLimiter(createMemoryPace(contractLimits), contractLimits);
    await limiter.block('stripe', 60_000);
    await settled();
    const patience = new AbortController();
    const permit = polls.shift()!;
    slots.markSlotUsed({ permit, slotInfo });
    const work = slots.watch(() => limiter.reserve('stripe', { signal: patience.signal }));
    await settled();
    expect(polls).toHaveLength(0);
    patience.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    slots.releaseSlot({ permit, slotInfo });
    await settled();
    expect([slots.held, slots.coming, polls.length]).toEqual([1, 1, 1]);
  });
});

describe('for anything that may happen', () => {
  const step = fc.record({
    do: fc.constantFrom('bring', 'bring', 'stand', 'leave', 'end', 'heard', 'nothing', 'unable'),
    whom: fc.nat(),
  });
  type Step = 'bring' | 'stand' | 'leave' | 'end' | 'heard' | 'nothing' | 'unable';
  interface Known extends Activity {
    begun: boolean;
    leaves: (() => void)[];
    over: boolean;
  }

  /** Plays the steps that are possible and calls `look` after each. */
  async function played(
    options: Partial<LaneSlotOptions>,
    steps: readonly { do: Step; whom: number }[],
    look: (coming: number, worker: ReturnType<typeof workerWith>) => void,
  ) {
    const worker = workerWith(options);
    const { slots, polls, take } = worker;
    let known: Known[] = [];
    const waits = ({ begun, leaves, over }: Known) =>
      !over && (!begun || ((options.countsAgain ?? true) && leaves.length > 0));
    const does: Record<Step, (one: Known | undefined) => unknown> = {
      bring: () => polls.length > 0 && known.push({ ...take(), begun: false, leaves: [], over: false }),
      stand: (one) => one && !one.over && one.leaves.push(one.stand()),
      leave: (one) => {
        const leave = one?.leaves.pop();
        if (leave) one!.begun = true;
        leave?.();
      },
      end: (one) => {
        if (!one || one.over) return;
        one.over = true;
        return one.end();
      },
      heard: (one) => {
        if (!one?.over) return;
        known = known.filter((other) => other !== one);
        one.release();
      },
      nothing: () => polls.length > 0 && slots.releaseSlot({ permit: polls.shift()! }),
      unable: () => {
        const permit = polls.shift();
        if (!permit) return;
        slots.markSlotUsed({ permit, slotInfo });
        slots.releaseSlot({ permit, slotInfo });
      },
    };
    await settled();
    for (const { do: what, whom } of steps) {
      const before = slots.held;
      await does[what](known[whom % Math.max(1, known.length)]);
      await settled();
      look(polls.length + known.filter(waits).length, worker);
      if (slots.held > before) expect(slots.coming).toBeLessThanOrEqual(options.inLine!(0));
    }
    for (const one of known) {
      if (!one.over) await one.end();
      one.release();
      // Late, as of a call that was given up.
      for (const leave of one.leaves) leave();
    }
    await settled();
    expect([slots.held, slots.coming]).toEqual([polls.length, polls.length]);
    expect(polls).toHaveLength(Math.min(options.most!, options.inLine!(0)));
  }

  const optionsOf = fc.record({
    most: fc.integer({ min: 1, max: 6 }),
    inLine: fc.integer({ min: 1, max: 6 }).map((inLine) => () => inLine),
    countsAgain: fc.boolean(),
  });

  it('never more are taken than there are slots, none while enough wait, and one whenever both allow it', () =>
    fc.assert(
      fc.asyncProperty(
        optionsOf,
        fc.array(
          step.filter((one) => one.do !== 'unable'),
          { maxLength: 60 },
        ),
        (options, steps) =>
          played(options, steps, (coming, { slots }) => {
            expect(slots.coming).toBe(coming);
            expect(slots.held).toBeLessThanOrEqual(options.most);
            // The worker always asks: whenever it is given nothing, there is a reason.
            expect(slots.held === options.most || coming >= options.inLine()).toBe(true);
          }),
      ),
      { seed: 1, numRuns: 150 },
    ));

  it('no permit is lost, and none is given twice', () =>
    fc.assert(
      fc.asyncProperty(optionsOf, fc.array(step, { maxLength: 60 }), (options, steps) =>
        played(options, steps, (_coming, { slots, polls }) => {
          expect(slots.held).toBeLessThanOrEqual(options.most);
          expect(new Set(polls).size).toBe(polls.length);
        }),
      ),
      { seed: 2, numRuns: 150 },
    ));
});

describe('the options of a worker', () => {
  it('have a supplier for every kind of task, and see each activity first', () => {
    const inner = () => ({});
    const { tuner, interceptors } = laneWorkerOptions('stripe', contractLimits.stripe, [inner]);
    expect(tuner).toMatchObject({
      activityTaskSlotSupplier: { type: 'custom' },
      workflowTaskSlotSupplier: { type: 'fixed-size' },
      localActivityTaskSlotSupplier: { type: 'fixed-size' },
      nexusTaskSlotSupplier: { type: 'fixed-size' },
    });
    expect(interceptors?.activity).toHaveLength(2);
    expect(interceptors?.activity?.[1]).toBe(inner);
  });

  it('leave all to Temporal where nothing is paced', () => {
    const { limits } = readLimits({ RATE_LIMITS: 'unpaced' });
    const inner = () => ({});
    expect(laneWorkerOptions('stripe', limits.stripe, [inner])).toEqual({ interceptors: { activity: [inner] } });
  });
});
