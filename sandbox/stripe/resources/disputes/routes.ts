import type { Stripe } from 'stripe';
import { invalidRequest } from '../../errors.ts';
import { listOf, one } from '../../expand.ts';
import { listPage, listParams } from '../../lists.ts';
import { text } from '../../params.ts';
import { route } from '../../route.ts';
import { idOf } from '../../store.ts';
import { disputeNow } from '../../transactions.ts';
import type { Call } from '../../world.ts';
import { decideDispute } from './decide.ts';
import { updateDispute, updateParams } from './evidence.ts';
import { disputeOf } from './state.ts';

const asOfNow = ({ books }: Call, dispute: Stripe.Dispute): Stripe.Dispute => disputeNow(books, dispute.id) ?? dispute;

/** Accepts the dispute: it is lost, for good. */
function closeDispute(call: Call): Stripe.Dispute {
  const dispute = disputeOf(call);
  if (dispute.status !== 'needs_response') {
    throw invalidRequest(
      `This dispute cannot be closed because it has a status of ${dispute.status}. Only a dispute with a status of needs_response may be closed.`,
    );
  }
  decideDispute(call.world, dispute, { outcome: 'lost', origin: call.origin });
  return asOfNow(call, dispute);
}

export const disputeRoutes = [
  route('GET', '/v1/disputes/:id', one('dispute'), {}, (call) => asOfNow(call, disputeOf(call))),
  route('POST', '/v1/disputes/:id', one('dispute'), updateParams, (call, input) =>
    asOfNow(call, updateDispute(call, input)),
  ),
  route('POST', '/v1/disputes/:id/close', one('dispute'), {}, closeDispute),
  route(
    'GET',
    '/v1/disputes',
    listOf('dispute'),
    { ...listParams, charge: text(), payment_intent: text() },
    (call, { charge, payment_intent, ...page }): Stripe.ApiList<Stripe.Dispute> => {
      const found = listPage(
        call,
        call.world.store.disputes,
        page,
        (dispute) =>
          (charge === undefined || idOf(dispute.charge) === charge) &&
          (payment_intent === undefined || idOf(dispute.payment_intent) === payment_intent),
      );
      return { ...found, data: found.data.map((dispute) => asOfNow(call, dispute)) };
    },
  ),
];
