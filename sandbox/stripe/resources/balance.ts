import type { Stripe } from 'stripe';
import { one } from '../expand.ts';
import { route } from '../route.ts';
import type { World } from '../world.ts';
import { transactionsNow } from '../transactions.ts';

interface Funds {
  amount: number;
  currency: string;
  source_types: { card: number };
}

function fundsOf(world: World, status: 'available' | 'pending'): Funds[] {
  const sums = new Map<string, number>();
  for (const transaction of transactionsNow(world)) {
    const sum = sums.get(transaction.currency) ?? 0;
    sums.set(transaction.currency, sum + (transaction.status === status ? transaction.net : 0));
  }
  if (sums.size === 0) sums.set('usd', 0);
  return [...sums].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}

export const balanceRoutes = [
  route('GET', '/v1/balance', one('balance'), {}, ({ world }): Stripe.Balance => ({
    object: 'balance',
    available: fundsOf(world, 'available'),
    livemode: false,
    pending: fundsOf(world, 'pending'),
  })),
];
