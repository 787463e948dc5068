import { describe, expect, it } from 'vitest';
import type { EventCancellationResult } from '../../contracts/event-cancellation.ts';
import {
  cancelEventCancellationUpdate,
  cancelSignal,
  eventCancellationStatusQuery,
  pauseSignal,
  pauseUpdate,
  resumeUpdate,
} from '../../contracts/messages.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { countedBy } from '../support/counted.ts';
import { answers, type Behaviour, refuses } from '../support/workflow-behaviours.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';
import { paid } from '../support/cancelled-event-outside.ts';
import type { StartedCancellation } from '../support/workflow-world.ts';

const world = useWorkflowWorld({ queues: ['money'] });

const me = { actor: 'ada', reason: 'sorting things out' };

/** Waits for the end: the claim has it, and no letter is left open. */
async function endOf({ handle, twin }: StartedCancellation): Promise<EventCancellationResult> {
  const result = await handle.result();
  expect(twin.claim.result).toEqual(result);
  expect([...twin.letters.values()].filter(({ open }) => open)).toEqual([]);
  return result;
}

async function attributesOf({ handle }: StartedCancellation) {
  const { typedSearchAttributes: found } = await handle.describe();
  return [found.get(searchAttributes.stage), found.get(searchAttributes.attention)];
}

describe('the cancellation of an event', () => {
  it('closes sales, then cancels what is in flight, then refunds in waves up to its window', async () => {
    const started = await world().eventCancellation(
      ({ event }) => {
        event.purchases = [
          ...paid(7),
          { state: 'inFlight' },
          { state: 'inFlight', tooLate: true },
          { state: 'free' },
          { state: 'refundedBefore' },
          ...paid(1, { becomes: 'failed' }),
        ];
      },
      { inFlight: 3 },
    );
    const result = await endOf(started);
    expect(result).toMatchObject({ status: 'completed', moneyMoved: 'refunded' });
    expect(result).toHaveProperty('report', {
      purchases: 11, refunded: 8, refundedBefore: 1, free: 1, failed: 1, refused: {}, pending: 0, inReview: 0,
      notStarted: 0, inFlight: 0, cancelledInFlight: 1, amounts: { USD: 40_000 },
    }); // prettier-ignore
    const { twin } = started;
    expect(twin.order).toEqual(['claimEventCancellation', 'tellPurchases', 'runWave', 'endEventCancellation']);
    expect(twin.event).toMatchObject({ peak: 3, salesOpen: false });
    // Each wave goes on where the one before stopped.
    expect(twin.inputsOf('runWave').map((input) => (input as { cursor: number }).cursor)).toEqual([0, 1, 2, 3]);
    expect(await attributesOf(started)).toEqual(['completed', 'none']);
  });

  it('ends at once where nothing was sold', async () => {
    const started = await world().eventCancellation();
    expect(await endOf(started)).toMatchObject({ status: 'completed', moneyMoved: 'none', report: { purchases: 0 } });
    expect(started.twin.count('runWave')).toBe(1);
  });

  it('is not stopped by what waits for a person, and does not end before that', async () => {
    const started = await world().eventCancellation(
      ({ event }) => {
        event.purchases = [...paid(2, { becomes: 'inReview' }), ...paid(2)];
      },
      { inFlight: 2 },
    );
    const { handle, twin } = started;
    await twin.begun('runWave', 4);
    const status = await handle.query(eventCancellationStatusQuery);
    expect(status).toMatchObject({ stage: 'in review', attention: 'review', report: { refunded: 2, inReview: 2 } });
    expect(await attributesOf(started)).toEqual(['in review', 'review']);
    twin.event.heal();
    expect(await endOf(started)).toMatchObject({ status: 'completed', report: { refunded: 4, inReview: 0 } });
    expect(twin.event.peak).toBe(2);
  });

  it('looks more and more seldom while only people are waited for', async () => {
    const { handle, twin } = await world().eventCancellation((twin) => {
      twin.event.purchases = paid(1, { becomes: 'inReview' });
      const decided: Behaviour = (effect) => {
        twin.event.heal();
        return effect();
      };
      twin.plan('runWave', ...Array.from({ length: 11 }, () => answers), decided);
    });
    const { status } = await handle.result();
    expect(status).toBe('completed');
    const times = twin.inputsOf('runWave').map((input) => Date.parse((input as { now: string }).now));
    const pauses = times.slice(1).map((time, index) => Math.round((time - times[index]!) / 1_000));
    expect(pauses.slice(0, 11)).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });
});

describe('pause and resume', () => {
  it('hold back what is not begun, and go on with it', async () => {
    const started = await world().eventCancellation(
      ({ event }) => {
        event.purchases = paid(3, { looks: 3 });
      },
      { inFlight: 1 },
    );
    const { handle, twin } = started;
    await twin.begun('runWave');
    const ending = endOf(started);
    const paused = await handle.executeUpdate(pauseUpdate, { args: [me] });
    expect(paused).toMatchObject({ stage: 'paused', report: { pending: 1, notStarted: 2 } });
    await twin.begun('runWave', twin.count('runWave') + 6);
    expect(twin.event.report()).toMatchObject({ refunded: 1, notStarted: 2, pending: 0 });
    expect(await attributesOf(started)).toEqual(['paused', 'none']);
    expect(await handle.executeUpdate(resumeUpdate, { args: [me] })).toMatchObject({ stage: 'refunding' });
    expect(await ending).toMatchObject({ status: 'completed', report: { refunded: 3 } });
  });

  it('are refused without a name and a reason, before anything is written', async () => {
    const { handle, twin } = await world().eventCancellation(({ event }) => {
      event.purchases = paid(1, { looks: 5 });
    });
    const nameless = { actor: '', reason: 'x' };
    await expect(handle.executeUpdate(pauseUpdate, { args: [nameless] })).rejects.toThrow();
    expect(await handle.query(eventCancellationStatusQuery)).toMatchObject({ stage: 'refunding' });
    expect((await handle.result()).status).toBe('completed');
    expect(twin.event.salesOpen).toBe(false);
  });
});

const begin = () =>
  world().eventCancellation(
    ({ event }) => {
      event.purchases = paid(4, { looks: 1_000 });
    },
    { inFlight: 2 },
  );

describe('a cancellation that is cancelled', () => {
  it('begins nothing more, keeps sales closed, and says what is still under way', async () => {
    const started = await begin();
    await started.twin.begun('runWave', 2);
    const answer = await started.handle.executeUpdate(cancelEventCancellationUpdate, { args: [me] });
    expect(answer).toMatchObject({ status: 'cancelled', ...me, report: { pending: 2, notStarted: 2 } });
    expect(await endOf(started)).toEqual(answer);
    expect(started.twin.inputsOf('runWave').at(-1)).toMatchObject({ begins: false });
    expect(started.twin.event.salesOpen).toBe(false);
  });

  it('also by signal, paused, and in the Web UI', async () => {
    const [bySignal, inWebUi] = await Promise.all([begin(), begin()]);
    await bySignal.handle.signal(pauseSignal, me);
    await bySignal.handle.signal(cancelSignal, me);
    expect(await endOf(bySignal)).toMatchObject({ status: 'cancelled', ...me });
    await inWebUi.twin.begun('runWave');
    await inWebUi.handle.cancel();
    expect(await endOf(inWebUi)).toMatchObject({ status: 'cancelled', actor: 'temporal', report: { pending: 2 } });
  });
});

describe('a long one', () => {
  it('continues as new and goes on where it was, as the same owner', async () => {
    const started = await world().eventCancellation(
      ({ event }) => {
        event.purchases = [...paid(120, { looks: 1 })];
      },
      { inFlight: 1 },
    );
    const { handle, twin } = started;
    const ended = async () => (await countedBy(world().jobs.results))['money/event-cancellation/completed'] ?? 0;
    const endedBefore = await ended();
    // From here on time is skipped.
    const ending = endOf(started);
    await twin.begun('runWave', 20);
    await handle.signal(pauseSignal, me);
    await twin.begun('claimEventCancellation', 2);
    const { memo, typedSearchAttributes } = await handle.describe();
    expect(memo).toHaveProperty('fingerprint');
    expect(typedSearchAttributes.get(searchAttributes.event)).toMatch(/^event-/);
    expect(await handle.query(eventCancellationStatusQuery)).toMatchObject({ stage: 'paused' });
    await handle.executeUpdate(resumeUpdate, { args: [me] });
    expect(await ending).toMatchObject({ status: 'completed', report: { refunded: 120 } });
    // Going on as new is no end of the job.
    expect(await ended()).toBe(endedBefore + 1);

    const owners = twin.inputsOf('claimEventCancellation').map((input) => (input as { operation: object }).operation);
    expect(owners.length).toBeGreaterThan(1);
    expect(new Set(owners.map((owner) => JSON.stringify(owner))).size).toBe(1);
    // Purchases in flight are told once, and the cursor goes on.
    expect(twin.count('tellPurchases')).toBe(2);
    const cursors = twin.inputsOf('runWave').map((input) => (input as { cursor: number }).cursor);
    expect(cursors).toEqual(cursors.map((_, index) => index));
    expect(cursors.length).toBeGreaterThan(120);
  });
});

describe('trouble', () => {
  it('with the books parks the wave for a person, and goes on', async () => {
    const started = await world().eventCancellation((twin) => {
      twin.event.purchases = paid(1);
      twin.plan('runWave', refuses('claim_lost'));
    });
    await expect.poll(() => attributesOf(started)).toEqual(['in review', 'review']);
    expect(await endOf(started)).toMatchObject({ status: 'completed', report: { refunded: 1 } });
    expect(started.twin.letters.get('wave')).toMatchObject({ error: 'claim_lost', jobType: 'event-cancellation' });
    expect(await attributesOf(started)).toEqual(['completed', 'none']);
  });

  it.each<EventCancellationResult>([
    { status: 'refused', moneyMoved: 'none', reason: 'no_event' },
    { status: 'refused', moneyMoved: 'none', reason: 'key_reused' },
  ])('$reason is an answer, and nothing happens', async (result) => {
    const started = await world().eventCancellation((twin) => (twin.claim.result = result));
    expect(await endOf(started)).toEqual(result);
    expect(started.twin.order).toEqual(['claimEventCancellation']);
  });
});
