import type { Stripe } from 'stripe';
import { one } from '../expand.ts';
import { route } from '../route.ts';
import type { Call } from '../world.ts';
import { transactionsNow } from '../transactions.ts';

interface Funds {
  amount: number;
  currency: string;
  source_types: { card: number };
}

function fundsOf({ books, account }: Call, status: 'available' | 'pending'): Funds[] {
  const sums = new Map<string, number>();
  for (const transaction of transactionsNow(books)) {
    const sum = sums.get(transaction.currency) ?? 0;
    sums.set(transaction.currency, sum + (transaction.status === status ? transaction.net : 0));
  }
  if (sums.size === 0) sums.set(books.accounts.get(account)?.record.default_currency ?? 'usd', 0);
  return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}

export const balanceRoutes = [
  route('GET', '/v1/balance', one('balance'), {}, (call): Stripe.Balance => ({
    object: 'balance',
    available: fundsOf(call, 'available'),
    livemode: false,
    pending: fundsOf(call, 'pending'),
  })),
];
