import type { Stripe } from 'stripe';
import { disputeEvent } from '../../events.ts';
import { idOf } from '../../store.ts';
import { availableWith, record } from '../../transactions.ts';
import type { Origin, World } from '../../world.ts';

/** What a dispute costs, in minor units of any currency. */
export const disputeFee = 1500;

function chargeOf(world: World, dispute: Stripe.Dispute): Stripe.Charge {
  const charge = world.store.charges.get(idOf(dispute.charge) ?? '');
  if (!charge) throw new Error(`dispute ${dispute.id} has no charge`);
  return charge;
}

/** The bank takes the disputed amount, Stripe its fee. No refund is possible from here on. */
export function withdrawFunds(world: World, origin: Origin, dispute: Stripe.Dispute): void {
  const charge = chargeOf(world, dispute);
  dispute.is_charge_refundable = false;
  const taken = record(world, {
    type: 'adjustment',
    reportingCategory: 'dispute',
    amount: -dispute.amount,
    fee: { amount: disputeFee, description: 'Dispute fee' },
    currency: dispute.currency,
    source: dispute.id,
    description: `Chargeback withdrawal for ${charge.id}`,
    availableOn: availableWith(world, charge),
  });
  dispute.balance_transactions = [...dispute.balance_transactions, taken];
  disputeEvent(world, origin, 'charge.dispute.funds_withdrawn', dispute);
}

/** The disputed amount comes back; the fee only where it is returned. */
export function reinstateFunds(world: World, origin: Origin, dispute: Stripe.Dispute, feeReturned: boolean): void {
  const charge = chargeOf(world, dispute);
  dispute.is_charge_refundable = true;
  const returned = record(world, {
    type: 'adjustment',
    reportingCategory: 'dispute_reversal',
    amount: dispute.amount,
    ...(feeReturned ? { fee: { amount: -disputeFee, description: 'Dispute fee refund' } } : {}),
    currency: dispute.currency,
    source: dispute.id,
    description: `Chargeback reversal for ${charge.id}`,
    availableOn: availableWith(world, charge),
  });
  dispute.balance_transactions = [...dispute.balance_transactions, returned];
  disputeEvent(world, origin, 'charge.dispute.funds_reinstated', dispute);
}
