import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { cancelSignal, cancelUpdate } from '../../contracts/messages.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import { answersWhenCancelled, exhausts, failsFor, Gate, hangs, losesAnswer } from '../support/workflow-behaviours.ts';
import { cancelledBy, endOf, inRetryPause, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { ActivityName, Twin } from '../support/workflow-twins.ts';
import type { StartedPayment } from '../support/workflow-world.ts';

const world = useWorkflowWorld();
const me = { actor: 'support-7', reason: 'wrong seats' };
const byMe = cancelledBy(me.actor, me.reason);
const longPause = 3_600_000;

/** Each sends its cancel and returns what the workflow should end as, with the answer where there is one. */
const means = {
  update: {
    send: (purchase: StartedPayment) => purchase.handle.executeUpdate(cancelUpdate, { args: [me] }),
    end: byMe,
  },
  signal: {
    send: (purchase: StartedPayment) => purchase.handle.signal(cancelSignal, me),
    end: byMe,
  },
  'the Web UI': {
    send: (purchase: StartedPayment) => purchase.handle.cancel(),
    end: cancelledBy('temporal', 'cancelled through Temporal'),
  },
} satisfies Record<string, { send(purchase: StartedPayment): Promise<unknown>; end: PaymentResult }>;
type Means = keyof typeof means;
const allMeans = Object.keys(means) as Means[];

/** Sends the cancel, checks that it has arrived before anything else happens, and judges the end. */
async function cancelAndJudge(purchase: StartedPayment, how: Means): Promise<void> {
  const answer = means[how].send(purchase);
  const result = await endOf(purchase);
  expect(result).toEqual(means[how].end);
  if (how === 'update') expect(await answer).toEqual(result);
  else await answer;
  expect(purchase.twin.count('capturePayment')).toBe(0);
  expect(purchase.twin.count('sendReceipt')).toBe(0);
  expect(purchase.twin.order.at(-1)).toBe('closePayment');
}

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
    await cancelAndJudge(purchase, how);
    expect(purchase.twin.order.filter((name) => name === 'voidPayment' || name === 'burnTickets')).toEqual(undone);
  });

  test('before the claim is there: it is claimed, and nothing else begins', async () => {
    const gate = new Gate();
    const purchase = await world().payment((twin) => twin.plan('claimPayment', gate.passes));
    await purchase.twin.begun('claimPayment');
    const judged = cancelAndJudge(purchase, how);
    gate.open();
    await judged;
    expect(purchase.twin.claim.owned).toBe(true);
    expect(purchase.twin.count('authorizePayment')).toBe(0);
  });

  test('once the capture is scheduled it is too late: completed, and a refund is next', async () => {
    const gate = new Gate();
    const purchase = await world().payment((twin) => twin.plan('capturePayment', gate.passes));
    await purchase.twin.begun('capturePayment');
    const answer = means[how].send(purchase);
    await arrived(purchase, how);
    gate.open();
    const result = await endOf(purchase);
    expect(result).toMatchObject({ status: 'completed', moneyMoved: 'captured', nextAction: 'refund' });
    if (how === 'update') expect(await answer).toEqual(result);
    expect(purchase.twin.count('burnTickets') + purchase.twin.count('voidPayment')).toBe(0);
    expect(purchase.twin.receipt).toBe('sent');
  });

  test('while a parked capture waits it is too late as well', async () => {
    const purchase = await world().payment((twin) => twin.plan('capturePayment', exhausts()));
    await purchase.twin.begun('park');
    const answer = means[how].send(purchase);
    const result = await endOf(purchase);
    expect(result.status).toBe('completed');
    if (how === 'update') expect(await answer).toEqual(result);
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
    const answer = means[how].send(purchase);
    await arrived(purchase, how);
    gate.open();
    const result = await endOf(purchase);
    expect(result).toEqual(cancelledBy(first.actor, first.reason));
    if (how === 'update') expect(await answer).toEqual(result);
    expect(purchase.twin.count('voidPayment')).toBe(1);
  });
});

/** The cancel is in the history and was looked at, while what is under way still is. */
async function arrived({ handle }: StartedPayment, how: Means): Promise<void> {
  const wanted = {
    update: 'workflowExecutionUpdateAcceptedEventAttributes',
    signal: 'workflowExecutionSignaledEventAttributes',
    'the Web UI': 'workflowExecutionCancelRequestedEventAttributes',
  } as const;
  await expect
    .poll(
      async () => {
        const events = (await handle.fetchHistory()).events ?? [];
        const at = events.findLastIndex((event) => event[wanted[how]]);
        return at >= 0 && events.slice(at - 1).some((event) => event.workflowTaskCompletedEventAttributes);
      },
      { timeout: 5_000, interval: 20 },
    )
    .toBe(true);
}

test('two cancels at once get the same answer, and it is the result', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs({ commits: true })));
  await purchase.twin.begun('mintTickets');
  const requests = [me, { actor: 'buyer', reason: 'changed my mind' }];
  const answers = requests.map((request) => purchase.handle.executeUpdate(cancelUpdate, { args: [request] }));
  const result = await endOf(purchase);
  expect(await Promise.all(answers)).toEqual([result, result]);
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

test('a cancel at any moment leaves either a purchase or nothing', async () => {
  for (let delay = 0; delay <= 90; delay += 6) {
    const purchase = await world().payment();
    await wait(delay);
    await purchase.handle.cancel().catch(() => undefined);
    expect(['completed', 'cancelled']).toContain((await endOf(purchase)).status);
  }
});
