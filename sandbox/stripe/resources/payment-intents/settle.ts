import type { Stripe } from 'stripe';
import { captureDecline } from '../../cards.ts';
import { invalidRequest } from '../../errors.ts';
import { chargeEvent, intentEvent } from '../../events.ts';
import type { Params } from '../../params.ts';
import { idOf } from '../../store.ts';
import { type Call, nobody, type Origin, type World } from '../../world.ts';
import { captureCharge, failCharge, releaseCharge } from '../charges.ts';
import { disputeByCard } from '../disputes/open.ts';
import { approve, cardError, failIntent } from './attempt.ts';
import type { cancelParams, captureParams } from './params.ts';
import { mergeMetadata } from '../../metadata.ts';
import { intentOf, latestCharge, requireCancelable, requireCapturable } from './state.ts';

function methodOf(world: World, intent: Stripe.PaymentIntent): Stripe.PaymentMethod {
  const method = world.store.payment_methods.get(idOf(intent.payment_method) ?? '');
  if (!method) throw new Error(`intent ${intent.id} has no payment method`);
  return method;
}

function chargeOf(world: World, intent: Stripe.PaymentIntent): Stripe.Charge {
  const charge = latestCharge(world, intent);
  if (!charge) throw new Error(`intent ${intent.id} has no charge`);
  return charge;
}

/** A capture that the bank refuses: nothing is held any more, and the intent wants another payment method. */
function refuseCapture({ world, origin }: Call, intent: Stripe.PaymentIntent, charge: Stripe.Charge): never {
  const method = methodOf(world, intent);
  const { lastError, failure } = cardError(intent, { charge, decline: captureDecline, method });
  failCharge(charge, captureDecline);
  world.authorizations.delete(intent.id);
  chargeEvent(world, origin, 'charge.failed', charge);
  failIntent(world, origin, intent, lastError);
  throw failure();
}

export function captureIntent(call: Call, input: Params<typeof captureParams>): Stripe.PaymentIntent {
  const { world, origin } = call;
  const intent = intentOf(call);
  requireCapturable(intent);
  const amount = input.amount_to_capture ?? intent.amount_capturable;
  if (amount > intent.amount_capturable) {
    throw invalidRequest(
      `The requested capture amount is greater than the amount you can capture for this PaymentIntent (${intent.amount_capturable}).`,
      { code: 'amount_too_large', param: 'amount_to_capture' },
    );
  }
  const charge = chargeOf(world, intent);
  const behavior = world.behaviors.get(methodOf(world, intent).id);
  if (behavior?.kind === 'approve_then_fail_capture') refuseCapture(call, intent, charge);
  intent.metadata = mergeMetadata(intent.metadata, input.metadata);
  captureCharge(world, charge, amount);
  world.authorizations.delete(intent.id);
  intent.status = 'succeeded';
  intent.amount_capturable = 0;
  intent.amount_received = amount;
  chargeEvent(world, origin, 'charge.captured', charge);
  intentEvent(world, origin, 'payment_intent.succeeded', intent);
  disputeByCard(world, charge);
  return intent;
}

function close(
  world: World,
  origin: Origin,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): void {
  const charge = intent.status === 'requires_capture' ? chargeOf(world, intent) : undefined;
  world.authorizations.delete(intent.id);
  intent.status = 'canceled';
  intent.canceled_at = world.clock.seconds();
  intent.cancellation_reason = reason;
  intent.amount_capturable = 0;
  intent.next_action = null;
  if (charge) {
    releaseCharge(charge);
    chargeEvent(world, origin, reason === 'automatic' ? 'charge.expired' : 'charge.refunded', charge);
  }
  intentEvent(world, origin, 'payment_intent.canceled', intent);
}

export function cancelIntent(call: Call, input: Params<typeof cancelParams>): Stripe.PaymentIntent {
  const intent = intentOf(call);
  requireCancelable(intent);
  close(call.world, call.origin, intent, input.cancellation_reason ?? null);
  return intent;
}

/** Ends the authorizations whose time is over, as Stripe does by itself. */
export function expireAuthorizations(world: World): void {
  const now = world.clock.seconds();
  for (const [id, captureBefore] of world.authorizations) {
    const intent = world.store.payment_intents.get(id);
    if (captureBefore <= now && intent) close(world, nobody, intent, 'automatic');
  }
}

/** What the customer does with a 3-D Secure challenge. Throws a 400 unless the intent waits for one. */
export function authenticate(world: World, id: string, outcome: 'succeed' | 'fail'): Stripe.PaymentIntent {
  const intent = world.store.payment_intents.get(id);
  if (intent?.status !== 'requires_action') {
    throw invalidRequest(
      `'${id}' is ${intent?.status ?? 'unknown'}; only an intent that requires_action can be authenticated`,
    );
  }
  const method = methodOf(world, intent);
  if (outcome === 'succeed') approve(world, nobody, intent, method);
  else {
    failIntent(world, nobody, intent, {
      code: 'payment_intent_authentication_failure',
      doc_url: 'https://stripe.com/docs/error-codes/payment-intent-authentication-failure',
      message:
        'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
      payment_method: method,
      type: 'invalid_request_error',
    });
  }
  return intent;
}
