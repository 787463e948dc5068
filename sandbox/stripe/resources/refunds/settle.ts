import type { Stripe } from 'stripe';
import { refundEvent } from '../../events.ts';
import { idOf } from '../../store.ts';
import { record } from '../../transactions.ts';
import { nobody, type Origin, type World } from '../../world.ts';

export const failureReasons = [
  'charge_for_pending_refund_disputed',
  'declined',
  'expired_or_canceled_card',
  'insufficient_funds',
  'lost_or_stolen_card',
  'merchant_request',
  'unknown',
] as const;
export type FailureReason = (typeof failureReasons)[number];

export interface Settlement {
  outcome: 'succeed' | 'fail' | 'cancel';
  failureReason?: FailureReason;
  origin?: Origin;
}

/** Where each outcome can come from: a refund that succeeded may still fail, weeks later. */
const from: Record<Settlement['outcome'], readonly string[]> = {
  succeed: ['pending', 'requires_action'],
  fail: ['pending', 'requires_action', 'succeeded'],
  cancel: ['requires_action'],
};

/** The money is back in the balance, and can be refunded once more. */
function giveBack(world: World, refund: Stripe.Refund, status: 'failed' | 'canceled'): void {
  const taken = world.store.balance_transactions.get(idOf(refund.balance_transaction) ?? '');
  refund.status = status;
  refund.failure_balance_transaction = record(world, {
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    amount: refund.amount,
    currency: refund.currency,
    source: refund.id,
    description: `REFUND FAILURE (${refund.id})`,
    availableOn: Math.max(world.clock.seconds(), taken?.available_on ?? 0),
  }).id;
  const charge = world.store.charges.get(idOf(refund.charge) ?? '');
  if (!charge) throw new Error(`refund ${refund.id} has no charge`);
  charge.amount_refunded -= refund.amount;
  charge.refunded = false;
}

/** Ends a refund; returns false where it cannot end like that any more. */
export function settleRefund(
  world: World,
  refund: Stripe.Refund,
  { outcome, failureReason = 'expired_or_canceled_card', origin = nobody }: Settlement,
): boolean {
  if (!from[outcome].some((status) => status === refund.status)) return false;
  delete refund.pending_reason;
  if (outcome === 'succeed') refund.status = 'succeeded';
  if (outcome === 'cancel') giveBack(world, refund, 'canceled');
  if (outcome === 'fail') {
    refund.failure_reason = failureReason;
    giveBack(world, refund, 'failed');
  }
  refundEvent(world, origin, 'refund.updated', refund);
  if (outcome === 'fail') refundEvent(world, origin, 'refund.failed', refund);
  return true;
}
