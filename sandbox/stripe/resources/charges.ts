import type { Stripe } from 'stripe';
import type { CardBehavior } from '../cards.ts';
import { missingResource } from '../errors.ts';
import { newId } from '../ids.ts';
import { listOf, one } from '../expand.ts';
import { listPage, listParams } from '../lists.ts';
import { text } from '../params.ts';
import { route } from '../route.ts';
import { idOf } from '../store.ts';
import type { World } from '../world.ts';
import { recordCapture } from '../transactions.ts';

export type Decline = Extract<CardBehavior, { kind: 'decline' }>;

function outcomeOf(decline: Decline | null): Stripe.Charge.Outcome {
  return {
    advice_code: decline ? 'try_again_later' : null,
    network_advice_code: null,
    network_decline_code: decline?.networkCode ?? null,
    network_status: decline ? 'declined_by_network' : 'approved_by_network',
    reason: decline?.declineCode ?? null,
    risk_level: 'normal',
    risk_score: 12,
    seller_message: decline ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
    type: decline ? 'issuer_declined' : 'authorized',
  };
}

function cardDetails(
  card: Stripe.PaymentMethod.Card,
  { amount, captureBefore }: { amount: number; captureBefore: number | null },
): Stripe.Charge.PaymentMethodDetails.Card {
  return {
    amount_authorized: amount,
    authorization_code: null,
    brand: card.brand,
    ...(captureBefore === null ? {} : { capture_before: captureBefore }),
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    extended_authorization: { status: 'disabled' },
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: amount, status: 'unavailable' },
    regulated_status: card.regulated_status,
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}

export interface ChargeInput {
  intent: Stripe.PaymentIntent;
  method: Stripe.PaymentMethod;
  decline: Decline | null;
  /** Epoch seconds at which an uncaptured authorization ends; null where it is captured at once. */
  captureBefore: number | null;
}

/** A charge as authorized or declined; nothing of it is captured yet. */
export function createCharge(world: World, { intent, method, decline, captureBefore }: ChargeInput): Stripe.Charge {
  const { card } = method;
  return world.store.charges.add({
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'BOXOFFICE SIMULATOR',
    captured: false,
    created: world.clock.seconds(),
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(decline),
    paid: decline === null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: card
      ? { card: cardDetails(card, { amount: intent.amount, captureBefore }), type: 'card' }
      : null,
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: decline ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: intent.transfer_group,
  });
}

/** Takes the money of an authorized charge. */
export function captureCharge(world: World, charge: Stripe.Charge, amount: number): void {
  charge.captured = true;
  charge.amount_captured = amount;
  charge.balance_transaction = recordCapture(world, charge).id;
}

/** Gives an authorization back: Stripe shows it as refunded without ever having been captured. */
export function releaseCharge(charge: Stripe.Charge): void {
  charge.amount_refunded = charge.amount;
  charge.refunded = true;
}

/** The capture of an authorized charge was refused by the bank. */
export function failCharge(charge: Stripe.Charge, decline: Decline): void {
  charge.status = 'failed';
  charge.paid = false;
  charge.failure_code = decline.code;
  charge.failure_message = decline.message;
  charge.outcome = outcomeOf(decline);
}

export const chargeRoutes = [
  route('GET', '/v1/charges/:id', one('charge'), {}, ({ books, id }): Stripe.Charge => {
    const found = books.store.charges.get(id);
    if (!found) throw missingResource('charge', id, 'id', 404);
    return found;
  }),
  route(
    'GET',
    '/v1/charges',
    listOf('charge'),
    { ...listParams, payment_intent: text(), transfer_group: text() },
    (call, { payment_intent, transfer_group, ...page }): Stripe.ApiList<Stripe.Charge> =>
      listPage(
        call,
        call.books.store.charges,
        page,
        (charge) =>
          (payment_intent === undefined || idOf(charge.payment_intent) === payment_intent) &&
          (transfer_group === undefined || charge.transfer_group === transfer_group),
      ),
  ),
];
