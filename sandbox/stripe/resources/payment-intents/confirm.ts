import type { Stripe } from 'stripe';
import { intentEvent } from '../../events.ts';
import { newClientSecret, newId } from '../../ids.ts';
import type { Params } from '../../params.ts';
import { idOf } from '../../store.ts';
import type { Call, World } from '../../world.ts';
import { resolvePaymentMethod } from '../payment-methods.ts';
import { attempt } from './attempt.ts';
import { type confirmParams, type createParams, redirectNeedsReturnUrl } from './params.ts';
import { mergeMetadata } from '../../metadata.ts';
import { intentOf, requireConfirmable, unexpectedState } from './state.ts';

type CreateInput = Params<typeof createParams>;
type ConfirmInput = Params<typeof confirmParams>;

function automaticMethods(input: CreateInput): Stripe.PaymentIntent.AutomaticPaymentMethods | null {
  if (input.allowed_payment_method_types !== undefined) return null;
  const { enabled, allow_redirects } = input.automatic_payment_methods ?? { enabled: true };
  return enabled ? { allow_redirects: allow_redirects ?? 'always', enabled } : null;
}

function build(world: World, input: CreateInput): Stripe.PaymentIntent {
  const id = newId('pi');
  const card = input.payment_method_options?.card;
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: input.allowed_payment_method_types ?? null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: automaticMethods(input),
    canceled_at: null,
    cancellation_reason: null,
    capture_method: card?.capture_method ?? input.capture_method ?? 'automatic_async',
    client_secret: newClientSecret(id),
    confirmation_method: input.confirmation_method ?? 'automatic',
    created: world.clock.seconds(),
    currency: input.currency,
    customer: null,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata({}, input.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: card?.request_three_d_secure ?? 'automatic',
      },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: input.receipt_email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: input.statement_descriptor ?? null,
    statement_descriptor_suffix: input.statement_descriptor_suffix ?? null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: input.transfer_group ?? null,
  };
}

function confirm({ world, origin }: Call, intent: Stripe.PaymentIntent, input: ConfirmInput): void {
  const reference = input.payment_method ?? idOf(intent.payment_method);
  if (reference === null) {
    throw unexpectedState(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      intent,
    );
  }
  const method = resolvePaymentMethod(world, reference);
  if (input.receipt_email !== undefined) intent.receipt_email = input.receipt_email;
  attempt(
    world,
    origin,
    { intent, method },
    {
      offSession: input.off_session === true,
      noChallenge: input.error_on_requires_action === true,
      returnUrl: input.return_url ?? null,
    },
  );
}

export function createIntent(call: Call, input: CreateInput): Stripe.PaymentIntent {
  const { world, origin } = call;
  const method = input.payment_method === undefined ? null : resolvePaymentMethod(world, input.payment_method);
  const intent = build(world, input);
  if (method) {
    intent.payment_method = method.id;
    intent.status = 'requires_confirmation';
  }
  world.store.payment_intents.add(intent);
  intentEvent(world, origin, 'payment_intent.created', intent);
  if (input.confirm === true) {
    confirm(call, intent, { ...input, ...(method ? { payment_method: method.id } : {}) });
  }
  return intent;
}

export function confirmIntent(call: Call, input: ConfirmInput): Stripe.PaymentIntent {
  const intent = intentOf(call);
  requireConfirmable(intent);
  const redirects = intent.automatic_payment_methods?.allow_redirects === 'always';
  if (redirects && input.return_url === undefined) throw redirectNeedsReturnUrl();
  confirm(call, intent, input);
  return intent;
}
