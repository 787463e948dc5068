/** What a worker takes of a lane's queue: permits as Temporal's worker asks for them, activities as they stand in line. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contractLimits, readLimits } from '../../contracts/lane-limits.ts';
import { laneWorkerOptions } from '../../workers/lane-slots.ts';
import { inLineOf } from '../../workers/slots.ts';
import { context, ownLine, settled, slotInfo, workerWith } from '../support/lane-slots.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

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

  it('counts who stands in line for another call', async () => {
    const { slots, takeToCall } = workerWith();
    await settled();
    const leave = takeToCall().stand();
    expect(slots.coming).toBe(4);
    await settled();
    expect(slots.held).toBe(4);
    leave();
    await settled();
    expect([slots.held, slots.coming]).toEqual([4, 3]);
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

/** Polls bring, activities come to the line and end, again and again; answers with how many are on their way then. */
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

const inLine = (rate: string, fetchMs = 0) => inLineOf(readLimits({ RATE_LIMIT_STRIPE: rate }).limits.stripe, fetchMs);

describe('the way from the queue to the line', () => {
  const stripeSlots = { most: 10, inLine: (fetchMs: number) => inLineOf(contractLimits.stripe, fetchMs) };
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
    expect([inLine('25,10'), inLine('25,10', 60), inLine('25,10', 120)]).toEqual([3, 3, 6]);
    expect([inLine('100,50'), inLine('1,5'), inLine('0.1,5', 400)]).toEqual([12, 2, 2]);
  });
});

const inner = () => ({});

describe('the options of a worker', () => {
  it('are all of its slots on the chain, whose hundred looks would let nobody in', () => {
    const options = laneWorkerOptions('chain', contractLimits.chain, [inner]);
    expect(options).toEqual({ maxConcurrentActivityTaskExecutions: 100, interceptors: { activity: [inner] } });
  });

  it('have a supplier for every kind of task, and see each activity first', () => {
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
    expect(laneWorkerOptions('stripe', limits.stripe, [inner])).toEqual({ interceptors: { activity: [inner] } });
  });
});
