import type { Stripe } from 'stripe';
import { processingFee } from './currencies.ts';
import { newId } from './ids.ts';
import type { World } from './world.ts';

const settlementSeconds = 2 * 24 * 3600;

/** Books a captured charge: its amount, the processing fee, and when the rest becomes available. */
export function recordCapture(world: World, charge: Stripe.Charge): Stripe.BalanceTransaction {
  const fee = processingFee(charge.amount_captured, charge.currency);
  const created = world.clock.seconds();
  return world.store.balance_transactions.add({
    id: newId('txn'),
    object: 'balance_transaction',
    amount: charge.amount_captured,
    available_on: created + settlementSeconds,
    balance_type: 'payments',
    created,
    currency: charge.currency,
    description: charge.description,
    exchange_rate: null,
    fee,
    fee_details: [
      {
        amount: fee,
        application: null,
        currency: charge.currency,
        description: 'Stripe processing fees',
        type: 'stripe_fee',
      },
    ],
    net: charge.amount_captured - fee,
    reporting_category: 'charge',
    source: charge.id,
    status: 'pending',
    type: 'charge',
  });
}

/** The transaction with the status that the clock gives it: pending until `available_on`. */
export function transactionNow(world: World, id: string): Stripe.BalanceTransaction | undefined {
  const transaction = world.store.balance_transactions.get(id);
  if (!transaction) return undefined;
  const available = transaction.available_on <= world.clock.seconds();
  return { ...transaction, status: available ? 'available' : 'pending' };
}

/** All transactions as of now, in the order of their creation. */
export function transactionsNow(world: World): Stripe.BalanceTransaction[] {
  return world.store.balance_transactions.all().flatMap(({ id }) => transactionNow(world, id) ?? []);
}
