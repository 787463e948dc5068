import type { Stripe } from 'stripe';
import { invalidRequest, missingResource } from '../../errors.ts';
import { refundEvent } from '../../events.ts';
import { listOf, one } from '../../expand.ts';
import { listPage, listParams } from '../../lists.ts';
import { mergeMetadata } from '../../metadata.ts';
import { metadata, type Named, type Params, text } from '../../params.ts';
import { route } from '../../route.ts';
import { idOf } from '../../store.ts';
import type { Call } from '../../world.ts';
import { checkCreation, createParams, createRefund } from './create.ts';
import { settleRefund } from './settle.ts';

const updateParams = { metadata } satisfies Named<Stripe.RefundUpdateParams>;

function refundOf({ world, id }: Call): Stripe.Refund {
  const found = world.store.refunds.get(id);
  if (!found) throw missingResource('refund', id, 'id', 404);
  return found;
}

function updateRefund(call: Call, input: Params<typeof updateParams>): Stripe.Refund {
  const refund = refundOf(call);
  refund.metadata = mergeMetadata(refund.metadata ?? {}, input.metadata);
  refundEvent(call.world, call.origin, 'refund.updated', refund);
  return refund;
}

function cancelRefund(call: Call): Stripe.Refund {
  const refund = refundOf(call);
  if (!settleRefund(call.world, refund, { outcome: 'cancel', origin: call.origin })) {
    throw invalidRequest(
      `This refund cannot be canceled because it has a status of ${refund.status}. Only a refund with a status of requires_action may be canceled.`,
    );
  }
  return refund;
}

export const refundRoutes = [
  route('POST', '/v1/refunds', one('refund'), createParams, createRefund, checkCreation),
  route('GET', '/v1/refunds/:id', one('refund'), {}, refundOf),
  route('POST', '/v1/refunds/:id', one('refund'), updateParams, updateRefund),
  route('POST', '/v1/refunds/:id/cancel', one('refund'), {}, cancelRefund),
  route(
    'GET',
    '/v1/refunds',
    listOf('refund'),
    { ...listParams, charge: text(), payment_intent: text() },
    (call, { charge, payment_intent, ...page }): Stripe.ApiList<Stripe.Refund> =>
      listPage(
        call,
        call.world.store.refunds,
        page,
        (refund) =>
          (charge === undefined || idOf(refund.charge) === charge) &&
          (payment_intent === undefined || idOf(refund.payment_intent) === payment_intent),
      ),
  ),
];
