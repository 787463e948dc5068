import { describe, expect, test } from 'vitest';
import { cancelSignal, cancelUpdate } from '../../contracts/messages.ts';
import {
  answersWhenCancelled,
  declines,
  exhausts,
  failsFor,
  Gate,
  hangs,
  losesAnswer,
} from '../support/workflow-behaviours.ts';
import { cancelledBy, endOf, inRetryPause, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { ActivityName, Twin } from '../support/workflow-twins.ts';
import { allMeans, cancelAndJudge, endBy, me, sendCancel } from '../support/workflow-cancels.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const longPause = 600_000;

interface Moment {
  plan: (twin: Twin) => unknown;
  /** The activity that is under way, or in its pause, when the cancel comes. */
  at: ActivityName;
  pause?: boolean;
  /** What is undone, in this order. */
  undone: ActivityName[];
}

const moments: Record<string, Moment> = {
  'while the card is asked, nothing held': {
    plan: (twin) => twin.plan('authorizePayment', hangs()),
    at: 'authorizePayment',
    undone: ['voidPayment'],
  },
  'while the card is asked, already held': {
    plan: (twin) => twin.plan('authorizePayment', hangs({ commits: true })),
    at: 'authorizePayment',
    undone: ['voidPayment'],
  },
  'as the card answers all the same': {
    plan: (twin) => twin.plan('authorizePayment', answersWhenCancelled),
    at: 'authorizePayment',
    undone: ['voidPayment'],
  },
  'in the retry pause of an authorization that is held': {
    plan: (twin) => twin.plan('authorizePayment', losesAnswer(longPause)),
    at: 'authorizePayment',
    pause: true,
    undone: ['voidPayment'],
  },
  'while the authorization is parked': {
    plan: (twin) => twin.always('authorizePayment', exhausts({ commits: true })),
    at: 'park',
    undone: ['voidPayment'],
  },
  'while it mints, nothing minted': {
    plan: (twin) => twin.plan('mintTickets', hangs()),
    at: 'mintTickets',
    undone: ['burnTickets', 'voidPayment'],
  },
  'while it mints, already minted': {
    plan: (twin) => twin.plan('mintTickets', hangs({ commits: true })),
    at: 'mintTickets',
    undone: ['burnTickets', 'voidPayment'],
  },
  'as the mint succeeds all the same': {
    plan: (twin) => twin.plan('mintTickets', answersWhenCancelled),
    at: 'mintTickets',
    undone: ['burnTickets', 'voidPayment'],
  },
  'in the retry pause of a mint that had its effect': {
    plan: (twin) => twin.plan('mintTickets', losesAnswer(longPause)),
    at: 'mintTickets',
    pause: true,
    undone: ['burnTickets', 'voidPayment'],
  },
  'in the retry pause of a mint that was never sent': {
    plan: (twin) => twin.plan('mintTickets', failsFor(longPause)),
    at: 'mintTickets',
    pause: true,
    undone: ['burnTickets', 'voidPayment'],
  },
  'while the mint is parked': {
    plan: (twin) => twin.always('mintTickets', exhausts({ commits: true })),
    at: 'park',
    undone: ['burnTickets', 'voidPayment'],
  },
};

describe.each(allMeans)('cancelled by %s', (how) => {
  test.each(Object.entries(moments))('%s', async (_, { plan, at, pause, undone }) => {
    const purchase = await world().payment(plan);
    await purchase.twin.begun(at);
    if (pause) await inRetryPause(purchase.handle);
    const parked = purchase.twin.count('park');
    await cancelAndJudge(purchase, how);
    // Nobody has to look at what a cancel stopped.
    expect(purchase.twin.count('park')).toBe(parked);
    expect(purchase.twin.order.filter((name) => name === 'voidPayment' || name === 'burnTickets')).toEqual(undone);
  });

  test('once the capture is scheduled it is too late: completed, and a refund is next', async () => {
    const gate = new Gate();
    const purchase = await world().payment((twin) => twin.plan('capturePayment', gate.passes));
    await purchase.twin.begun('capturePayment');
    const answer = await sendCancel(purchase, how);
    gate.open();
    const result = await endOf(purchase);
    expect(result).toMatchObject({ status: 'completed', moneyMoved: 'captured', nextAction: 'refund' });
    expect(await answer(result)).toEqual(result);
    expect(purchase.twin.count('burnTickets') + purchase.twin.count('voidPayment')).toBe(0);
    expect(purchase.twin.receipt).toBe('sent');
  });

  test('while a parked capture waits it is too late as well', async () => {
    const purchase = await world().payment((twin) => twin.plan('capturePayment', exhausts()));
    await purchase.twin.begun('park');
    const answer = await sendCancel(purchase, how);
    const result = await endOf(purchase);
    expect(result.status).toBe('completed');
    expect(await answer(result)).toEqual(result);
  });

  test('too late, and then the capture is declined: undone, and the end is the answer', async () => {
    const gate = new Gate();
    const purchase = await world().payment((twin) =>
      twin.plan('capturePayment', async (effect) => {
        await gate.passes(() => undefined);
        return declines('authorization_ended')(effect);
      }),
    );
    await purchase.twin.begun('capturePayment');
    const answer = await sendCancel(purchase, how);
    gate.open();
    const result = await endOf(purchase);
    expect(result).toEqual(endBy(how));
    expect(await answer(result)).toEqual(result);
  });

  test('while it is being undone: undone once, as the first one said', async () => {
    const gate = new Gate();
    const purchase = await world().payment((twin) =>
      twin.plan('mintTickets', hangs()).plan('burnTickets', gate.passes),
    );
    await purchase.twin.begun('mintTickets');
    const first = { actor: 'first', reason: 'first' };
    await purchase.handle.signal(cancelSignal, first);
    await purchase.twin.begun('burnTickets');
    const answer = await sendCancel(purchase, how);
    gate.open();
    const result = await endOf(purchase);
    expect(result).toEqual(cancelledBy(first.actor, first.reason));
    expect(await answer(result)).toEqual(result);
    expect(purchase.twin.count('voidPayment')).toBe(1);
  });
});

test('the first one who cancelled is named, whoever comes while that is still under way', async () => {
  const gate = new Gate();
  const purchase = await world().payment((twin) => twin.plan('mintTickets', gate.passes));
  await purchase.twin.begun('mintTickets');
  const first = await sendCancel(purchase, 'update');
  const second = await purchase.handle.startUpdate(cancelUpdate, {
    args: [{ actor: 'late', reason: 'late' }],
    waitForStage: 'ACCEPTED',
  });
  gate.open();
  const result = await endOf(purchase);
  expect(result).toEqual(endBy('update'));
  expect([await first(result), await second.result()]).toEqual([result, result]);
});

test('two cancels at once get the same answer, and it is the result', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs({ commits: true })));
  await purchase.twin.begun('mintTickets');
  const requests = [me, { actor: 'buyer', reason: 'changed my mind' }];
  const updates = await Promise.all(
    requests.map((request) => purchase.handle.startUpdate(cancelUpdate, { args: [request], waitForStage: 'ACCEPTED' })),
  );
  const result = await endOf(purchase);
  expect(await Promise.all(updates.map((update) => update.result()))).toEqual([result, result]);
  expect(requests.map(({ actor, reason }) => cancelledBy(actor, reason))).toContainEqual(result);
  expect(purchase.twin.count('burnTickets')).toBe(1);
});

test.each([
  ['nothing', undefined],
  ['something else', { actor: 7, reason: '' }],
])('a signal that says %s cancels all the same', async (_, payload) => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs()));
  await purchase.twin.begun('mintTickets');
  await purchase.handle.signal('cancel', ...(payload === undefined ? [] : [payload]));
  expect(await endOf(purchase)).toEqual(cancelledBy('temporal', 'cancelled through Temporal'));
});
