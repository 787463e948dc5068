import type { Stripe } from 'stripe';
import { invalidRequest } from '../../errors.ts';
import { disputeEvent } from '../../events.ts';
import { mergeMetadata } from '../../metadata.ts';
import { flag, hash, metadata, type Named, notSimulated, oneOf, type Params, text } from '../../params.ts';
import type { Call, World } from '../../world.ts';
import { decideDispute } from './decide.ts';
import { disputeOf } from './state.ts';

/** The texts and the ids of files that Stripe takes. */
const evidence = {
  access_activity_log: text(20_000),
  appeal: notSimulated,
  billing_address: text(),
  cancellation_policy: text(),
  cancellation_policy_disclosure: text(20_000),
  cancellation_rebuttal: text(20_000),
  customer_communication: text(),
  customer_email_address: text(),
  customer_name: text(),
  customer_purchase_ip: text(),
  customer_signature: text(),
  duplicate_charge_documentation: text(),
  duplicate_charge_explanation: text(20_000),
  duplicate_charge_id: text(),
  enhanced_evidence: notSimulated,
  product_description: text(20_000),
  receipt: text(),
  refund_policy: text(),
  refund_policy_disclosure: text(20_000),
  refund_refusal_explanation: text(20_000),
  service_date: text(),
  service_documentation: text(),
  shipping_address: text(),
  shipping_carrier: text(),
  shipping_date: text(),
  shipping_documentation: text(),
  shipping_tracking_number: text(),
  uncategorized_file: text(),
  uncategorized_text: text(20_000),
} satisfies Named<Stripe.DisputeUpdateParams.Evidence>;

export const updateParams = {
  evidence: hash(evidence),
  intended_submission_method: oneOf('manual', 'prefer_manual', 'prefer_smart_disputes', 'smart_disputes'),
  metadata,
  submit: flag,
} satisfies Named<Stripe.DisputeUpdateParams>;

export function noEvidence(): Stripe.Dispute.Evidence {
  return {
    access_activity_log: null,
    billing_address: null,
    cancellation_policy: null,
    cancellation_policy_disclosure: null,
    cancellation_rebuttal: null,
    customer_communication: null,
    customer_email_address: null,
    customer_name: null,
    customer_purchase_ip: null,
    customer_signature: null,
    duplicate_charge_documentation: null,
    duplicate_charge_explanation: null,
    duplicate_charge_id: null,
    enhanced_evidence: {},
    product_description: null,
    receipt: null,
    refund_policy: null,
    refund_policy_disclosure: null,
    refund_refusal_explanation: null,
    service_date: null,
    service_documentation: null,
    shipping_address: null,
    shipping_carrier: null,
    shipping_date: null,
    shipping_documentation: null,
    shipping_tracking_number: null,
    uncategorized_file: null,
    uncategorized_text: null,
  };
}

/** The texts that decide a dispute in a sandbox; https://docs.stripe.com/testing#evidence */
function decideByEvidence(world: World, dispute: Stripe.Dispute): void {
  const inquiry = dispute.status === 'warning_under_review';
  const { uncategorized_text: said } = dispute.evidence;
  if (said === 'winning_evidence') {
    decideDispute(world, dispute, inquiry ? { outcome: 'withdrawn' } : { outcome: 'won', feeReturned: true });
  } else if (said === 'losing_evidence' && !inquiry) decideDispute(world, dispute, { outcome: 'lost' });
  else if (said === 'escalate_inquiry_evidence' && inquiry) decideDispute(world, dispute, { outcome: 'escalated' });
}

function submit(dispute: Stripe.Dispute): void {
  dispute.evidence_details.submission_count += 1;
  dispute.evidence_details.submission_method = 'manual';
  dispute.status = dispute.status === 'needs_response' ? 'under_review' : 'warning_under_review';
}

/** Stages evidence, or submits it: once, as banks take one answer only. */
export function updateDispute(call: Call, input: Params<typeof updateParams>): Stripe.Dispute {
  const { world, origin } = call;
  const dispute = disputeOf(call);
  const given = input.evidence;
  const open = dispute.status === 'needs_response' || dispute.status === 'warning_needs_response';
  if ((given !== undefined || input.submit === true) && (!open || dispute.evidence_details.past_due)) {
    throw invalidRequest(`Evidence can no longer be given for this dispute: it has a status of ${dispute.status}.`);
  }
  dispute.metadata = mergeMetadata(dispute.metadata, input.metadata);
  dispute.intended_submission_method = input.intended_submission_method ?? dispute.intended_submission_method;
  if (given !== undefined) {
    Object.assign(dispute.evidence, given);
    dispute.evidence_details.has_evidence = true;
  }
  const submits = input.submit ?? given !== undefined;
  if (submits) submit(dispute);
  disputeEvent(world, origin, 'charge.dispute.updated', dispute);
  if (submits) decideByEvidence(world, dispute);
  return dispute;
}
