import type { Stripe } from 'stripe';
import { transferEvent } from '../../events.ts';
import { listOf, one } from '../../expand.ts';
import { listPage, listParams } from '../../lists.ts';
import { mergeMetadata } from '../../metadata.ts';
import { metadata, type Named, type Params, text } from '../../params.ts';
import { route } from '../../route.ts';
import { idOf } from '../../store.ts';
import type { Call } from '../../world.ts';
import { createParams, createTransfer } from './create.ts';
import { createReversal, createReversalParams } from './reversals.ts';
import { reversalOf, transferOf } from './state.ts';

const updateParams = { description: text(), metadata } satisfies Named<Stripe.TransferUpdateParams>;

function updateTransfer(call: Call, input: Params<typeof updateParams>): Stripe.Transfer {
  const transfer = transferOf(call);
  transfer.metadata = mergeMetadata(transfer.metadata, input.metadata);
  transfer.description = input.description ?? transfer.description;
  transferEvent(call.world, call.origin, 'transfer.updated', transfer);
  return transfer;
}

export const transferRoutes = [
  route('POST', '/v1/transfers', one('transfer'), createParams, createTransfer),
  route('GET', '/v1/transfers/:id', one('transfer'), {}, transferOf),
  route('POST', '/v1/transfers/:id', one('transfer'), updateParams, updateTransfer),
  route(
    'GET',
    '/v1/transfers',
    listOf('transfer'),
    { ...listParams, destination: text(), transfer_group: text() },
    (call, { destination, transfer_group, ...page }): Stripe.ApiList<Stripe.Transfer> =>
      listPage(
        call,
        call.world.store.transfers,
        page,
        (transfer) =>
          (destination === undefined || idOf(transfer.destination) === destination) &&
          (transfer_group === undefined || transfer.transfer_group === transfer_group),
      ),
  ),
  route('POST', '/v1/transfers/:id/reversals', one('transfer_reversal'), createReversalParams, createReversal),
  route('GET', '/v1/transfers/:id/reversals/:inner', one('transfer_reversal'), {}, reversalOf),
  route(
    'GET',
    '/v1/transfers/:id/reversals',
    listOf('transfer_reversal'),
    listParams,
    (call, page): Stripe.ApiList<Stripe.TransferReversal> => {
      const { id } = transferOf(call);
      return listPage(call, call.world.store.transfer_reversals, page, (reversal) => idOf(reversal.transfer) === id);
    },
  ),
];
