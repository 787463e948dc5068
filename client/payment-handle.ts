/** A purchase that exists: read it, wait for it, cancel it. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { Type } from 'typebox';
import { fingerprintOf } from '../contracts/hashes.ts';
import { paymentWorkflowId } from '../contracts/ids.ts';
import { type CancelRequest, cancelSignal, cancelUpdate, statusQuery } from '../contracts/messages.ts';
import { openStages, type PaymentInput, type PaymentResult, type PaymentStatus } from '../contracts/payment.ts';
import { Id, Text } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { attentions, searchAttributes } from '../contracts/search-attributes.ts';
import { closedStatus } from '../contracts/payment-words.ts';
import { checked, StillRunningError } from './errors.ts';
import { isDeadline, mayBeClosed, translate } from './temporal-errors.ts';

export interface PaymentHandle {
  readonly paymentKey: string;
  readonly workflowId: string;
  /** Waits for the end, however long it takes. */
  result(): Promise<PaymentResult>;
  /** Where no worker answers within `deadlineMs` (5000): what the server itself knows. */
  status(options?: { deadlineMs?: number }): Promise<PaymentStatus>;
  /**
   * Gives the money back unless the capture is scheduled, and answers with the end: `completed` when it was too late.
   * With `deadlineMs` the request is left behind durably when that passes, and `StillRunningError` is thrown.
   */
  cancel(request: CancelRequest, options?: { deadlineMs?: number }): Promise<PaymentResult>;
}

type PaymentWorkflow = (input: PaymentInput) => Promise<PaymentResult>;

/** Milliseconds that a single question to Temporal may take. */
const askMs = 5_000;

const checkCancel = createValidator(
  Type.Object({ actor: Text('actor', 200), reason: Text('reason', 500) }, { description: 'actor and reason' }),
);
const checkKey = createValidator(Type.Object({ tenantId: Id('tenantId'), paymentKey: Id('paymentKey') }));

export const isClosed = (run: WorkflowExecutionDescription) =>
  run.status.name !== 'RUNNING' && run.status.name !== 'PAUSED';

/** The end of a run as its result; the SDK waits where the run is open. */
export async function resultOf(client: Client, workflowId: string, runId?: string): Promise<PaymentResult> {
  try {
    return await client.workflow.result<PaymentWorkflow>(workflowId, runId);
  } catch (error) {
    throw translate(error, workflowId);
  }
}

export function createPaymentHandle(client: Client, tenantId: string, paymentKey: string): PaymentHandle {
  checked(() => checkKey({ tenantId, paymentKey }));
  const workflowId = paymentWorkflowId(tenantId, paymentKey);
  return {
    paymentKey,
    workflowId,
    result: () => resultOf(client, workflowId),
    status: ({ deadlineMs = askMs } = {}) => statusOf(client, workflowId, deadlineMs),
    cancel: (request, options = {}) => cancel(client, workflowId, request, options.deadlineMs),
  };
}

async function statusOf(client: Client, workflowId: string, deadlineMs: number): Promise<PaymentStatus> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const run = await client.withDeadline(Date.now() + askMs, () => handle.describe());
    if (isClosed(run)) return closedStatus(await resultOf(client, workflowId, run.runId));
    return await client
      .withDeadline(Date.now() + deadlineMs, () => handle.query(statusQuery))
      .catch(() => unheard(run));
  } catch (error) {
    throw translate(error, workflowId);
  }
}

const oneOf = <T extends string>(known: readonly T[], text: string | undefined) => known.find((one) => one === text);

/** No worker answers the query: what the server itself knows of the run. */
function unheard(run: WorkflowExecutionDescription): PaymentStatus {
  return {
    stage: oneOf(openStages, run.typedSearchAttributes.get(searchAttributes.stage)) ?? 'started',
    attention: oneOf(attentions, run.typedSearchAttributes.get(searchAttributes.attention)) ?? 'none',
    moneyMoved: 'unknown',
    next: 'No worker answers at the moment; the purchase goes on by itself as soon as one runs.',
  };
}

async function cancel(
  client: Client,
  workflowId: string,
  given: CancelRequest,
  deadlineMs: number | undefined,
): Promise<PaymentResult> {
  const request = checked(() => checkCancel(given));
  const handle = client.workflow.getHandle(workflowId);
  // Equal requests share one update: only ten may be in flight at a run.
  const updateId = `cancel:${fingerprintOf({ ...request })}`;
  const update = () => handle.executeUpdate(cancelUpdate, { args: [request], updateId });
  try {
    return await (deadlineMs === undefined ? update() : client.withDeadline(Date.now() + deadlineMs, update));
  } catch (error) {
    if (mayBeClosed(error)) return resultOf(client, workflowId);
    if (!isDeadline(error)) throw translate(error, workflowId);
  }
  // An update that no worker has accepted is forgotten with the connection; a signal is kept.
  try {
    await client.withDeadline(Date.now() + askMs, () => handle.signal(cancelSignal, request));
  } catch (error) {
    if (mayBeClosed(error)) return resultOf(client, workflowId);
    throw translate(error, workflowId);
  }
  throw new StillRunningError(workflowId);
}
