import type { Stripe } from 'stripe';
import { money } from '../../currencies.ts';
import { invalidRequest } from '../../errors.ts';
import { transferEvent } from '../../events.ts';
import { newId } from '../../ids.ts';
import { mergeMetadata } from '../../metadata.ts';
import { integer, metadata, type Named, notSimulated, type Params } from '../../params.ts';
import { idOf } from '../../store.ts';
import { availableOf, record } from '../../transactions.ts';
import { type Books, booksOf, type Call } from '../../world.ts';
import { giveBack } from './destination.ts';
import { transferOf } from './state.ts';

export const createReversalParams = {
  amount: integer({ min: 1 }),
  description: notSimulated,
  metadata,
  refund_application_fee: notSimulated,
} satisfies Named<Stripe.TransferCreateReversalParams>;

/** A transfer shows the ten newest of its reversals. */
const shown = 10;

function amountOf(transfer: Stripe.Transfer, wanted: number | undefined): number {
  const left = transfer.amount - transfer.amount_reversed;
  if (left === 0) throw invalidRequest(`Transfer ${transfer.id} is already fully reversed.`);
  const amount = wanted ?? left;
  if (amount <= left) return amount;
  const [asked, rest] = [money(amount, transfer.currency), money(left, transfer.currency)];
  throw invalidRequest(`Reversal amount (${asked}) is greater than unreversed amount on transfer (${rest})`, {
    param: 'amount',
  });
}

/** Throws unless the account can give back so much: Stripe lends it nothing. */
function requireFunds(account: Books, transfer: Stripe.Transfer, amount: number): void {
  if (availableOf(account, transfer.currency) >= amount) return;
  throw invalidRequest(
    `Insufficient funds in Stripe account ${idOf(transfer.destination)}: a transfer can be reversed only while the available balance of the connected account covers it.`,
    { code: 'balance_insufficient' },
  );
}

/** Takes a transfer back, in part or as a whole. */
export function createReversal(call: Call, input: Params<typeof createReversalParams>): Stripe.TransferReversal {
  const { world, origin } = call;
  const transfer = transferOf(call);
  const amount = amountOf(transfer, input.amount);
  const destination = booksOf(world, idOf(transfer.destination) ?? '');
  const payment = destination.store.charges.get(idOf(transfer.destination_payment) ?? '');
  if (!payment) throw new Error(`transfer ${transfer.id} has no payment`);
  requireFunds(destination, transfer, amount);
  const id = newId('trr');
  const reversal = world.store.transfer_reversals.add({
    id,
    object: 'transfer_reversal',
    amount,
    balance_transaction: record(world, {
      type: 'transfer_refund',
      reportingCategory: 'transfer_reversal',
      amount,
      currency: transfer.currency,
      source: id,
      description: `REFUND FOR TRANSFER (${transfer.id})`,
    }).id,
    created: world.clock.seconds(),
    currency: transfer.currency,
    destination_payment_refund: giveBack(destination, payment, amount).id,
    metadata: mergeMetadata({}, input.metadata),
    source_refund: null,
    transfer: transfer.id,
  });
  transfer.amount_reversed += amount;
  transfer.reversed = transfer.amount_reversed === transfer.amount;
  const all = [reversal, ...transfer.reversals.data];
  transfer.reversals = {
    ...transfer.reversals,
    data: all.slice(0, shown),
    has_more: transfer.reversals.has_more || all.length > shown,
  };
  transferEvent(world, origin, 'transfer.reversed', transfer);
  return reversal;
}
