import type { Stripe } from 'stripe';
import { invalidRequest } from '../../errors.ts';
import { idOf } from '../../store.ts';
import type { Origin, World } from '../../world.ts';
import { decideDispute } from './decide.ts';

const disputesOf = ({ store }: World, charge: Stripe.Charge): Stripe.Dispute[] =>
  store.disputes.all().filter((dispute) => idOf(dispute.charge) === charge.id);

/** Throws the 400 of a charge whose money the bank has taken back: it cannot be given back twice. */
export function requireRefundable(world: World, charge: Stripe.Charge): void {
  if (disputesOf(world, charge).every((dispute) => dispute.is_charge_refundable)) return;
  throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
    code: 'charge_disputed',
  });
}

/** An inquiry ends without a dispute when everything was refunded. */
export function closeRefundedInquiry(world: World, origin: Origin, charge: Stripe.Charge): void {
  if (!charge.refunded) return;
  for (const dispute of disputesOf(world, charge)) {
    if (['warning_needs_response', 'warning_under_review'].includes(dispute.status)) {
      decideDispute(world, dispute, { outcome: 'withdrawn', origin });
    }
  }
}
