import type { Stripe } from 'stripe';
import { processingFee } from './currencies.ts';
import { newId } from './ids.ts';
import { idOf } from './store.ts';
import type { Books, World } from './world.ts';

const settlementSeconds = 2 * 24 * 3600;

export interface Movement {
  type: Stripe.BalanceTransaction.Type;
  reportingCategory: string;
  /** What moves, in minor units: positive into the balance. */
  amount: number;
  /** What Stripe keeps of it, or gives back when it is negative. */
  fee?: { amount: number; description: string };
  currency: string;
  source: string;
  description?: string | null;
  /** Epoch seconds; at once unless given. */
  availableOn?: number;
}

/** Books a movement of an account's balance. */
export function record(books: Books, movement: Movement): Stripe.BalanceTransaction {
  const { type, amount, fee, currency } = movement;
  const created = books.clock.seconds();
  const availableOn = movement.availableOn ?? created;
  return books.store.balance_transactions.add({
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: availableOn,
    balance_type: 'payments',
    created,
    currency,
    description: movement.description ?? null,
    exchange_rate: null,
    fee: fee?.amount ?? 0,
    fee_details: fee
      ? [{ amount: fee.amount, application: null, currency, description: fee.description, type: 'stripe_fee' }]
      : [],
    net: amount - (fee?.amount ?? 0),
    reporting_category: movement.reportingCategory,
    source: movement.source,
    status: availableOn <= created ? 'available' : 'pending',
    type,
  });
}

/** Books a captured charge: its amount, the processing fee, and when the rest becomes available. */
export function recordCapture(world: World, charge: Stripe.Charge): Stripe.BalanceTransaction {
  const behavior = world.behaviors.get(idOf(charge.payment_method) ?? '');
  const atOnce = behavior?.kind === 'approve' && behavior.available === true;
  return record(world, {
    type: 'charge',
    reportingCategory: 'charge',
    amount: charge.amount_captured,
    fee: { amount: processingFee(charge.amount_captured, charge.currency), description: 'Stripe processing fees' },
    currency: charge.currency,
    source: charge.id,
    description: charge.description,
    availableOn: world.clock.seconds() + (atOnce ? 0 : settlementSeconds),
  });
}

/** When what is taken from a charge counts: with the charge's own money, or now if that is already available. */
export function availableWith(books: Books, charge: Stripe.Charge): number {
  const own = books.store.balance_transactions.get(idOf(charge.balance_transaction) ?? '');
  return Math.max(books.clock.seconds(), own?.available_on ?? 0);
}

/** The transaction with the status that the clock gives it: pending until `available_on`. */
export function transactionNow({ store, clock }: Books, id: string): Stripe.BalanceTransaction | undefined {
  const transaction = store.balance_transactions.get(id);
  if (!transaction) return undefined;
  const available = transaction.available_on <= clock.seconds();
  return { ...transaction, status: available ? 'available' : 'pending' };
}

/** All transactions of an account as of now, in the order of their creation. */
export function transactionsNow(books: Books): Stripe.BalanceTransaction[] {
  return books.store.balance_transactions.all().flatMap(({ id }) => transactionNow(books, id) ?? []);
}

/** What an account can spend now, in minor units of the currency. */
export function availableOf(books: Books, currency: string): number {
  return transactionsNow(books)
    .filter((transaction) => transaction.currency === currency && transaction.status === 'available')
    .reduce((sum, { net }) => sum + net, 0);
}

/** The dispute with the balance transactions as of now. */
export function disputeNow(books: Books, id: string): Stripe.Dispute | undefined {
  const dispute = books.store.disputes.get(id);
  return (
    dispute && {
      ...dispute,
      balance_transactions: dispute.balance_transactions.flatMap((own) => transactionNow(books, own.id) ?? []),
    }
  );
}
