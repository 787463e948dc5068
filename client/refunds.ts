/** Refunds: asked for once under their own id, then read, waited for, cancelled. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import { fingerprintOf } from '../contracts/hashes.ts';
import { refundWorkflowId } from '../contracts/ids.ts';
import { cancelRefundUpdate, refundStatusQuery, workflowTypes } from '../contracts/messages.ts';
import { openRefundStages, type RefundRequest, type RefundResult, type RefundStatus } from '../contracts/refund.ts';
import { closedRefundStatus } from '../contracts/refund-words.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { validateRefundRequest } from '../contracts/schema/validate-refund.ts';
import { checked } from './errors.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { refundStart } from './start-options.ts';
import { startOnce } from './start-once.ts';

/** Its `cancel` is in time only until the card provider is asked, which takes a moment. */
export interface RefundHandle extends RunHandle<RefundResult, RefundStatus> {
  readonly refundId: string;
}

export interface RequestedRefund extends RefundHandle {
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
}

const kind: RunKind<RefundStatus['stage'], RefundResult> = {
  statusQuery: refundStatusQuery,
  cancelUpdate: cancelRefundUpdate,
  openStages: openRefundStages,
  closedStatus: closedRefundStatus,
};
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), refundId: Id('refundId') }));

export function createRefundHandle(client: Client, tenantId: string, refundId: string): RefundHandle {
  checked(() => checkKey({ tenantId, refundId }));
  return { refundId, ...createRunHandle(client, refundWorkflowId(tenantId, refundId), kind) };
}

/**
 * `venueId`: the purchase's, where the caller knows it; the refund then waits in its venue's line, not in the tenant's.
 * @throws InvalidOrderError, or IdempotencyConflictError when the id was used for another request: nothing was started.
 */
export async function requestRefund(
  client: Client,
  given: RefundRequest,
  { venueId }: { venueId?: string } = {},
): Promise<RequestedRefund> {
  const request = checked(() => validateRefundRequest(given));
  const start = refundStart(request, fingerprintOf(request), venueId);
  const started = await startOnce(client, workflowTypes.refund, start);
  return { ...createRefundHandle(client, request.tenantId, request.refundId), ...started };
}
