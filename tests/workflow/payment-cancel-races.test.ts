/**
 * Cancels that meet a step at its very end. On the dev server, because the time-skipping one differs here: it loses a
 * workflow task when an activity is cancelled that has just completed ("ACTIVITY_UNKNOWN"), and it goes on retrying one
 * that fails after it was asked to stop.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cancelSignal, cancelUpdate } from '../../contracts/messages.ts';
import { Gate, losesAnswerWhenCancelled } from '../support/workflow-behaviours.ts';
import { allMeans, cancelAndJudge, endBy, me, type Means } from '../support/workflow-cancels.ts';
import { endOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { StartedPayment } from '../support/workflow-world.ts';

const world = useWorkflowWorld({ server: 'dev', queues: ['money'] });

const send = ({ handle }: StartedPayment, how: Means): Promise<unknown> => {
  if (how === 'update') return handle.executeUpdate(cancelUpdate, { args: [me] });
  return how === 'signal' ? handle.signal(cancelSignal, me) : handle.cancel();
};

test.each(allMeans)('cancelled by %s before the claim is there: it is claimed, then nothing is left', async (how) => {
  const gate = new Gate();
  const purchase = await world().payment((twin) => twin.plan('claimPayment', gate.passes));
  await purchase.twin.begun('claimPayment');
  const answer = send(purchase, how);
  // An update that is not delivered yet shows nowhere; the others are in the history when they are answered.
  await (how === 'update' ? wait(100) : answer);
  gate.open();
  const result = await endOf(purchase);
  expect(result).toEqual(endBy(how));
  if (how === 'update') expect(await answer).toEqual(result);
  expect(purchase.twin.claim.owned).toBe(true);
  expect(purchase.twin.count('mintTickets') + purchase.twin.count('capturePayment')).toBe(0);
});

test.each(
  allMeans.flatMap((how) => (['authorizePayment', 'mintTickets'] as const).map((activity) => ({ how, activity }))),
)('cancelled by $how, and the answer of $activity is lost: nobody has to look', async ({ how, activity }) => {
  // It comes back as an ordinary failure: only the scope knows that it was cancelled.
  const purchase = await world().payment((twin) => twin.plan(activity, losesAnswerWhenCancelled));
  await purchase.twin.begun(activity);
  await cancelAndJudge(purchase, how);
  expect(purchase.twin.count(activity)).toBe(1);
  expect(purchase.twin.count('park')).toBe(0);
});

test('a cancel at any moment leaves a purchase or nothing, and whoever asked hears which', async () => {
  // From before the claim to the receipt, each moment by each means: as the activity begins, and a little later.
  const moments = [0, 1, 2, 3, 4, 5, 6].flatMap((begun) => [0, 5, 20].map((delay) => ({ begun, delay })));
  const ends = new Set<string>();
  for (const how of allMeans) {
    await Promise.all(
      moments.map(async ({ begun, delay }) => {
        const purchase = await world().payment();
        await purchase.twin.anyBegun(begun);
        await wait(delay);
        const answer = send(purchase, how).catch(() => undefined);
        const result = await endOf(purchase);
        ends.add(result.status);
        if (how === 'update') expect([undefined, result]).toContainEqual(await answer);
      }),
    );
  }
  expect([...ends].toSorted()).toEqual(['cancelled', 'completed']);
});
