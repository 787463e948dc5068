import type { Stripe } from 'stripe';
import { missingResource } from '../errors.ts';
import { listOf, one } from '../expand.ts';
import { listPage, listParams } from '../lists.ts';
import { currency, text } from '../params.ts';
import { route } from '../route.ts';
import { Collection, idOf } from '../store.ts';
import { transactionNow, transactionsNow } from '../transactions.ts';

export const balanceTransactionRoutes = [
  route(
    'GET',
    '/v1/balance_transactions/:id',
    one('balance_transaction'),
    {},
    ({ books, id }): Stripe.BalanceTransaction => {
      const found = transactionNow(books, id);
      if (!found) throw missingResource('balance transaction', id, 'id', 404);
      return found;
    },
  ),
  route(
    'GET',
    '/v1/balance_transactions',
    listOf('balance_transaction'),
    { ...listParams, currency, source: text(), type: text() },
    (call, { currency, source, type, ...page }): Stripe.ApiList<Stripe.BalanceTransaction> => {
      const now = new Collection<Stripe.BalanceTransaction>();
      for (const transaction of transactionsNow(call.books)) now.add(transaction);
      return listPage(
        call,
        now,
        page,
        (transaction) =>
          (currency === undefined || transaction.currency === currency) &&
          (source === undefined || idOf(transaction.source) === source) &&
          (type === undefined || transaction.type === type),
      );
    },
  ),
];
