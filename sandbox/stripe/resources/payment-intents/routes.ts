import type { Stripe } from 'stripe';
import { checkAmount } from '../../currencies.ts';
import { listOf, one } from '../../expand.ts';
import { listPage, listParams } from '../../lists.ts';
import type { Params } from '../../params.ts';
import { text } from '../../params.ts';
import { route } from '../../route.ts';
import { idOf } from '../../store.ts';
import type { Call } from '../../world.ts';
import { resolvePaymentMethod } from '../payment-methods.ts';
import { confirmIntent, createIntent } from './confirm.ts';
import { cancelParams, captureParams, checkCreation, confirmParams, createParams, updateParams } from './params.ts';
import { cancelIntent, captureIntent } from './settle.ts';
import { mergeMetadata } from '../../metadata.ts';
import { intentOf, requireUpdatable } from './state.ts';

function updateIntent(call: Call, input: Params<typeof updateParams>): Stripe.PaymentIntent {
  const intent = intentOf(call);
  for (const field of ['amount', 'currency', 'payment_method'] as const) {
    if (input[field] !== undefined) requireUpdatable(intent, field);
  }
  const { amount = intent.amount, currency = intent.currency } = input;
  checkAmount(amount, currency);
  intent.amount = amount;
  intent.currency = currency;
  intent.metadata = mergeMetadata(intent.metadata, input.metadata);
  intent.description = input.description ?? intent.description;
  intent.receipt_email = input.receipt_email ?? intent.receipt_email;
  intent.statement_descriptor = input.statement_descriptor ?? intent.statement_descriptor;
  intent.statement_descriptor_suffix = input.statement_descriptor_suffix ?? intent.statement_descriptor_suffix;
  intent.transfer_group = input.transfer_group ?? intent.transfer_group;
  if (input.payment_method !== undefined) {
    intent.payment_method = resolvePaymentMethod(call.world, input.payment_method).id;
    intent.status = 'requires_confirmation';
  }
  return intent;
}

export const paymentIntentRoutes = [
  route('POST', '/v1/payment_intents', one('payment_intent'), createParams, createIntent, checkCreation),
  route(
    'GET',
    '/v1/payment_intents',
    listOf('payment_intent'),
    { ...listParams, customer: text() },
    (call, { customer, ...page }): Stripe.ApiList<Stripe.PaymentIntent> =>
      listPage(
        call,
        call.world.store.payment_intents,
        page,
        (intent) => customer === undefined || idOf(intent.customer) === customer,
      ),
  ),
  route('GET', '/v1/payment_intents/:id', one('payment_intent'), { client_secret: text() }, intentOf),
  route('POST', '/v1/payment_intents/:id', one('payment_intent'), updateParams, updateIntent),
  route('POST', '/v1/payment_intents/:id/confirm', one('payment_intent'), confirmParams, confirmIntent),
  route('POST', '/v1/payment_intents/:id/capture', one('payment_intent'), captureParams, captureIntent),
  route('POST', '/v1/payment_intents/:id/cancel', one('payment_intent'), cancelParams, cancelIntent),
];
