import type { Stripe } from 'stripe';
import { invalidRequest } from '../../errors.ts';
import { disputeEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { idOf } from '../../store.ts';
import { nobody, type World } from '../../world.ts';
import { settleRefund } from '../refunds/settle.ts';
import { awaitResponse, responseSeconds } from './decide.ts';
import { noEvidence } from './evidence.ts';
import { withdrawFunds } from './funds.ts';

export interface DisputeOpening {
  charge: Stripe.Charge;
  /** What was captured and not refunded, unless given. */
  amount?: number;
  reason: string;
  status: 'needs_response' | 'warning_needs_response';
  /** Until evidence is due. */
  dueInSeconds?: number;
}

/** Visa's codes; a reason without one has none. */
const networkCodes: Record<string, string> = {
  credit_not_processed: '13.6',
  duplicate: '12.6.1',
  fraudulent: '10.4',
  product_not_received: '13.1',
  product_unacceptable: '13.3',
  subscription_canceled: '13.2',
};

const closed = new Set<string>(['won', 'lost', 'warning_closed']);

/** Throws the 400 of a charge that cannot be disputed, or not by so much. */
function requireDisputable({ store }: World, { charge, amount }: DisputeOpening): void {
  if (!charge.captured)
    throw invalidRequest(`Charge ${charge.id} is not captured; only captured charges are disputed.`);
  const open = store.disputes.all().find((own) => idOf(own.charge) === charge.id && !closed.has(own.status));
  if (open) throw invalidRequest(`Charge ${charge.id} is disputed already by ${open.id}, which is ${open.status}.`);
  const most = charge.amount_captured;
  if (amount !== undefined && amount >= 1 && amount <= most) return;
  if (amount === undefined && !charge.refunded) return;
  throw invalidRequest(`A dispute of ${amount ?? 0} does not fit charge ${charge.id}: wanted is 1 to ${most}.`);
}

function build(world: World, opening: DisputeOpening): Stripe.Dispute {
  const { charge, reason, status } = opening;
  const brand = charge.payment_method_details?.card?.brand ?? 'visa';
  const code = networkCodes[reason] ?? null;
  return {
    id: newId('dp'),
    object: 'dispute',
    amount: opening.amount ?? charge.amount_captured - charge.amount_refunded,
    balance_transactions: [],
    charge: charge.id,
    created: world.clock.seconds(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(),
    evidence_details: {
      due_by: null,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: true,
    livemode: false,
    metadata: {},
    network_reason_code: code,
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand,
        case_type: status === 'needs_response' ? 'chargeback' : 'inquiry',
        network: brand,
        network_reason_code: code,
      },
      type: 'card',
    },
    reason,
    status,
  };
}

/** Refunds under way fail: the bank has given the money back itself. */
function failPendingRefunds(world: World, charge: Stripe.Charge): void {
  for (const refund of world.store.refunds.all()) {
    if (idOf(refund.charge) !== charge.id || refund.status === 'succeeded') continue;
    settleRefund(world, refund, { outcome: 'fail', failureReason: 'charge_for_pending_refund_disputed' });
  }
}

/** A cardholder asks, or takes the money back. Throws a 400 where the charge cannot be disputed. */
export function openDispute(world: World, opening: DisputeOpening): Stripe.Dispute {
  requireDisputable(world, opening);
  const withdraws = opening.status === 'needs_response';
  if (withdraws) failPendingRefunds(world, opening.charge);
  const dispute = world.store.disputes.add(build(world, opening));
  opening.charge.disputed = true;
  awaitResponse(world, dispute, opening.dueInSeconds ?? responseSeconds);
  disputeEvent(world, nobody, 'charge.dispute.created', dispute);
  if (withdraws) withdrawFunds(world, nobody, dispute);
  return dispute;
}

/** The test cards whose charges are disputed as soon as they are captured. */
export function disputeByCard(world: World, charge: Stripe.Charge): void {
  const behavior = world.behaviors.get(idOf(charge.payment_method) ?? '');
  if (behavior?.kind === 'approve' && behavior.dispute) openDispute(world, { charge, ...behavior.dispute });
}
