/** The life of a purchase as data: input, stages, ends. Shared by workflow, client, API and CLI. */
import type { Currency } from './money.ts';
import type { PurchaseOrder } from './schema/payment.ts';
import type { Attention } from './search-attributes.ts';

export type { PurchaseOrder } from './schema/payment.ts';

export interface PaymentInput {
  order: PurchaseOrder;
  /** sha256 of the order without its key; also the workflow's memo and part of its claim. */
  fingerprint: string;
}

/** `held`: on the card, not taken. `unknown`: a call may have had its effect; somebody is finding out. */
export type MoneyMoved = 'none' | 'held' | 'captured' | 'refunded' | 'unknown';

/** Stages of a purchase that runs; each is where it may be found standing. */
export const openStages = [
  'started',
  'authorizing',
  'awaiting customer',
  'minting',
  'capturing',
  'undoing',
  'in review',
] as const;
export type OpenStage = (typeof openStages)[number];

/** A purchase that ended stands where it ended. */
export type PaymentStage = OpenStage | PaymentResult['status'];

export interface MintedTicket {
  ticketId: string;
  /** uint256 in decimal. */
  tokenId: string;
}

export type RefusedReason =
  'key_reused' | 'order_live' | 'ticket_live' | 'sales_closed' | 'currency' | 'venue_frozen' | 'no_venue' | 'no_event';

/** Every end is a result; a workflow that *fails* is a bug. */
export type PaymentResult =
  | {
      status: 'completed';
      moneyMoved: 'captured' | 'none';
      amount: number;
      currency: Currency;
      /** Absent for an amount of 0, which never meets the card provider. */
      intentId?: string;
      tickets: MintedTicket[];
      transactionHash: string;
      nextAction: 'refund';
    }
  | { status: 'declined'; moneyMoved: 'none'; code: string }
  | { status: 'expired'; moneyMoved: 'none'; what: 'authorization' | 'time' | 'customer' }
  | { status: 'cancelled'; moneyMoved: 'none'; actor: string; reason: string }
  | { status: 'unfulfilled'; moneyMoved: 'none'; reason: string }
  | { status: 'refused'; moneyMoved: 'none'; reason: RefusedReason; otherPayment?: string };

/** An end that left nothing behind: whatever had happened was undone. */
export type UndonePayment = Exclude<PaymentResult, { status: 'completed' | 'refused' }>;

/** What the buyer hears, at once: the money is authorized, their bank wants to hear from them, or there is no sale. */
export type EarlyAnswer =
  | {
      status: 'authorized';
      moneyMoved: 'held' | 'none';
      amount: number;
      currency: Currency;
      intentId?: string;
      captureBefore?: string;
    }
  | CustomerWanted
  | PaymentResult;

/** 3-D Secure. The client secret that the customer needs is never part of it: it comes from the API (I9). */
export interface CustomerWanted {
  status: 'requires_action';
  moneyMoved: 'none';
  amount: number;
  currency: Currency;
  intentId: string;
  /** ISO 8601 UTC. Until then the customer is waited for. */
  expiresAt: string;
}

export interface PaymentStatus {
  stage: PaymentStage;
  attention: Attention;
  moneyMoved: MoneyMoved;
  /** What happens next, and what a person can do, as one sentence. */
  next: string;
  result?: PaymentResult;
}

/** What the authorization left us with. Times are ISO 8601 UTC. */
export interface Authorization {
  intentId: string;
  chargeId: string;
  captureBefore: string;
}

/** Instead of it: the customer has to act first (3-D Secure). */
export interface ActionRequired {
  status: 'requires_action';
  intentId: string;
}

export interface Capture {
  intentId: string;
  chargeId: string;
  amount: number;
  balanceTransactionId: string;
  /** The provider's fee, minor units of the settlement currency. */
  providerFee: number;
  /** When the money counts as available at the provider. ISO 8601 UTC. */
  availableOn: string;
}

export interface MintOutcome {
  transactionHash: string;
  tickets: MintedTicket[];
}
