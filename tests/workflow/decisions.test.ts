/** What a person decides about a step that came to rest. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { DecisionRefusal, Resolution, ResolveRequest } from '../../contracts/decisions.ts';
import { failureTypes } from '../../contracts/failures.ts';
import { resolveSignal, resolveUpdate, statusQuery } from '../../contracts/messages.ts';
import { declines, exhausts, failsFor, refuses } from '../support/workflow-behaviours.ts';
import { durationOf, endOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';
import { proofOf } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const minute = 60_000;

const resolve = (decision: Resolution, change: Partial<ResolveRequest> = {}): ResolveRequest => ({
  actor: 'grace',
  decision,
  evidence: 'support case 4711',
  proof: proofOf(change.actor ?? 'grace'),
  ...change,
});

const decide = (handle: WorkflowHandle, request: ResolveRequest) =>
  handle.executeUpdate(resolveUpdate, { args: [request] });

/** Why it was refused. */
async function refusalOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
    return 'taken';
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    const [detail] = (cause.details ?? []) as { because?: DecisionRefusal }[];
    return detail?.because ?? cause.type ?? 'unknown';
  }
}

test('retry: at once, with one more call', async () => {
  const purchase = await world().payment((twin) => twin.plan('authorizePayment', exhausts()));
  await purchase.twin.begun('park');
  expect(await decide(purchase.handle, resolve('retry'))).toEqual({ taken: 'retry', step: 'authorize' });
  await purchase.twin.begun('authorizePayment', 2);
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
  expect(await durationOf(purchase.handle)).toBeLessThan(minute);
  expect(purchase.twin.inputsOf('decide')).toMatchObject([
    { kind: 'resolve', choice: 'retry', step: 'authorize', actor: 'grace', evidence: 'support case 4711' },
  ]);
  expect(purchase.twin.letters.get('authorize')).toMatchObject({ open: false });
});

test('a signal decides as well', async () => {
  const purchase = await world().payment((twin) => twin.plan('authorizePayment', exhausts()));
  await purchase.twin.begun('park');
  await purchase.handle.signal(resolveSignal, resolve('retry'));
  await purchase.twin.begun('authorizePayment', 2);
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
});

test.each([
  { step: 'authorize', activity: 'authorizePayment', end: { status: 'declined', code: 'marked_failed' } },
  { step: 'mint', activity: 'mintTickets', end: { status: 'unfulfilled', reason: 'marked_failed' } },
  { step: 'capture', activity: 'capturePayment', end: { status: 'declined', code: 'marked_failed' } },
] as const)('mark_failed at $step: whatever it did is looked for and undone', async ({ step, activity, end }) => {
  const purchase = await world().payment((twin) => twin.always(activity, exhausts({ commits: step !== 'capture' })));
  await purchase.twin.begun('park');
  expect(await decide(purchase.handle, resolve('mark_failed'))).toEqual({ taken: 'mark_failed', step });
  expect(await endOf(purchase)).toMatchObject({ ...end, moneyMoved: 'none' });
  expect(purchase.twin.money).toBe(
    step === 'authorize' && !purchase.twin.count('voidPayment') ? 'untouched' : 'voided',
  );
  expect(purchase.twin.tickets).toBe(step === 'authorize' ? 'none' : 'burned');
});

test('mark_failed at a capture that happened: the undo finds it, and nothing is called failed', async () => {
  const purchase = await world().payment((twin) => twin.plan('capturePayment', exhausts({ commits: true })));
  await purchase.twin.begun('park');
  await decide(purchase.handle, resolve('mark_failed'));
  await expect
    .poll(() => purchase.twin.letters.get('void'), { timeout: 10_000 })
    .toMatchObject({
      error: 'captured_elsewhere',
      open: true,
    });
  expect(await purchase.handle.query(statusQuery)).toMatchObject({ stage: 'in review' });
  // A person gives the money back outside of Boxoffice, and says so.
  await decide(purchase.handle, resolve('mark_succeeded'));
  expect(await purchase.handle.result()).toMatchObject({ status: 'declined', code: 'marked_failed' });
});

test('compensate: everything is undone, and the person is named', async () => {
  const purchase = await world().payment((twin) => twin.always('mintTickets', exhausts({ commits: true })));
  await purchase.twin.begun('park');
  await decide(purchase.handle, resolve('compensate'));
  expect(await endOf(purchase)).toEqual({
    status: 'cancelled', moneyMoved: 'none', actor: 'grace', reason: 'support case 4711',
  }); // prettier-ignore
  expect(purchase.twin).toMatchObject({ money: 'voided', tickets: 'burned' });
});

test('mark_succeeded at a compensation that is refused', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('mintTickets', declines('ticket_taken')).always('burnTickets', refuses('burn_reverted')),
  );
  await purchase.twin.begun('park');
  await decide(purchase.handle, resolve('mark_succeeded'));
  expect(await endOf(purchase)).toMatchObject({ status: 'unfulfilled' });
  expect(purchase.twin.money).toBe('voided');
  expect(purchase.twin.letters.get('burn')).toMatchObject({ open: false });
});

test('mark_succeeded at a compensation that gets no answer at all: its call is called off', async () => {
  const purchase = await world().payment((twin) =>
    twin.plan('mintTickets', declines('ticket_taken')).always('burnTickets', failsFor(10 * minute)),
  );
  const ended = endOf(purchase);
  await purchase.twin.begun('park');
  await decide(purchase.handle, resolve('mark_succeeded'));
  expect(await ended).toMatchObject({ status: 'unfulfilled' });
  expect(purchase.twin.money).toBe('voided');
});

test('a refund that is marked as failed is looked for first, and given back to the books', async () => {
  const refund = await world().refund((twin) => twin.always('createRefund', exhausts()));
  await refund.twin.begun('park');
  await decide(refund.handle, resolve('mark_failed'));
  expect(await refundEndOf(refund)).toMatchObject({ status: 'failed', code: 'marked_failed' });
  expect(refund.twin.refund.books).toBe('given back');
  expect(refund.twin.count('confirmNoRefund')).toBe(1);
});

test('a refund that exists cannot be marked as failed', async () => {
  const refund = await world().refund((twin) => twin.plan('createRefund', exhausts({ commits: true })));
  await refund.twin.begun('park');
  await decide(refund.handle, resolve('mark_failed'));
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
  expect(refund.twin.letters.get('refund')).toMatchObject({ error: 'refund_exists', open: false });
});

test('what nothing waits for, what is not possible, and what has no good proof is refused', async () => {
  const purchase = await world().payment((twin) => twin.plan('settlePayment', refuses('CaptureMismatchError')));
  const { handle, twin } = purchase;
  await twin.begun('park');
  expect(await refusalOf(decide(handle, resolve('mark_failed')))).toBe('not_possible');
  expect(await refusalOf(decide(handle, resolve('compensate')))).toBe('not_possible');
  expect(await refusalOf(decide(handle, resolve('retry', { proof: 'forged' })))).toBe('bad_signature');
  expect(await refusalOf(decide(handle, resolve('retry', { evidence: '' })))).toBe(failureTypes.invalidMessage);
  const unknown = resolve('retry', { decision: 'forget' as never });
  expect(await refusalOf(decide(handle, unknown))).toBe(failureTypes.invalidMessage);
  expect(twin.count('settlePayment')).toBe(1);
  expect(await refusalOf(decide(handle, resolve('retry')))).toBe('taken');
  expect(await endOf(purchase)).toMatchObject({ status: 'completed' });
});

test('two decisions at once: one is taken, the other finds nothing that waits', async () => {
  const purchase = await world().payment((twin) => twin.plan('authorizePayment', exhausts()));
  await purchase.twin.begun('park');
  const both = await Promise.all([
    refusalOf(decide(purchase.handle, resolve('compensate'))),
    refusalOf(decide(purchase.handle, resolve('retry', { actor: 'linus' }))),
  ]);
  expect(both.toSorted()).toEqual(['nothing_waits', 'taken']);
  await endOf(purchase);
});
