/** A worker's slots before a real line, and for anything that may happen to them. */
import { setMaxListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { contractLimits } from '../../contracts/lane-limits.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { LaneSlots, type LaneSlotOptions } from '../../workers/lane-slots.ts';
import { inLineOf } from '../../workers/slots.ts';
import { type Activity, context, type Permit, settled, slotInfo, workerWith } from '../support/lane-slots.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const passed = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Serves a queue that never ends; `wayMs` is how long each poll and each report of an end takes. */
function serving(options: Partial<LaneSlotOptions>, wayMs: () => number) {
  const slots = new LaneSlots({ lane: 'stripe', most: 10, inLine: () => 3, ...options });
  const limiter = createLimiter(createMemoryPace(contractLimits), contractLimits);
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const seen = { called: 0 };
  const call = async () => {
    const reservation = await limiter.reserve('stripe', { signal });
    await reservation.begin(signal);
    seen.called += 1;
    await passed(80);
    reservation.release();
  };
  const serve = async (permit: Permit) => {
    await passed(wayMs());
    slots.markSlotUsed({ permit, slotInfo });
    await slots.watch(call);
    await passed(wayMs());
    slots.releaseSlot({ permit, slotInfo });
  };
  void (async () => {
    for (;;) void serve(await slots.reserveSlot(context, signal));
  })();
  return { slots, limiter, seen };
}

describe('the line of a limiter', () => {
  it('says who stands in it, so that of a closed lane only as much is taken as goes on when it opens', async () => {
    const { slots, limiter, seen } = serving({}, () => 5);
    await limiter.block('stripe', 10_000);
    await vi.advanceTimersByTimeAsync(9_000);
    expect([seen.called, slots.held, slots.coming]).toEqual([0, 3, 3]);
    await vi.advanceTimersByTimeAsync(4_000);
    // Who is in a call is not in line any more.
    expect(seen.called).toBeGreaterThanOrEqual(60);
  });

  it.each([
    [5, 15],
    [40, 200],
  ])('does not run dry, the way to it taking %i ms or %i', async (shortest, longest) => {
    const perSecond = async (inLine: LaneSlotOptions['inLine']) => {
      let turns = 0;
      // Short and long ones in turn, as they come.
      const { seen } = serving({ inLine }, () => shortest + ((longest - shortest) * ((turns += 7) % 10)) / 9);
      await vi.advanceTimersByTimeAsync(2_000);
      const before = seen.called;
      await vi.advanceTimersByTimeAsync(6_000);
      return (seen.called - before) / 6;
    };
    const unbounded = await perSecond(() => Infinity);
    const bounded = await perSecond((fetchMs) => inLineOf(contractLimits.stripe, fetchMs));
    expect(bounded).toBeGreaterThanOrEqual(0.98 * unbounded);
    expect(bounded).toBeGreaterThanOrEqual(0.94 * contractLimits.stripe.perSecond);
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
    const waits = ({ begun, leaves, over }: Known) => !over && (!begun || leaves.length > 0);
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
      { seed: 1, numRuns: 100 },
    ));

  it('no permit is lost, and none is given twice', () =>
    fc.assert(
      fc.asyncProperty(optionsOf, fc.array(step, { maxLength: 60 }), (options, steps) =>
        played(options, steps, (_coming, { slots, polls }) => {
          expect(slots.held).toBeLessThanOrEqual(options.most);
          expect(new Set(polls).size).toBe(polls.length);
        }),
      ),
      { seed: 2, numRuns: 100 },
    ));
});
