import type { Stripe } from 'stripe';
import { type StripeErrorBody, StripeFailure } from '../../errors.ts';
import { chargeEvent, intentEvent } from '../../events.ts';
import type { Origin, World } from '../../world.ts';
import { captureCharge, createCharge, type Decline } from '../charges.ts';
import { disputeByCard } from '../disputes/open.ts';

export interface AttemptOptions {
  offSession: boolean;
  /** `error_on_requires_action`: a challenge is a decline. */
  noChallenge: boolean;
  returnUrl: string | null;
}

const challengeUnwanted: Decline = {
  kind: 'decline',
  code: 'authentication_required',
  declineCode: 'authentication_required',
  networkCode: '1A',
  message: 'Your card was declined. This transaction requires authentication.',
};

/** Records a declined attempt on intent and events; the customer may try another payment method. */
export function failIntent(
  world: World,
  origin: Origin,
  intent: Stripe.PaymentIntent,
  error: Stripe.PaymentIntent.LastPaymentError,
): void {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.next_action = null;
  intent.amount_capturable = 0;
  intent.last_payment_error = error;
  intentEvent(world, origin, 'payment_intent.payment_failed', intent);
}

/** The 402 of a decline: what `last_payment_error` says, and the intent. */
export function cardError(
  intent: Stripe.PaymentIntent,
  { charge, decline, method }: { charge: Stripe.Charge; decline: Decline; method: Stripe.PaymentMethod },
): { lastError: Stripe.PaymentIntent.LastPaymentError; failure: () => StripeFailure } {
  const body: StripeErrorBody & { type: 'card_error' } = {
    advice_code: 'try_again_later',
    charge: charge.id,
    code: decline.code,
    decline_code: decline.declineCode,
    message: decline.message,
    network_decline_code: decline.networkCode,
    ...(decline.param === undefined ? {} : { param: decline.param }),
    payment_method: method,
    type: 'card_error',
  };
  return {
    lastError: { ...body, doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}` },
    failure: () => new StripeFailure(402, { ...body, payment_intent: structuredClone(intent) }),
  };
}

function refuse(
  world: World,
  origin: Origin,
  intent: Stripe.PaymentIntent,
  { method, decline }: { method: Stripe.PaymentMethod; decline: Decline },
): never {
  const charge = createCharge(world, { intent, method, decline, captureBefore: null });
  intent.latest_charge = charge.id;
  const { lastError, failure } = cardError(intent, { charge, decline, method });
  chargeEvent(world, origin, 'charge.failed', charge);
  failIntent(world, origin, intent, lastError);
  throw failure();
}

function challenge(intent: Stripe.PaymentIntent, returnUrl: string | null): Stripe.PaymentIntent.NextAction {
  const url = `https://hooks.stripe.com/redirect/authenticate/${intent.id}?client_secret=${intent.client_secret}`;
  return returnUrl === null
    ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
    : { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } };
}

/** The bank said yes: the money is captured at once, or held until it is captured, canceled or expires. */
export function approve(
  world: World,
  origin: Origin,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): void {
  const manual = intent.capture_method === 'manual';
  const captureBefore = manual ? world.clock.seconds() + world.authorizationSeconds : null;
  const charge = createCharge(world, { intent, method, decline: null, captureBefore });
  intent.latest_charge = charge.id;
  intent.last_payment_error = null;
  intent.next_action = null;
  if (captureBefore === null) {
    captureCharge(world, charge, intent.amount);
    intent.status = 'succeeded';
    intent.amount_received = intent.amount;
  } else {
    world.authorizations.set(intent.id, captureBefore);
    intent.status = 'requires_capture';
    intent.amount_capturable = intent.amount;
  }
  chargeEvent(world, origin, 'charge.succeeded', charge);
  intentEvent(world, origin, manual ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', intent);
  if (!manual) disputeByCard(world, charge);
}

/** Charges the payment method of a confirmed intent. Throws the 402 of a decline, after it was recorded. */
export function attempt(
  world: World,
  origin: Origin,
  { intent, method }: { intent: Stripe.PaymentIntent; method: Stripe.PaymentMethod },
  { offSession, noChallenge, returnUrl }: AttemptOptions,
): void {
  const behavior = world.behaviors.get(method.id) ?? { kind: 'approve' };
  intent.payment_method = method.id;
  if (behavior.kind === 'decline') refuse(world, origin, intent, { method, decline: behavior });
  if (behavior.kind !== 'authenticate') return approve(world, origin, intent, method);
  if (offSession || noChallenge) refuse(world, origin, intent, { method, decline: challengeUnwanted });
  intent.status = 'requires_action';
  intent.last_payment_error = null;
  intent.next_action = challenge(intent, returnUrl);
  return intentEvent(world, origin, 'payment_intent.requires_action', intent);
}
