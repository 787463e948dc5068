import type { Stripe } from 'stripe';
import { platformAccount } from '../../auth.ts';
import { invalidRequest, missingResource } from '../../errors.ts';
import { payoutEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { mergeMetadata } from '../../metadata.ts';
import {
  currency,
  integer,
  metadata,
  type Named,
  notSimulated,
  oneOf,
  type Params,
  required,
  text,
} from '../../params.ts';
import { takePlan } from '../../plans.ts';
import { availableOf, record } from '../../transactions.ts';
import type { Call } from '../../world.ts';
import { followPayout } from './progress.ts';

export const createParams = {
  amount: required(integer({ min: 1 })),
  currency: required(currency),
  description: text(),
  destination: text(),
  metadata,
  method: oneOf('standard'),
  payout_method: notSimulated,
  source_type: oneOf('card'),
  statement_descriptor: text(22),
} satisfies Named<Stripe.PayoutCreateParams>;

type Input = Params<typeof createParams>;

/** The bank account to pay to. Throws the 400 of an account that cannot be paid, in this currency or at all. */
function destinationOf({ account, books }: Call, { currency, destination }: Input): string {
  const record = books.accounts.get(account)?.record;
  const bank = record?.external_accounts?.data[0];
  if (!record || !bank) throw new Error(`account ${account} has no bank account`);
  if (!record.payouts_enabled) {
    throw invalidRequest(
      "Payouts have been disabled on the connected account. Check the connected account's status to see if any additional information needs to be provided, or if payouts have been disabled for another reason.",
      { code: 'payouts_not_allowed' },
    );
  }
  // The platform is paid in every currency that it takes; a connected account keeps one.
  if (account !== platformAccount && record.default_currency !== currency) {
    throw invalidRequest(`Sorry, you don't have any external accounts in that currency (${currency}).`, {
      param: 'currency',
    });
  }
  if (destination !== undefined && destination !== bank.id) {
    throw missingResource('external account', destination, 'destination', 400);
  }
  return bank.id;
}

/** Takes the money from the account's available balance; the bank has it some days later. */
export function createPayout(call: Call, input: Input): Stripe.Payout {
  const { world, books, account, origin } = call;
  const destination = destinationOf(call, input);
  const { amount, currency } = input;
  if (availableOf(books, currency) < amount) {
    throw invalidRequest(
      'You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.  You can use the /v1/balance endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance).',
      { code: 'balance_insufficient' },
    );
  }
  const id = newId('po');
  const created = world.clock.seconds();
  const payout: Stripe.Payout = {
    id,
    object: 'payout',
    amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: created + world.payoutSeconds,
    automatic: false,
    balance_transaction: record(books, {
      type: 'payout',
      reportingCategory: 'payout',
      amount: -amount,
      currency,
      source: id,
      description: input.description ?? 'STRIPE PAYOUT',
    }).id,
    created,
    currency,
    description: input.description ?? null,
    destination,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: mergeMetadata({}, input.metadata),
    method: input.method ?? 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'not_applicable',
    reversed_by: null,
    source_type: input.source_type ?? 'card',
    statement_descriptor: input.statement_descriptor ?? null,
    status: 'pending',
    trace_id: null,
    type: 'bank_account',
  };
  books.store.payouts.add(payout);
  payoutEvent(world, origin, 'payout.created', { account, payout });
  followPayout(world, { account, payout }, takePlan(world.plans.payouts, account));
  return payout;
}
