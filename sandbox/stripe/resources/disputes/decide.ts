import type { Stripe } from 'stripe';
import { invalidRequest } from '../../errors.ts';
import { disputeEvent } from '../../events.ts';
import { nobody, type Origin, type World } from '../../world.ts';
import { reinstateFunds, withdrawFunds } from './funds.ts';

export interface Decision {
  /** `withdrawn` by the cardholder: an inquiry is closed, a dispute is won. `escalated`: an inquiry becomes a dispute. */
  outcome: 'won' | 'lost' | 'withdrawn' | 'escalated';
  feeReturned?: boolean;
  origin?: Origin;
}

/** 20 days, as card networks usually give. */
export const responseSeconds = 20 * 24 * 3600;

const isInquiry = ({ status }: Stripe.Dispute): boolean =>
  status === 'warning_needs_response' || status === 'warning_under_review';
const isDispute = ({ status }: Stripe.Dispute): boolean => status === 'needs_response' || status === 'under_review';

function close(world: World, origin: Origin, dispute: Stripe.Dispute, status: 'won' | 'lost' | 'warning_closed'): void {
  dispute.status = status;
  disputeEvent(world, origin, 'charge.dispute.closed', dispute);
}

/** A new deadline. A dispute that nobody answers by then is lost; an inquiry stays open. */
export function awaitResponse(world: World, dispute: Stripe.Dispute, seconds: number): void {
  const due = world.clock.seconds() + seconds;
  dispute.evidence_details.due_by = due;
  world.agenda.add(due, () => {
    const unanswered = dispute.status === 'needs_response' || dispute.status === 'warning_needs_response';
    if (!unanswered || dispute.evidence_details.due_by !== due) return;
    dispute.evidence_details.past_due = true;
    if (dispute.status === 'needs_response') close(world, nobody, dispute, 'lost');
    else disputeEvent(world, nobody, 'charge.dispute.updated', dispute);
  });
}

function escalate(world: World, origin: Origin, dispute: Stripe.Dispute): void {
  dispute.status = 'needs_response';
  const { card } = dispute.payment_method_details ?? {};
  if (card) card.case_type = 'chargeback';
  awaitResponse(world, dispute, responseSeconds);
  disputeEvent(world, origin, 'charge.dispute.updated', dispute);
  withdrawFunds(world, origin, dispute);
}

/** What becomes of an open dispute or inquiry. Throws a 400 where that cannot happen to it. */
export function decideDispute(
  world: World,
  dispute: Stripe.Dispute,
  { outcome, feeReturned = false, origin = nobody }: Decision,
): void {
  if (isInquiry(dispute) && outcome === 'withdrawn') return close(world, origin, dispute, 'warning_closed');
  if (isInquiry(dispute) && outcome === 'escalated') return escalate(world, origin, dispute);
  if (!isDispute(dispute) || outcome === 'escalated') {
    throw invalidRequest(`A dispute with a status of ${dispute.status} cannot become '${outcome}'.`);
  }
  if (outcome === 'lost') return close(world, origin, dispute, 'lost');
  reinstateFunds(world, origin, dispute, feeReturned);
  return close(world, origin, dispute, 'won');
}
