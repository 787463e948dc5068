/** The life of a dispute as data, and of a refund that came back. Shared by workflows, client, API and CLI. */
import type { Currency } from './money.ts';
import type { Attention } from './search-attributes.ts';

/** Built from what was looked up: the event that started it is not believed. */
export interface DisputeRequest {
  tenantId: string;
  /** The provider's. */
  disputeId: string;
  paymentKey: string;
}

export interface DisputeInput {
  request: DisputeRequest;
  /** Of the dispute's id alone. */
  fingerprint: string;
}

/**
 * `inquiry`: the bank asks, no money has moved · `respond`: evidence is wanted · `evidence due`: its deadline is near ·
 * `under review`: the bank decides · `settling`: decided, and its money has not moved yet.
 */
export const openDisputeStages = [
  'started', 'inquiry', 'respond', 'evidence due', 'under review', 'settling', 'in review',
] as const; // prettier-ignore
export type OpenDisputeStage = (typeof openDisputeStages)[number];

/** Amounts in minor units; `fee` is what the provider kept for it. */
export type DisputeResult =
  | { status: 'won'; amount: number; currency: Currency; fee: number }
  /** `locked`: tickets of the purchase that are still alive. */
  | { status: 'lost'; amount: number; currency: Currency; fee: number; locked: string[] }
  /** The inquiry was closed: nothing was taken. */
  | { status: 'withdrawn' };

export interface DisputeStatus {
  stage: OpenDisputeStage | DisputeResult['status'];
  attention: Attention;
  next: string;
  /** ISO 8601; while evidence is wanted. */
  evidenceDueBy?: string;
  result?: DisputeResult;
}

/** The provider's dispute object, as far as decisions need it. */
export interface ProviderDispute {
  disputeId: string;
  chargeId: string;
  status:
    | 'warning_needs_response'
    | 'warning_under_review'
    | 'warning_closed'
    | 'needs_response'
    | 'under_review'
    | 'won'
    | 'lost';
  /** Minor units. */
  amount: number;
  currency: string;
  reason: string;
  /** ISO 8601. */
  evidenceDueBy?: string;
  /** Whether the provider refunds the charge while this stands. */
  refundable: boolean;
  /** What it did to the balance, oldest first. */
  movements: DisputeMovement[];
}

/** One of the provider's balance transactions. Minor units of `currency`. */
export interface DisputeMovement {
  transactionId: string;
  /** Negative: withdrawn by the bank; positive: reinstated. */
  amount: number;
  /** Positive: what the provider took for it; negative: what it gave back. */
  fee: number;
  currency: string;
}

/** What the books say of a dispute. Minor units. */
export interface DisputeStanding {
  currency: Currency;
  /** What the bank has now. */
  withdrawn: number;
  fee: number;
}

export interface RefundReturnRequest {
  tenantId: string;
  refundId: string;
  /** The refund at the provider that an event spoke of. */
  providerRefundId: string;
}

export interface RefundReturnInput {
  request: RefundReturnRequest;
  fingerprint: string;
}

export type RefundReturnResult =
  /** The provider took back a refund that had succeeded: the buyer has no money, and what was burned stays burned. */
  | { status: 'returned'; amount: number; currency: Currency; code: string }
  /** Nothing came back: the refund stands, or our books never called it done. */
  | { status: 'withdrawn' };
