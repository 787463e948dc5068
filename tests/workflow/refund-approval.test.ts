/** Refunds above a venue's limit: other people than the requester have to say so. */
import { expect, test } from 'vitest';
import type { ApprovalRequest } from '../../contracts/decisions.ts';
import {
  approveSignal,
  approveUpdate,
  cancelRefundUpdate,
  refundStatusQuery,
  rejectUpdate,
} from '../../contracts/messages.ts';
import { approvalWindowMs } from '../../contracts/retry-profiles.ts';
import { durationOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { refundEndOf } from '../support/workflow-refund-twins.ts';
import { proofOf } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const by = (actor: string, proof = proofOf(actor)): [ApprovalRequest] => [{ actor, reason: 'checked', proof }];

async function waiting(needed: 1 | 2) {
  const refund = await world().refund((twin) => (twin.refund.reservation = { approvalsNeeded: needed }));
  await expect
    .poll(async () => (await refund.handle.query(refundStatusQuery)).stage, { timeout: 5_000 })
    .toBe('awaiting approval');
  return refund;
}

test('two different people let the money go; the requester and the same one again do not', async () => {
  const refund = await waiting(2);
  const { handle, twin, request } = refund;
  expect(await handle.query(refundStatusQuery)).toMatchObject({ attention: 'approval', moneyMoved: 'captured' });
  await expect(handle.executeUpdate(approveUpdate, { args: by(request.requestedBy) })).rejects.toThrow();
  await expect(handle.executeUpdate(approveUpdate, { args: by('grace', 'forged') })).rejects.toThrow();
  expect(await handle.executeUpdate(approveUpdate, { args: by('grace') })).toEqual({
    decision: 'approved', approvals: 1, needed: 2,
  }); // prettier-ignore
  await expect(handle.executeUpdate(approveUpdate, { args: by('grace') })).rejects.toThrow();
  expect(twin.count('createRefund')).toBe(0);
  await handle.signal(approveSignal, ...by('linus'));
  expect(await refundEndOf(refund)).toMatchObject({ status: 'completed' });
  expect(twin.inputsOf('decide').map((input) => (input as ApprovalRequest).actor)).toEqual([
    request.requestedBy, 'grace', 'grace', 'grace', 'linus',
  ]); // prettier-ignore
  expect(await upsertsOf(handle)).toEqual([
    'awaiting approval/approval', 'awaiting approval/none', 'completed/none',
  ]); // prettier-ignore
});

test('one says no: nothing moves, and the person is named', async () => {
  const refund = await waiting(1);
  const answer = await refund.handle.executeUpdate(rejectUpdate, { args: by('grace') });
  expect(answer).toMatchObject({ decision: 'rejected', approvals: 0, needed: 1 });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'rejected', reason: 'not_approved', actor: 'grace' });
  expect(refund.twin.refund.books).toBe('given back');
  expect(refund.twin.count('createRefund')).toBe(0);
});

test('nobody in a week: it is given back to the books', async () => {
  const refund = await waiting(1);
  expect(await refundEndOf(refund)).toMatchObject({ status: 'rejected', reason: 'approval_expired' });
  expect(await durationOf(refund.handle)).toBeGreaterThanOrEqual(approvalWindowMs - 5_000);
  expect(refund.twin.refund.books).toBe('given back');
});

test('cancelled while it waits', async () => {
  const refund = await waiting(1);
  const cancel = { actor: 'support-7', reason: 'not needed' };
  const update = refund.handle.executeUpdate(cancelRefundUpdate, { args: [cancel] });
  expect(await refundEndOf(refund)).toMatchObject({ status: 'cancelled', ...cancel });
  await update;
  expect(refund.twin.refund.books).toBe('given back');
});
