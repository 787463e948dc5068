import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { authorizedUpdateId } from '../../contracts/ids.ts';
import {
  authorizedUpdate,
  cancelSignal,
  cancelUpdate,
  providerEventSignal,
  type CancelRequest,
  type ProviderEvent,
} from '../../contracts/messages.ts';
import { declines, exhausts, Gate, hangs } from '../support/workflow-behaviours.ts';
import { cancelledBy, endOf, eventsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import type { StartedPayment } from '../support/workflow-world.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const me = { actor: 'me', reason: 'changed my mind' };

const authorized = ({ handle, fingerprint }: StartedPayment) =>
  handle.executeUpdate(authorizedUpdate, { args: [{ fingerprint }], updateId: authorizedUpdateId(fingerprint) });

/** The type that a message was refused with. */
async function refusalOf(sent: Promise<unknown>): Promise<unknown> {
  const error: unknown = await sent.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).type;
}

const updatesIn = async ({ handle }: StartedPayment) =>
  (await eventsOf(handle)).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length;

const canceledIntent = (objectId: string): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'evt_1',
  type: 'payment_intent.canceled',
  objectId,
});
const intentOf = ({ order }: StartedPayment) => `pi_payment_acme_${order.idempotencyKey}`;

test('the early answer comes while the tickets are still being minted', async () => {
  const gate = new Gate();
  const purchase = await world().purchase((twin) => twin.plan('mintTickets', gate.passes));
  const early = await purchase.early;
  expect(early).toMatchObject({ status: 'authorized', moneyMoved: 'held', captureBefore: expect.any(String) });
  expect(purchase.twin.tickets).toBe('none');
  gate.open();
  expect((await endOf(purchase)).status).toBe('completed');
});

test('the same request again shares the one update; asked later, it hears what was promised', async () => {
  const gate = new Gate();
  const purchase = await world().purchase((twin) => twin.plan('mintTickets', gate.passes));
  const answers = await Promise.all([purchase.early, authorized(purchase), authorized(purchase)]);
  expect(answers).toEqual([answers[0], answers[0], answers[0]]);
  expect(await updatesIn(purchase)).toBe(1);
  gate.open();
  await endOf(purchase);
});

test('a request with another body is refused before history', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs()));
  await purchase.twin.begun('mintTickets');
  const other = purchase.handle.executeUpdate(authorizedUpdate, {
    args: [{ fingerprint: 'another' }],
    updateId: authorizedUpdateId('another'),
  });
  expect(await refusalOf(other)).toBe('KeyReused');
  const empty = purchase.handle.executeUpdate('authorized', { args: [] });
  expect(await refusalOf(empty)).toBe('KeyReused');
  expect(await updatesIn(purchase)).toBe(0);
  await purchase.handle.signal(cancelSignal, me);
  await endOf(purchase);
});

test('nothing is promised of a purchase that was cancelled first', async () => {
  const purchase = await world().purchase((twin) => twin.plan('authorizePayment', hangs({ commits: true })));
  await purchase.twin.begun('authorizePayment');
  await purchase.handle.signal(cancelSignal, me);
  expect(await purchase.early).toEqual(cancelledBy(me.actor, me.reason));
  await endOf(purchase);
});

test('who asks while it is being undone waits for the end instead of hearing an old promise', async () => {
  const burning = new Gate();
  const purchase = await world().payment((twin) =>
    twin.plan('mintTickets', hangs()).plan('burnTickets', burning.passes),
  );
  await purchase.twin.begun('mintTickets');
  await purchase.handle.signal(cancelSignal, me);
  await purchase.twin.begun('burnTickets');
  const { fingerprint } = purchase;
  const asked = await purchase.handle.startUpdate(authorizedUpdate, {
    args: [{ fingerprint }],
    waitForStage: 'ACCEPTED',
  });
  burning.open();
  expect(await endOf(purchase)).toEqual(cancelledBy(me.actor, me.reason));
  expect(await asked.result()).toEqual(cancelledBy(me.actor, me.reason));
});

test.each<[string, unknown]>([
  ['no reason', { actor: 'me' }],
  ['an empty actor', { actor: '', reason: 'x' }],
  ['an actor of 201 characters', { actor: 'a'.repeat(201), reason: 'x' }],
  ['a number', { actor: 7, reason: 'x' }],
  ['nothing at all', undefined],
])('a cancel with %s is refused before history, and says what it wants', async (_, request) => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs()));
  await purchase.twin.begun('mintTickets');
  const sent = purchase.handle.executeUpdate(cancelUpdate, { args: [request as CancelRequest] });
  expect(await refusalOf(sent)).toBe('InvalidMessage');
  expect(await updatesIn(purchase)).toBe(0);
  await purchase.handle.signal(cancelSignal, me);
  await endOf(purchase);
});

test('a cancel after the end is refused: the answer is the result', async () => {
  const gate = new Gate();
  const purchase = await world().payment((twin) => twin.plan('sendReceipt', gate.passes));
  await purchase.twin.begun('sendReceipt');
  expect(await refusalOf(purchase.handle.executeUpdate(cancelUpdate, { args: [me] }))).toBe('AlreadyEnded');
  await purchase.handle.signal(cancelSignal, me);
  await purchase.handle.cancel();
  expect(await updatesIn(purchase)).toBe(0);
  gate.open();
  expect((await endOf(purchase)).status).toBe('completed');
  expect(purchase.twin.receipt).toBe('sent');
});

test('every update is answered before the workflow closes', async () => {
  const purchase = await world().purchase((twin) => twin.plan('mintTickets', hangs()));
  await purchase.twin.begun('mintTickets');
  const cancels = await Promise.all(
    [1, 2, 3].map(() => purchase.handle.startUpdate(cancelUpdate, { args: [me], waitForStage: 'ACCEPTED' })),
  );
  const result = await endOf(purchase);
  expect(await Promise.all(cancels.map((update) => update.result()))).toEqual([result, result, result]);
  expect((await purchase.early).status).toBe('authorized');
  const events = await eventsOf(purchase.handle);
  const completed = events.filter((event) => event.workflowExecutionUpdateCompletedEventAttributes);
  expect(completed).toHaveLength(4);
  expect(events.at(-1)?.workflowExecutionCompletedEventAttributes).toBeTruthy();
});

test('an authorization that the provider ended while it mints ends the purchase expired', async () => {
  const purchase = await world().payment((twin) => twin.plan('mintTickets', hangs({ commits: true })));
  await purchase.twin.begun('mintTickets');
  await purchase.handle.signal(providerEventSignal, canceledIntent(intentOf(purchase)));
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'authorization' });
  expect(purchase.twin.tickets).toBe('burned');
});

test('an authorization that the provider ended while its capture is parked ends the purchase expired', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('capturePayment', exhausts(), declines('authorization_ended')),
  );
  await purchase.twin.begun('park');
  await purchase.handle.signal(providerEventSignal, canceledIntent(intentOf(purchase)));
  expect(await endOf(purchase)).toEqual({ status: 'expired', moneyMoved: 'none', what: 'authorization' });
});

test('the intent that an authorization canceled itself leaves the reason to its answer', async () => {
  const gate = new Gate();
  const purchase = await world().payment((twin) =>
    twin.plan('authorizePayment', async (effect) => {
      await gate.passes(() => undefined);
      return declines('authentication_required')(effect);
    }),
  );
  await purchase.twin.begun('authorizePayment');
  await purchase.handle.signal(providerEventSignal, canceledIntent(intentOf(purchase)));
  gate.open();
  expect(await endOf(purchase)).toEqual({ status: 'declined', moneyMoved: 'none', code: 'authentication_required' });
});

test.each<[string, unknown[]]>([
  ['of another intent', [canceledIntent('pi_of_another_attempt')]],
  ['of another kind', [{ ...canceledIntent('pi_1'), type: 'charge.captured' }]],
  ['that says nothing', []],
])('an event %s stops nothing', async (_, args) => {
  const gate = new Gate();
  const purchase = await world().payment((twin) => twin.plan('mintTickets', gate.passes));
  await purchase.twin.begun('mintTickets');
  await purchase.handle.signal('providerEvent', ...args);
  gate.open();
  expect((await endOf(purchase)).status).toBe('completed');
});
