/** The life of a refund as data. Shared by workflow, client, API and CLI. */
import type { Currency } from './money.ts';
import type { MoneyMoved } from './payment.ts';
import type { RefundRequest } from './schema/refund.ts';
import type { Attention } from './search-attributes.ts';

export type { RefundRequest } from './schema/refund.ts';

export interface RefundInput {
  request: RefundRequest;
  fingerprint: string;
}

export const openRefundStages = [
  'started', 'awaiting approval', 'refunding', 'pending', 'burning', 'undoing', 'in review',
] as const; // prettier-ignore
export type OpenRefundStage = (typeof openRefundStages)[number];

export type RefundRejection =
  | 'key_reused'
  | 'no_payment'
  | 'not_captured'
  /** More than what is left; `refundable` says how much that is. */
  | 'exceeds'
  | 'ticket_unknown'
  | 'ticket_refunded'
  /** A dispute of the same charge takes the money already. */
  | 'disputed'
  /** A person said no. */
  | 'not_approved'
  /** Nobody approved it in time. */
  | 'approval_expired';

export type RefundResult =
  /** The provider says that the money is on its way back; never said before. */
  | {
      status: 'completed';
      moneyMoved: 'refunded';
      amount: number;
      currency: Currency;
      providerRefundId: string;
      /** Tickets that are no more. */
      burned: string[];
    }
  /** The provider could not give it back; the reservation was. */
  | { status: 'failed'; moneyMoved: 'captured'; code: string }
  | { status: 'rejected'; moneyMoved: MoneyMoved; reason: RefundRejection; refundable?: number; actor?: string }
  | { status: 'cancelled'; moneyMoved: 'captured'; actor: string; reason: string };

export interface RefundStatus {
  stage: OpenRefundStage | RefundResult['status'];
  attention: Attention;
  moneyMoved: MoneyMoved;
  next: string;
  result?: RefundResult;
}

/** What the claim reserved, under the payment's lock. Minor units. */
export interface RefundReservation {
  amount: number;
  currency: Currency;
  intentId: string;
  chargeId: string;
  /** Of the purchase, in case they are to be burned; only those that are still live. */
  ticketIds: string[];
  /** Different people who have to approve it, the requester excluded. Absent in runs from before there were any. */
  approvalsNeeded?: 0 | 1 | 2;
  wallet: string;
  venueId: string;
  eventId: string;
}

/** The provider's refund object, as far as decisions need it. */
export interface ProviderRefund {
  providerRefundId: string;
  status: 'pending' | 'succeeded' | 'failed' | 'canceled' | 'requires_action';
  /** Why it failed, in the provider's words. */
  failureCode?: string;
  balanceTransactionId?: string;
}
