/** Events of Stripe that start a workflow of ours: which one they mean. What they say beyond that is looked up by it. */
import type { DisputeRequest, RefundReturnRequest } from '../contracts/dispute.ts';
import { idPartPattern, parseWorkflowId } from '../contracts/ids.ts';
import type { ApiStore, StripeEvent } from './deps.ts';

const idPart = new RegExp(idPartPattern);
const disputeEvents = new Set([
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
]);
const failures: ReadonlySet<unknown> = new Set(['failed', 'canceled']);

interface StripeObject {
  id?: unknown;
  charge?: unknown;
  payment_intent?: unknown;
  status?: unknown;
}

function idOf(object: unknown): string | undefined {
  if (typeof object === 'string') return object;
  const id = typeof object === 'object' && object !== null && 'id' in object ? object.id : undefined;
  return typeof id === 'string' ? id : undefined;
}

export const isAboutDispute = ({ type }: StripeEvent): boolean => disputeEvents.has(type);

/** The dispute of a payment of ours. Undefined for a charge that we do not know. */
export async function disputeOf(
  store: Pick<ApiStore, 'disputes'>,
  event: StripeEvent,
): Promise<DisputeRequest | undefined> {
  const { id, charge, payment_intent: intent }: StripeObject = event.data.object;
  const chargeId = idOf(charge);
  if (!isAboutDispute(event) || typeof id !== 'string' || !idPart.test(id) || chargeId === undefined) return undefined;
  const payment = await store.disputes.paymentOf({ chargeId, intentId: idOf(intent) });
  return payment && { disputeId: id, ...payment };
}

/**
 * A refund that our books call done, and that the provider calls failed. One that is still at the provider is its own
 * workflow's matter; an event that speaks of no failure costs no workflow.
 */
export async function refundReturnOf(
  store: Pick<ApiStore, 'refunds'>,
  event: StripeEvent,
  refundWorkflowId: string,
): Promise<RefundReturnRequest | undefined> {
  const { id, status }: StripeObject = event.data.object;
  const refund = parseWorkflowId(refundWorkflowId);
  if (!refund || typeof id !== 'string' || !(event.type === 'refund.failed' || failures.has(status))) return undefined;
  const { tenantId, key: refundId } = refund;
  const record = await store.refunds.get(tenantId, refundId);
  const done = record?.status === 'completed' || record?.status === 'refunded';
  return done ? { tenantId, refundId, providerRefundId: id } : undefined;
}
