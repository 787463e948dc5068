import type { Stripe } from 'stripe';
import { checkPrecision, money } from '../../currencies.ts';
import { invalidRequest, missingResource } from '../../errors.ts';
import { chargeEvent, refundEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { mergeMetadata } from '../../metadata.ts';
import { integer, metadata, type Named, notSimulated, oneOf, type Params, text } from '../../params.ts';
import { type RefundCourse, takePlan } from '../../plans.ts';
import { idOf } from '../../store.ts';
import { availableWith, record } from '../../transactions.ts';
import type { Call, World } from '../../world.ts';
import { closeRefundedInquiry, requireRefundable } from '../disputes/refunding.ts';
import { settleRefund } from './settle.ts';

export const createParams = {
  amount: integer({ min: 1 }),
  charge: text(),
  currency: notSimulated,
  customer: notSimulated,
  instructions_email: notSimulated,
  metadata,
  origin: notSimulated,
  payment_intent: text(),
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
  refund_application_fee: notSimulated,
  reverse_transfer: notSimulated,
} satisfies Named<Stripe.RefundCreateParams>;

type Input = Params<typeof createParams>;

export function checkCreation({ charge, payment_intent }: Input): void {
  if (charge !== undefined || payment_intent !== undefined) return;
  throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.');
}

function chargeOf({ store }: World, { charge, payment_intent }: Input): Stripe.Charge {
  const intent = payment_intent === undefined ? undefined : store.payment_intents.get(payment_intent);
  if (payment_intent !== undefined && !intent) {
    throw missingResource('payment_intent', payment_intent, 'payment_intent', 400);
  }
  const id = charge ?? idOf(intent?.latest_charge);
  const found = store.charges.get(id ?? '');
  if (charge !== undefined && !found) throw missingResource('charge', charge, 'charge', 400);
  const owner = idOf(found?.payment_intent) ?? payment_intent;
  if (payment_intent !== undefined && owner !== payment_intent) {
    throw invalidRequest(`Charge ${charge} does not belong to PaymentIntent ${payment_intent}.`, { param: 'charge' });
  }
  if (!found?.captured) {
    throw invalidRequest(`This PaymentIntent (${owner}) does not have a successful charge to refund.`);
  }
  return found;
}

/** The amount, or what is left. Throws the 400 where nothing is left, or less. */
function amountOf(charge: Stripe.Charge, wanted: number | undefined): number {
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  const amount = wanted ?? left;
  if (amount > left) {
    const [asked, rest] = [money(amount, charge.currency), money(left, charge.currency)];
    throw invalidRequest(`Refund amount (${asked}) is greater than unrefunded amount on charge (${rest})`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
  checkPrecision(amount, charge.currency);
  return amount;
}

/** As ordered by the control route, or as the card does. */
function courseOf(world: World, account: string, charge: Stripe.Charge): RefundCourse {
  const behavior = world.behaviors.get(idOf(charge.payment_method) ?? '');
  const ofCard = behavior?.kind === 'approve' ? behavior.refund : undefined;
  return takePlan(world.plans.refunds, account) ?? ofCard ?? { status: 'succeeded' };
}

function build(charge: Stripe.Charge, { amount, input, created }: { amount: number; input: Input; created: number }) {
  return {
    id: newId('re'),
    object: 'refund' as const,
    amount,
    balance_transaction: null,
    charge: charge.id,
    created,
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: mergeMetadata({}, input.metadata),
    payment_intent: charge.payment_intent,
    payment_method: idOf(charge.payment_method),
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    transfer_reversal: null,
  };
}

/** Takes the money from the balance at once, whatever becomes of the refund; the fee of the charge is not returned. */
export function createRefund({ world, origin, account }: Call, input: Input): Stripe.Refund {
  const charge = chargeOf(world, input);
  requireRefundable(world, charge);
  const amount = amountOf(charge, input.amount);
  const course = courseOf(world, account, charge);
  const created = world.clock.seconds();
  const refund: Stripe.Refund = {
    ...build(charge, { amount, input, created }),
    status: course.status,
    ...(course.status === 'pending' ? { pending_reason: 'processing' } : {}),
  };
  refund.balance_transaction = record(world, {
    type: 'refund',
    reportingCategory: 'refund',
    amount: -amount,
    currency: charge.currency,
    source: refund.id,
    description: `REFUND FOR CHARGE (${charge.id})`,
    availableOn: availableWith(world, charge),
  }).id;
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount_captured;
  world.store.refunds.add(refund);
  refundEvent(world, origin, 'refund.created', refund);
  chargeEvent(world, origin, 'charge.refunded', charge);
  closeRefundedInquiry(world, origin, charge);
  const { settle } = course;
  if (settle) world.agenda.add(created + world.refundSeconds, () => settleRefund(world, refund, { outcome: settle }));
  return refund;
}
