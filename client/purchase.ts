/** purchase(): one round trip that starts the workflow, or joins it, and brings the early answer. */
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { failureTypes } from '../contracts/failures.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { authorizedUpdateId } from '../contracts/ids.ts';
import { authorizedUpdate, workflowTypes } from '../contracts/messages.ts';
import type { EarlyAnswer, PaymentResult } from '../contracts/payment.ts';
import type { PurchaseOrder } from '../contracts/schema/payment.ts';
import { validatePurchaseOrder } from '../contracts/schema/validate.ts';
import { checked, IdempotencyConflictError, OperationFailedError, UnavailableError } from './errors.ts';
import { createPaymentHandle, type PaymentHandle } from './payment-handle.ts';
import { isClosed, resultOf } from './run-handle.ts';
import { paymentStart } from './start-options.ts';
import type { StartSeen, StartWatch } from './starts.ts';
import { isDeadline, isRefusedAs, mayBeClosed, translate } from './temporal-errors.ts';

export interface PurchaseHandle extends PaymentHandle {
  /** The buyer's answer, or `pending` when none came before the deadline: the purchase goes on by itself. */
  readonly early: EarlyAnswer | { status: 'pending' };
  /** True when this very call started the purchase; false when it was known already, or while that is not certain. */
  readonly created: boolean;
  /** The run that was started or joined, as far as the server said. */
  readonly runId?: string;
  /** As `early`, but waits for as long as it takes. */
  authorized(): Promise<EarlyAnswer>;
}

export interface PurchaseOptions {
  /** How long the caller waits for the early answer. Milliseconds. */
  deadlineMs?: number;
}

interface Asked {
  client: Client;
  starts: StartWatch;
  order: PurchaseOrder;
  workflowId: string;
  fingerprint: string;
}

export async function purchase(
  client: Client,
  starts: StartWatch,
  given: PurchaseOrder,
  { deadlineMs = 10_000 }: PurchaseOptions = {},
): Promise<PurchaseHandle> {
  const order = checked(() => validatePurchaseOrder(given));
  const handle = createPaymentHandle(client, order.tenantId, order.idempotencyKey);
  const asked = { client, starts, order, workflowId: handle.workflowId, fingerprint: fingerprintOf(order) };
  const seen: StartSeen = {};
  const early = await ask(asked, seen, Date.now() + deadlineMs, deadlineMs);
  return {
    ...handle,
    early,
    created: seen.started ?? false,
    ...(seen.runId === undefined ? {} : { runId: seen.runId }),
    authorized: async () => (early.status === 'pending' ? joined(asked) : early),
  };
}

async function ask(
  asked: Asked,
  seen: StartSeen,
  deadline: number,
  deadlineMs: number,
): Promise<PurchaseHandle['early']> {
  const { client, starts, order, workflowId, fingerprint } = asked;
  // What is left after the early answer's own deadline is for finding out whether the purchase exists.
  const answerBy = deadline - Math.min(1_000, deadlineMs / 5);
  const startWorkflowOperation = new WithStartWorkflowOperation(
    workflowTypes.payment,
    paymentStart(order, fingerprint),
  );
  const call = () =>
    starts.workflow.executeUpdateWithStart(authorizedUpdate, {
      startWorkflowOperation,
      args: [{ fingerprint }],
      updateId: authorizedUpdateId(fingerprint),
    });
  try {
    const early = await starts.note(seen, () => client.withDeadline(answerBy, call));
    if (seen.started) return early;
    // A stored answer may have been undone since: the result of a closed run outranks it.
    return (await closedResult(asked, deadline)) ?? early;
  } catch (error) {
    if (isRefusedAs(error, failureTypes.keyReused)) throw new IdempotencyConflictError(workflowId);
    if (!mayBeClosed(error) && !isDeadline(error)) throw translate(error, workflowId);
    const result = await closedResult(asked, deadline);
    if (result) return result;
    if (isDeadline(error)) return { status: 'pending' };
    throw new OperationFailedError(workflowId, error);
  }
}

/**
 * The result of the run when it is closed; undefined while it runs.
 * @throws IdempotencyConflictError when it was started with another body.
 * @throws UnavailableError when nobody says whether it exists: "not found" may be a start that is still on its way.
 */
async function closedResult(asked: Asked, deadline: number): Promise<PaymentResult | undefined> {
  const { client, workflowId, fingerprint } = asked;
  try {
    return await client.withDeadline(deadline, async () => {
      const run = await client.workflow.getHandle(workflowId).describe();
      if (run.memo?.['fingerprint'] !== fingerprint) throw new IdempotencyConflictError(workflowId);
      return isClosed(run) ? await resultOf<PaymentResult>(client, workflowId, { runId: run.runId }) : undefined;
    });
  } catch (error) {
    if (error instanceof IdempotencyConflictError || error instanceof OperationFailedError) throw error;
    throw new UnavailableError('Temporal', error);
  }
}

/** Waits at a purchase that was pending: joins its update, or takes the result when it ended meanwhile. */
async function joined({ client, workflowId, fingerprint }: Asked): Promise<EarlyAnswer> {
  try {
    return await client.workflow
      .getHandle(workflowId)
      .executeUpdate(authorizedUpdate, { args: [{ fingerprint }], updateId: authorizedUpdateId(fingerprint) });
  } catch (error) {
    if (isRefusedAs(error, failureTypes.keyReused)) throw new IdempotencyConflictError(workflowId);
    if (mayBeClosed(error)) return resultOf<PaymentResult>(client, workflowId);
    throw translate(error, workflowId);
  }
}
