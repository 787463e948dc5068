import type { Stripe } from 'stripe';
import { money } from '../../currencies.ts';
import { invalidRequest, missingResource } from '../../errors.ts';
import { transferEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { mergeMetadata } from '../../metadata.ts';
import { currency, integer, metadata, type Named, notSimulated, type Params, required, text } from '../../params.ts';
import { idOf } from '../../store.ts';
import { availableOf, availableWith, record } from '../../transactions.ts';
import { booksOf, type Call, type World } from '../../world.ts';
import { receive } from './destination.ts';

export const createParams = {
  amount: required(integer({ min: 1 })),
  currency: required(currency),
  description: text(),
  destination: required(text()),
  metadata,
  source_transaction: text(),
  source_type: notSimulated,
  transfer_group: text(),
} satisfies Named<Stripe.TransferCreateParams>;

type Input = Params<typeof createParams>;

/** Throws a 400 unless the account is connected and keeps its money in the transfer's currency. */
function requireDestination({ world, account }: Call, { destination, currency }: Input): void {
  const found = world.accounts.get(destination);
  if (!found || destination === account) throw missingResource('destination', destination, 'destination', 400);
  const { default_currency: own } = found.record;
  if (own !== currency) {
    throw invalidRequest(`${destination} keeps ${own}, not ${currency}: the simulator converts no currencies.`, {
      param: 'currency',
    });
  }
}

/** The charge that a transfer is taken from. Throws the 400 of a wrong one, or of more than it brought. */
function sourceOf({ store }: World, { source_transaction, amount, currency }: Input): Stripe.Charge | undefined {
  if (source_transaction === undefined) return undefined;
  const param = 'source_transaction';
  const charge = store.charges.get(source_transaction);
  if (!charge) throw missingResource('charge', source_transaction, param, 400);
  if (!charge.captured) throw invalidRequest(`Charge ${charge.id} has not been captured.`, { param });
  if (charge.currency !== currency) {
    throw invalidRequest(
      `The currency of source_transaction's balance transaction (${charge.currency}) must be the same as the transfer currency (${currency})`,
      { param },
    );
  }
  const taken = store.transfers
    .all()
    .filter((transfer) => idOf(transfer.source_transaction) === charge.id)
    .reduce((sum, transfer) => sum + transfer.amount - transfer.amount_reversed, 0);
  if (taken + amount > charge.amount_captured) {
    const [most, used] = [money(charge.amount_captured, currency), money(taken, currency)];
    throw invalidRequest(
      `Transfers using this transaction as a source must not exceed the source amount of ${most}. (There is already a transfer using this source, amounting to ${used}.)`,
      { param: 'amount' },
    );
  }
  return charge;
}

/**
 * Moves money of the platform to a connected account: what is available, or what a charge brought, which is available
 * there when the charge is.
 */
export function createTransfer(call: Call, input: Input): Stripe.Transfer {
  const { world, origin } = call;
  requireDestination(call, input);
  const { amount, currency, destination } = input;
  const source = sourceOf(world, input);
  if (!source && availableOf(world, currency) < amount) {
    throw invalidRequest(
      'You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: https://stripe.com/docs/testing#available-balance',
      { code: 'balance_insufficient' },
    );
  }
  const id = newId('tr');
  const transfer: Stripe.Transfer = {
    id,
    object: 'transfer',
    amount,
    amount_reversed: 0,
    balance_transaction: null,
    created: world.clock.seconds(),
    currency,
    description: input.description ?? null,
    destination,
    livemode: false,
    metadata: mergeMetadata({}, input.metadata),
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` },
    reversed: false,
    source_transaction: source?.id ?? null,
    source_type: 'card',
    transfer_group: input.transfer_group ?? source?.transfer_group ?? null,
  };
  const availableOn = source ? availableWith(world, source) : world.clock.seconds();
  transfer.balance_transaction = record(world, {
    type: 'transfer',
    reportingCategory: 'transfer',
    amount: -amount,
    currency,
    source: id,
    description: transfer.description,
    availableOn,
  }).id;
  transfer.destination_payment = receive(booksOf(world, destination), transfer, availableOn).id;
  world.store.transfers.add(transfer);
  transferEvent(world, origin, 'transfer.created', transfer);
  return transfer;
}
