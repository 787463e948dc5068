import { Stripe } from 'stripe';
import { newId } from './ids.ts';
import type { Origin, World } from './world.ts';

export type IntentEvent =
  | 'payment_intent.created'
  | 'payment_intent.requires_action'
  | 'payment_intent.amount_capturable_updated'
  | 'payment_intent.succeeded'
  | 'payment_intent.payment_failed'
  | 'payment_intent.canceled';

export type ChargeEvent =
  'charge.succeeded' | 'charge.captured' | 'charge.failed' | 'charge.expired' | 'charge.refunded';

function common(world: World, type: string, origin: Origin) {
  return {
    id: newId('evt'),
    object: 'event' as const,
    api_version: Stripe.API_VERSION,
    created: world.clock.seconds(),
    livemode: false,
    pending_webhooks: world.webhooks.subscribers(type),
    request: { id: origin.id, idempotency_key: origin.idempotencyKey },
  };
}

function publish(world: World, event: Stripe.Event): void {
  world.store.events.add(event);
  world.webhooks.deliver(event);
}

/** Records an event with the object as it is now, and sends it to the endpoints. */
export function intentEvent(world: World, origin: Origin, type: IntentEvent, intent: Stripe.PaymentIntent): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(intent) } });
}

export function chargeEvent(world: World, origin: Origin, type: ChargeEvent, charge: Stripe.Charge): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(charge) } });
}
