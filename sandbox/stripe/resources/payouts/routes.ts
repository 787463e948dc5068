import type { Stripe } from 'stripe';
import { invalidRequest, missingResource } from '../../errors.ts';
import { payoutEvent } from '../../events.ts';
import { listOf, one } from '../../expand.ts';
import { inRange, listPage, listParams } from '../../lists.ts';
import { mergeMetadata } from '../../metadata.ts';
import { metadata, type Named, oneOf, type Params, text, timeRange } from '../../params.ts';
import { route } from '../../route.ts';
import { idOf } from '../../store.ts';
import type { Call } from '../../world.ts';
import { createParams, createPayout } from './create.ts';
import { cancelPayout } from './progress.ts';

const updateParams = { metadata } satisfies Named<Stripe.PayoutUpdateParams>;

function payoutOf({ books, id }: Call): Stripe.Payout {
  const found = books.store.payouts.get(id);
  if (!found) throw missingResource('payout', id, 'payout', 404);
  return found;
}

function updatePayout(call: Call, input: Params<typeof updateParams>): Stripe.Payout {
  const payout = payoutOf(call);
  payout.metadata = mergeMetadata(payout.metadata ?? {}, input.metadata);
  payoutEvent(call.world, call.origin, 'payout.updated', { account: call.account, payout });
  return payout;
}

function cancel(call: Call): Stripe.Payout {
  const payout = payoutOf(call);
  if (cancelPayout(call.world, call.origin, { account: call.account, payout })) return payout;
  throw invalidRequest('Payouts can only be canceled while they are pending.');
}

export const payoutRoutes = [
  route('POST', '/v1/payouts', one('payout'), createParams, createPayout),
  route('GET', '/v1/payouts/:id', one('payout'), {}, payoutOf),
  route('POST', '/v1/payouts/:id', one('payout'), updateParams, updatePayout),
  route('POST', '/v1/payouts/:id/cancel', one('payout'), {}, cancel),
  route(
    'GET',
    '/v1/payouts',
    listOf('payout'),
    {
      ...listParams,
      arrival_date: timeRange,
      destination: text(),
      status: oneOf('pending', 'in_transit', 'paid', 'failed', 'canceled'),
    },
    (call, { arrival_date, destination, status, ...page }): Stripe.ApiList<Stripe.Payout> =>
      listPage(
        call,
        call.books.store.payouts,
        page,
        (payout) =>
          inRange(payout.arrival_date, arrival_date ?? {}) &&
          (destination === undefined || idOf(payout.destination) === destination) &&
          (status === undefined || payout.status === status),
      ),
  ),
];
