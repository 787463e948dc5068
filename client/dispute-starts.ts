/**
 * What the provider starts, by an event: the first one of whichever kind starts the workflow, the others are heard by it.
 * Nothing personal goes in here: ids, memo, attributes, priority and summaries are stored unencrypted.
 */
import { type Client, WorkflowIdReusePolicy } from '@temporalio/client';
import type { DisputeRequest, RefundReturnRequest } from '../contracts/dispute.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { disputeWorkflowId, refundReturnWorkflowId } from '../contracts/ids.ts';
import { type ProviderEvent, workflowTypes } from '../contracts/messages.ts';
import { signalled } from './signal-start.ts';
import { startedWith } from './start-attributes.ts';

/** Money that is lost already can wait for money that is not. */
const queued = (tenantId: string) => ({
  taskQueue: 'money',
  priority: { priorityKey: 3, fairnessKey: tenantId },
});

export function disputeStart(request: DisputeRequest) {
  const { tenantId, disputeId, paymentKey } = request;
  const body: object = { disputeId };
  const fingerprint = fingerprintOf(body);
  return {
    ...queued(tenantId),
    workflowId: disputeWorkflowId(tenantId, disputeId),
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId }),
    staticSummary: `Dispute of purchase ${paymentKey}`,
    staticDetails: `Dispute \`${disputeId}\` of purchase \`${paymentKey}\`. It ends when the cardholder's bank decides and cannot be cancelled here. Do **not** terminate: the money would move on unseen.`,
  };
}

export function refundReturnStart(request: RefundReturnRequest) {
  const { tenantId, refundId } = request;
  const fingerprint = fingerprintOf({ ...request });
  return {
    ...queued(tenantId),
    workflowId: refundReturnWorkflowId(tenantId, refundId),
    // An event that came to nothing must not be in the way of one that does not; what was returned, the claim knows.
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, stage: 'looking up' }),
    staticSummary: `Return of refund ${refundId}`,
    staticDetails: `The provider says that refund \`${refundId}\`, which had succeeded, failed later. It is looked up; if that is so, the books take it back and a dead letter tells a person.`,
  };
}

export const hearOfDispute = (client: Client, request: DisputeRequest, event: ProviderEvent) =>
  signalled(client, workflowTypes.dispute, disputeStart(request), event);

export const hearOfRefundReturn = (client: Client, request: RefundReturnRequest, event: ProviderEvent) =>
  signalled(client, workflowTypes.refundReturn, refundReturnStart(request), event);
