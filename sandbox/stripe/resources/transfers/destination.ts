import type { Stripe } from 'stripe';
import { newId } from '../../ids.ts';
import { record } from '../../transactions.ts';
import type { Books } from '../../world.ts';

function payment(books: Books, transfer: Stripe.Transfer): Stripe.Charge {
  return {
    id: newId('py'),
    object: 'charge',
    amount: transfer.amount,
    amount_captured: transfer.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: null,
    captured: true,
    created: books.clock.seconds(),
    currency: transfer.currency,
    customer: null,
    description: transfer.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: true,
    payment_intent: null,
    payment_method: null,
    payment_method_details: { stripe_account: {}, type: 'stripe_account' },
    radar_options: {},
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: transfer.id,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_data: null,
    transfer_group: transfer.transfer_group,
  };
}

/** The transfer as its destination sees it: a payment. `availableOn` in epoch seconds. */
export function receive(books: Books, transfer: Stripe.Transfer, availableOn: number): Stripe.Charge {
  const received = payment(books, transfer);
  received.balance_transaction = record(books, {
    type: 'payment',
    reportingCategory: 'charge',
    amount: transfer.amount,
    currency: transfer.currency,
    source: received.id,
    description: transfer.description,
    availableOn,
  }).id;
  return books.store.charges.add(received);
}

/** A reversal as the destination sees it: its payment is refunded. */
export function giveBack(books: Books, payment: Stripe.Charge, amount: number): Stripe.Refund {
  const refund: Stripe.Refund = {
    id: newId('pyr'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: payment.id,
    created: books.clock.seconds(),
    currency: payment.currency,
    customer: null,
    customer_account: null,
    metadata: {},
    payment_intent: null,
    payment_method: null,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  refund.balance_transaction = record(books, {
    type: 'payment_refund',
    reportingCategory: 'refund',
    amount: -amount,
    currency: payment.currency,
    source: refund.id,
    description: `REFUND FOR PAYMENT (${payment.id})`,
  }).id;
  payment.amount_refunded += amount;
  payment.refunded = payment.amount_refunded === payment.amount;
  return books.store.refunds.add(refund);
}
