/** Disputes: followed by a workflow that an event of the provider starts; here they are read and waited for. */
import type { Client } from '@temporalio/client';
import { Type } from 'typebox';
import type { DisputeResult, DisputeStatus } from '../contracts/dispute.ts';
import { nextOfDispute } from '../contracts/dispute-words.ts';
import { disputeWorkflowId } from '../contracts/ids.ts';
import { disputeStatusQuery } from '../contracts/messages.ts';
import { Id } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { checked } from './errors.ts';
import { isClosed, resultOf } from './run-handle.ts';
import { translate } from './temporal-errors.ts';

export interface DisputeHandle {
  readonly disputeId: string;
  readonly workflowId: string;
  /** Waits for the end: however long it takes, or until `deadlineMs` has passed and `StillRunningError` is thrown. */
  result(options?: { deadlineMs?: number }): Promise<DisputeResult>;
  /** @throws NotFoundError while no event has started it */
  status(): Promise<DisputeStatus>;
}

/** Milliseconds that a single question to Temporal may take. */
const askMs = 5_000;
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), disputeId: Id('disputeId') }));

async function statusOf(client: Client, workflowId: string): Promise<DisputeStatus> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const run = await client.withDeadline(Date.now() + askMs, () => handle.describe());
    if (!isClosed(run)) return await client.withDeadline(Date.now() + askMs, () => handle.query(disputeStatusQuery));
    const result = await resultOf<DisputeResult>(client, workflowId, { runId: run.runId });
    return { stage: result.status, attention: 'none', next: nextOfDispute(result), result };
  } catch (error) {
    throw translate(error, workflowId);
  }
}

export function createDisputeHandle(client: Client, tenantId: string, disputeId: string): DisputeHandle {
  checked(() => checkKey({ tenantId, disputeId }));
  const workflowId = disputeWorkflowId(tenantId, disputeId);
  return {
    disputeId,
    workflowId,
    result: (options) => resultOf<DisputeResult>(client, workflowId, options),
    status: () => statusOf(client, workflowId),
  };
}
