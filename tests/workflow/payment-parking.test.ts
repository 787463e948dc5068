import { expect, test } from 'vitest';
import { cancelUpdate, statusQuery } from '../../contracts/messages.ts';
import { authorizationWindowMs, patienceMs } from '../../contracts/retry-profiles.ts';
import { declines, exhausts, failsFor, fallsSilent, refuses } from '../support/workflow-behaviours.ts';
import { cancelledBy, durationOf, endOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const hour = 3_600_000;
const me = { actor: 'me', reason: 'changed my mind' };

test('a step whose calls are used up waits for a person, is tried again with one more call, and goes on', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('authorizePayment', exhausts({ sent: 10, commits: true }), exhausts({ sent: 11 })),
  );
  const { handle, twin } = purchase;
  await twin.begun('park');
  expect(await handle.query(statusQuery)).toMatchObject({
    stage: 'in review',
    attention: 'review',
    moneyMoved: 'unknown',
    next: expect.stringContaining('dead letter'),
  });
  expect(twin.letters.get('authorize')).toMatchObject({
    queueName: 'money',
    jobType: 'payment-process',
    step: 'authorize',
    error: 'budget_exhausted',
    attempts: 10,
    moneyMoved: 'unknown',
    open: true,
  });

  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(twin.inputsOf('authorizePayment')).toMatchObject([{ round: 0 }, { round: 1 }, { round: 2 }]);
  expect(twin.count('park')).toBe(2);
  expect(twin.inputsOf('unpark')).toMatchObject([{ step: 'authorize', outcome: 'known' }]);
  expect(await upsertsOf(handle)).toEqual([
    'in review/review', 'in review/review', 'authorizing/none', 'completed/none',
  ]); // prettier-ignore
});

test('a mint that a person has to look at parks with the money held', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', refuses('not_the_issuer')));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(purchase.twin.letters.get('mint')).toMatchObject({ error: 'not_the_issuer', moneyMoved: 'unknown' });
  expect(await upsertsOf(purchase.handle)).toEqual(['in review/review', 'minting/none', 'completed/none']);
});

test('nothing sent is nothing moved: the letter says so', async () => {
  const purchase = await world().payment((twin) => twin.plan('authorizePayment', exhausts({ sent: 0 })));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(purchase.twin.letters.get('authorize')).toMatchObject({ moneyMoved: 'none', attempts: 0 });
});

test('an authorization that is not there after 24 h expires, even while it is parked', async () => {
  const purchase = await world().payment((twin) => twin.always('authorizePayment', exhausts({ commits: true })));
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'time' });
  const waited = await durationOf(purchase.handle);
  expect(waited).toBeGreaterThanOrEqual(authorizationWindowMs - 5_000);
  expect(waited).toBeLessThan(authorizationWindowMs + 60_000);
  expect(purchase.twin.money).toBe('voided');
  expect(purchase.twin.inputsOf('unpark')).toMatchObject([{ step: 'authorize', outcome: 'undoing' }]);
});

test('an authorization that is not answered for 24 h is shown to people after a quarter of an hour, and expires', async () => {
  const purchase = await world().payment((twin) => twin.always('authorizePayment', failsFor(hour / 6)));
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'time' });
  expect(await durationOf(purchase.handle)).toBeGreaterThanOrEqual(authorizationWindowMs - hour);
  expect(purchase.twin.count('park')).toBe(1);
  expect(purchase.twin.letters.get('authorize')).toMatchObject({ error: 'no_outcome_yet', moneyMoved: 'unknown' });
});

test.each([
  { chain: 'does not answer', behaviour: failsFor(60_000) },
  { chain: 'is parked', behaviour: exhausts({ sent: 5, commits: true }) },
])('a chain that $chain until the authorization ends: everything is undone in time', async ({ behaviour }) => {
  const purchase = await world().payment((twin) => {
    twin.authorizationMs = 2 * hour;
    twin.always('mintTickets', behaviour);
  });
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'authorization' });
  const waited = await durationOf(purchase.handle);
  // Ten minutes of margin before the provider lets go of the money.
  expect(waited).toBeGreaterThan(1.7 * hour);
  expect(waited).toBeLessThan(2 * hour - 9 * 60_000);
  expect(purchase.twin.order.filter((name) => /burn|void|close/.test(name))).toEqual([
    'burnTickets', 'voidPayment', 'closePayment',
  ]); // prettier-ignore
});

test('an undo without an outcome is shown to a person while the same activity goes on', async () => {
  const purchase = await world().payment((twin) =>
    twin
      .plan('mintTickets', declines('ticket_taken'))
      .plan('burnTickets', ...Array.from({ length: 5 }, () => failsFor(patienceMs / 3))),
  );
  expect(await endOf(purchase)).toMatchObject({ status: 'unfulfilled' });
  expect(purchase.twin.letters.get('burn')).toMatchObject({ error: 'no_outcome_yet', open: false });
  expect(purchase.twin.inputsOf('burnTickets').map((input) => (input as { round: number }).round)).toEqual([
    0, 0, 0, 0, 0, 0,
  ]); // prettier-ignore
});

test('a parked capture is never given up, however long it takes', async () => {
  const rounds = Array.from({ length: 12 }, () => exhausts({ sent: 10 }));
  const purchase = await world().payment((twin) => {
    twin.authorizationMs = hour;
    twin.plan('capturePayment', ...rounds);
  });
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(await durationOf(purchase.handle)).toBeGreaterThan(hour);
  expect(purchase.twin.inputsOf('capturePayment').at(-1)).toMatchObject({ round: 12 });
});

test('a parked capture that finds the authorization gone is undone', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('capturePayment', exhausts(), declines('authorization_ended')),
  );
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'authorization' });
  expect(purchase.twin.inputsOf('unpark')).toMatchObject([{ step: 'capture', outcome: 'undoing' }]);
});

test('what cannot be undone now parks, and the rest of the undo waits for it', async () => {
  const purchase = await world().payment((twin) =>
    twin
      .plan('mintTickets', declines('ticket_taken'))
      .plan('burnTickets', refuses('burn_reverted'), declines('not_the_owner')),
  );
  const { handle, twin } = purchase;
  await twin.begun('park');
  expect(await handle.query(statusQuery)).toMatchObject({ stage: 'in review', attention: 'review' });
  expect([twin.count('voidPayment'), twin.count('closePayment')]).toEqual([0, 0]);

  expect(await endOf(purchase)).toMatchObject({ status: 'unfulfilled', reason: 'ticket_taken' });
  expect(twin.inputsOf('burnTickets')).toMatchObject([{ round: 0 }, { round: 1 }, { round: 2 }]);
  expect(twin.order.slice(-2)).toEqual(['voidPayment', 'closePayment']);
  expect(await upsertsOf(handle)).toEqual([
    'in review/review', 'in review/review', 'undoing/none', 'unfulfilled/none',
  ]); // prettier-ignore
});

test('a purchase that is cancelled while it is parked leaves no letter, and its undo is shown as one', async () => {
  const purchase = await world().payment((twin) =>
    twin.always('mintTickets', exhausts({ commits: true })).plan('burnTickets', refuses('burn_reverted')),
  );
  const { handle, twin } = purchase;
  await twin.begun('park');
  const answer = handle.executeUpdate(cancelUpdate, { args: [me] });
  expect(await endOf(purchase)).toEqual(cancelledBy(me.actor, me.reason));
  expect(await answer).toEqual(cancelledBy(me.actor, me.reason));
  expect(twin.inputsOf('unpark')).toMatchObject([
    { step: 'mint', outcome: 'undoing' },
    { step: 'burn', outcome: 'known' },
  ]);
  expect(await upsertsOf(handle)).toEqual([
    'in review/review', 'minting/none', 'in review/review', 'undoing/none', 'cancelled/none',
  ]); // prettier-ignore
});

test('a worker that dies in the middle of a mint is noticed by its heartbeat, and nothing is minted twice', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', fallsSilent({ commits: true })));
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(purchase.twin.count('mintTickets')).toBe(2);
});

test('an undo that a provider keeps waiting is shown to people, and goes on by itself', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('mintTickets', declines('ticket_taken')).plan('voidPayment', failsFor(hour / 2)),
  );
  expect(await endOf(purchase)).toMatchObject({ status: 'unfulfilled' });
  expect(purchase.twin.money).toBe('voided');
  expect(purchase.twin.inputsOf('park')).toMatchObject([{ step: 'void', error: 'no_outcome_yet' }]);
  expect(purchase.twin.inputsOf('unpark')).toMatchObject([{ step: 'void', outcome: 'known' }]);
  // One attempt in the activity's own retries, and no second activity beside it.
  expect(purchase.twin.inputsOf('voidPayment')).toMatchObject([{ round: 0 }, { round: 0 }]);
});
