import type { Stripe } from 'stripe';
import { invalidRequest, missingResource, type StripeFailure } from '../../errors.ts';
import { idOf } from '../../store.ts';
import type { Call, World } from '../../world.ts';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'requires_capture'
  | 'canceled'
  | 'succeeded';

/** The intent of the address. Throws the 404. */
export function intentOf({ world, id }: Call): Stripe.PaymentIntent {
  const intent = world.store.payment_intents.get(id);
  if (!intent) throw missingResource('payment_intent', id, 'intent', 404);
  return intent;
}

export function latestCharge(world: World, intent: Stripe.PaymentIntent): Stripe.Charge | undefined {
  const id = idOf(intent.latest_charge);
  return id === null ? undefined : world.store.charges.get(id);
}

/** 400 with the intent as it is, so that the caller sees what became of it. */
export function unexpectedState(message: string, intent: Stripe.PaymentIntent): StripeFailure {
  return invalidRequest(message, {
    code: 'payment_intent_unexpected_state',
    payment_intent: structuredClone(intent),
  });
}

const has = (intent: Stripe.PaymentIntent, statuses: readonly IntentStatus[]): boolean =>
  statuses.some((status) => status === intent.status);

export function requireCapturable(intent: Stripe.PaymentIntent): void {
  if (intent.status === 'requires_capture') return;
  throw unexpectedState(
    intent.status === 'succeeded'
      ? 'This PaymentIntent could not be captured because it has already been captured.'
      : `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    intent,
  );
}

export function requireCancelable(intent: Stripe.PaymentIntent): void {
  const statuses = [
    'requires_payment_method',
    'requires_capture',
    'requires_confirmation',
    'requires_action',
  ] as const satisfies IntentStatus[];
  if (has(intent, statuses)) return;
  throw unexpectedState(
    `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${statuses.join(', ')}, processing.`,
    intent,
  );
}

const open = ['requires_payment_method', 'requires_confirmation', 'requires_action'] as const satisfies IntentStatus[];

export function requireConfirmable(intent: Stripe.PaymentIntent): void {
  if (has(intent, open)) return;
  throw unexpectedState(
    intent.status === 'succeeded'
      ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
      : `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: ${open.join(', ')}.`,
    intent,
  );
}

export function requireUpdatable(intent: Stripe.PaymentIntent, field: string): void {
  if (has(intent, open)) return;
  throw unexpectedState(
    `This PaymentIntent's ${field} could not be updated because it has a status of ${intent.status}. You may only update the ${field} of a PaymentIntent with one of the following statuses: ${open.join(', ')}.`,
    intent,
  );
}
