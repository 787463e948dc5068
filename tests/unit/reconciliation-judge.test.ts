import { describe, expect, it } from 'vitest';
import { createJudge } from '../../activities/reconciliation-judge.ts';
import type { Difference, OurPayment, OurRefund, Pair } from '../../contracts/reconciliation.ts';

const run = { tenantId: 'acme', day: '2027-01-15', run: 'run-1', now: '2027-01-16T02:00:00.000Z' };
const paid: OurPayment = {
  workflowId: 'payment:acme:k1', runId: 'r', live: false, currency: 'USD', paymentKey: 'k1', completed: true, amount: 500,
  intentId: 'pi_1', fee: 20, posted: 480,
}; // prettier-ignore
const { intentId: _, ...unpaid } = paid;
const underWay: OurPayment = { ...unpaid, live: true, completed: false, posted: 0 };
const pairOf = (ours: OurPayment, state: 'captured' | 'held' = 'captured'): Pair => ({
  kind: 'payment', id: 'pi_1', ours,
  theirs: { kind: 'payment', id: 'pi_1', labels: {}, createdAt: run.now, currency: 'USD', state, amount: 500, fee: 20 },
}); // prettier-ignore

/** What each reading anew finds; the last one stays. */
function judging(readings: (Pair | undefined)[], running: string[] = []) {
  const recorded: { examined: readonly string[]; found: readonly Difference[] }[] = [];
  const told: string[] = [];
  let reads = 0;
  const judge = createJudge(
    {
      rows: { record: async ({ examined, found }) => void recorded.push({ examined, found }) },
      isRunning: async (workflowId) => running.includes(workflowId),
      deliver: async (workflowId, { type, eventId }) => {
        told.push(`${eventId}: ${type} to ${workflowId}`);
        return 'delivered';
      },
    },
    async () => {
      reads += 1;
      return readings.length > 1 ? readings.shift() : readings[0];
    },
  );
  return { judge: (pairs: Pair[]) => judge(run, pairs), recorded, told, reads: () => reads };
}

describe('two sides that agree', () => {
  it('are read once, and close what was open about them', async () => {
    const world = judging([]);
    expect(await world.judge([pairOf(paid)])).toEqual({ compared: 1, found: 0, told: 0 });
    expect(world.recorded).toEqual([{ examined: ['pi_1'], found: [] }]);
    expect(world.reads()).toBe(0);
  });
});

describe('two sides that differ', () => {
  it('are a difference once both were read anew and the books say the same', async () => {
    const world = judging([pairOf(paid, 'held')]);
    expect(await world.judge([pairOf(paid, 'held')])).toEqual({ compared: 1, found: 1, told: 0 });
    expect(world.recorded[0]?.found).toMatchObject([{ kind: 'capture_missing', objectId: 'pi_1' }]);
    expect(world.reads()).toBe(1);
  });

  it('are none when the list was read before the capture and the books after it', async () => {
    const world = judging([pairOf(paid)]);
    expect(await world.judge([pairOf(paid, 'held')])).toMatchObject({ found: 0 });
    expect(world.recorded).toEqual([{ examined: ['pi_1'], found: [] }]);
  });

  it('are none when the purchase ended between the look at the books and the one at its workflow', async () => {
    const world = judging([pairOf(paid)]);
    expect(await world.judge([pairOf(underWay)])).toMatchObject({ found: 0 });
  });

  it('are none while a workflow runs, and one when it was terminated', async () => {
    const followed = judging([], [underWay.workflowId]);
    expect(await followed.judge([pairOf(underWay)])).toMatchObject({ found: 0 });
    expect(followed.reads()).toBe(0);
    const abandoned = judging([pairOf(underWay)]);
    expect(await abandoned.judge([pairOf(underWay)])).toMatchObject({ found: 1 });
    expect(abandoned.recorded[0]?.found).toMatchObject([{ kind: 'capture_unknown' }]);
  });

  it('are left to the next run when the books never stand still: neither found nor closed', async () => {
    const moving = [1, 2, 3, 4].map((posted) => pairOf({ ...paid, posted }, 'held'));
    const world = judging(moving);
    expect(await world.judge([pairOf(paid, 'held')])).toEqual({ compared: 1, found: 0, told: 0 });
    expect(world.recorded).toEqual([]);
  });

  it('are gone when nobody has the object any more', async () => {
    const world = judging([undefined]);
    expect(await world.judge([pairOf(paid, 'held')])).toMatchObject({ found: 0 });
    expect(world.recorded).toEqual([{ examined: ['pi_1'], found: [] }]);
  });
});

it('a workflow that runs is told what the provider has already', async () => {
  const reserved: OurRefund = {
    workflowId: 'refund:acme:r1', runId: 'r', live: true, currency: 'USD', refundId: 'r1', status: 'reserved', amount: 5, posted: 0,
  }; // prettier-ignore
  const pending: Pair = {
    kind: 'refund', id: 're_1', ours: reserved,
    theirs: { kind: 'refund', id: 're_1', labels: {}, createdAt: run.now, currency: 'USD', status: 'failed', amount: 5 },
  }; // prettier-ignore
  const world = judging([], [reserved.workflowId]);
  expect(await world.judge([pending])).toEqual({ compared: 1, found: 0, told: 1 });
  expect(world.told).toEqual(['reconciliation: refund.failed to refund:acme:r1']);
});
