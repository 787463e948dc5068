/** purchase(): one round trip that starts the workflow, or joins it, and brings the early answer. */
import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { failureTypes } from '../contracts/failures.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { afterCustomerUpdateId, authorizedUpdateId } from '../contracts/ids.ts';
import { authorizedUpdate, statusQuery, workflowTypes } from '../contracts/messages.ts';
import type { CustomerWanted, EarlyAnswer, PaymentResult } from '../contracts/payment.ts';
import type { PurchaseOrder } from '../contracts/schema/payment.ts';
import { validatePurchaseOrder } from '../contracts/schema/validate.ts';
import { checked, IdempotencyConflictError, OperationFailedError, UnavailableError } from './errors.ts';
import type { ApiAccess } from './http.ts';
import { createPaymentHandle, type PaymentHandle } from './payment-handle.ts';
import { isClosed, resultOf } from './run-handle.ts';
import { paymentStart } from './start-options.ts';
import type { StartSeen, StartWatch } from './starts.ts';
import { isDeadline, isRefusedAs, mayBeClosed, translate } from './temporal-errors.ts';

/** The early answer; `clientSecret` is for the customer's browser, and there when this client has access to the API. */
export type BuyerAnswer =
  Exclude<EarlyAnswer, CustomerWanted> | (CustomerWanted & { clientSecret?: string }) | { status: 'pending' };

export interface PurchaseHandle extends PaymentHandle {
  /**
   * The buyer's answer, or `pending` when none came before the deadline: the purchase goes on by itself. With
   * `requires_action` it waits for the customer.
   */
  readonly early: BuyerAnswer;
  /** True when this very call started the purchase; false when it was known already, or while that is not certain. */
  readonly created: boolean;
  /** The run that was started or joined, as far as the server said. */
  readonly runId?: string;
  /** As `early`, but waits for as long as it takes, for the customer too. */
  authorized(): Promise<EarlyAnswer>;
}

export interface PurchaseOptions {
  /** How long the caller waits for the early answer. Milliseconds. */
  deadlineMs?: number;
}

export interface PurchaseAccess {
  client: Client;
  api: ApiAccess | undefined;
  starts: StartWatch;
}

interface Asked extends PurchaseAccess {
  order: PurchaseOrder;
  workflowId: string;
  fingerprint: string;
}

export async function purchase(
  access: PurchaseAccess,
  given: PurchaseOrder,
  { deadlineMs = 10_000 }: PurchaseOptions = {},
): Promise<PurchaseHandle> {
  const order = checked(() => validatePurchaseOrder(given));
  const { client, api } = access;
  const handle = createPaymentHandle(client, api, order.tenantId, order.idempotencyKey);
  const asked = { ...access, order, workflowId: handle.workflowId, fingerprint: fingerprintOf(order) };
  const seen: StartSeen = {};
  const early = await ask(asked, seen, Date.now() + deadlineMs, deadlineMs);
  return {
    ...handle,
    early: early.status === 'requires_action' && api ? await withSecret(early, handle) : early,
    created: seen.started ?? false,
    ...(seen.runId === undefined ? {} : { runId: seen.runId }),
    authorized: async () => {
      const answer = early.status === 'pending' ? await joined(asked, 'early') : early;
      return answer.status === 'requires_action' ? joined(asked, 'after the customer') : answer;
    },
  };
}

/** The purchase is there, whatever becomes of this: `customerAction()` says why where it fails. */
async function withSecret(early: CustomerWanted, handle: PaymentHandle): Promise<BuyerAnswer> {
  try {
    const { intentId, clientSecret } = await handle.customerAction();
    return intentId === early.intentId ? { ...early, clientSecret } : early;
  } catch {
    return early;
  }
}

async function ask(
  asked: Asked,
  seen: StartSeen,
  deadline: number,
  deadlineMs: number,
): Promise<EarlyAnswer | { status: 'pending' }> {
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
    return (await closedResult(asked, deadline)) ?? (await asOfNow(asked, early, deadline));
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

/** An answer of long ago that asked for the customer, as it reads now. */
async function asOfNow(
  asked: Asked,
  early: EarlyAnswer,
  deadline: number,
): Promise<EarlyAnswer | { status: 'pending' }> {
  if (early.status !== 'requires_action') return early;
  const { client, workflowId } = asked;
  try {
    return await client.withDeadline(deadline, async () => {
      // A query first: it costs no history, and mostly the customer is still waited for.
      const { stage } = await client.workflow.getHandle(workflowId).query(statusQuery);
      return stage === 'awaiting customer' ? early : await update(asked, 'after the customer');
    });
  } catch (error) {
    if (isDeadline(error)) return { status: 'pending' };
    if (mayBeClosed(error)) return resultOf<PaymentResult>(client, workflowId);
    throw translate(error, workflowId);
  }
}

/** Waits at a purchase: joins its update, or takes the result when it ended meanwhile. */
async function joined(asked: Asked, when: 'early' | 'after the customer'): Promise<EarlyAnswer> {
  const { client, workflowId } = asked;
  try {
    return await update(asked, when);
  } catch (error) {
    if (isRefusedAs(error, failureTypes.keyReused)) throw new IdempotencyConflictError(workflowId);
    if (mayBeClosed(error)) return resultOf<PaymentResult>(client, workflowId);
    throw translate(error, workflowId);
  }
}

function update({ client, workflowId, fingerprint }: Asked, when: 'early' | 'after the customer') {
  const [request, updateId] =
    when === 'early'
      ? [{ fingerprint }, authorizedUpdateId(fingerprint)]
      : [{ fingerprint, afterCustomer: true as const }, afterCustomerUpdateId(fingerprint)];
  return client.workflow.getHandle(workflowId).executeUpdate(authorizedUpdate, { args: [request], updateId });
}
