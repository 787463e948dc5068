/** Stripe's disputes. Adapts shapes and errors; decides nothing, retries nothing. */
import type { Stripe } from 'stripe';
import type { DisputeMovement, ProviderDispute } from '../../../contracts/dispute.ts';
import { asked, createStripeClient, type StripeConfig } from './client.ts';

export interface DisputeProvider {
  retrieve(disputeId: string): Promise<ProviderDispute>;
}

const statuses: Readonly<Record<string, ProviderDispute['status']>> = {
  warning_needs_response: 'warning_needs_response',
  warning_under_review: 'warning_under_review',
  warning_closed: 'warning_closed',
  needs_response: 'needs_response',
  under_review: 'under_review',
  won: 'won',
  lost: 'lost',
  // Stopped before it began: as an inquiry that is closed.
  prevented: 'warning_closed',
  // A second instance, with evidence and a deadline of its own.
  appeal_needs_response: 'needs_response',
  appeal_under_review: 'under_review',
};

/** A status that we do not know is no end: it is looked at again. */
export const disputeStatusOf = (status: string): ProviderDispute['status'] => statuses[status] ?? 'under_review';

const idOf = (object: string | { id: string }) => (typeof object === 'string' ? object : object.id);
const timeOf = (seconds: number) => new Date(seconds * 1_000).toISOString();

const movementOf = ({ id, amount, fee, currency }: Stripe.BalanceTransaction): DisputeMovement => ({
  transactionId: id,
  amount,
  fee,
  currency: currency.toUpperCase(),
});

/** Oldest first, as they have to be booked: what is reinstated was withdrawn before. */
const inOrder = (transactions: readonly Stripe.BalanceTransaction[]) =>
  transactions.toSorted((a, b) => a.created - b.created || a.amount - b.amount);

function disputeOf(dispute: Stripe.Dispute): ProviderDispute {
  const { due_by: due } = dispute.evidence_details;
  return {
    disputeId: dispute.id,
    chargeId: idOf(dispute.charge),
    status: disputeStatusOf(dispute.status),
    amount: dispute.amount,
    currency: dispute.currency.toUpperCase(),
    reason: dispute.reason,
    ...(due === null ? {} : { evidenceDueBy: timeOf(due) }),
    refundable: dispute.is_charge_refundable,
    movements: inOrder(dispute.balance_transactions).map(movementOf),
  };
}

export function createDisputeProvider(config: StripeConfig): DisputeProvider {
  const stripe = createStripeClient(config);
  return {
    // Its balance transactions come with it, without being expanded.
    retrieve: (disputeId) => asked(async () => disputeOf(await stripe.disputes.retrieve(disputeId))),
  };
}
