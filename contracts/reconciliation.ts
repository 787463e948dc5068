/**
 * A day's reconciliation: what the books, the card provider and the chain each say, and where they differ. Pure;
 * reconciliation-rules.ts compares. Amounts in minor units, times ISO 8601 UTC.
 */
import type { ProviderDispute } from './dispute.ts';
import type { Attention } from './search-attributes.ts';
import type { ProviderPayout } from './payout.ts';
import type { ProviderRefund } from './refund.ts';

export interface ReconciliationRequest {
  /** `platform`: what is at the provider and on the chain, and belongs to no tenant. */
  tenantId: string;
  /** In UTC, as 2027-01-31. */
  day: string;
}

/** What is compared, in this order. `endings`: purchases of earlier days that ended on this one. */
export const comparisons = [
  'payments', 'endings', 'refunds', 'disputes', 'transfers', 'payouts', 'movements', 'tickets', 'tokens', 'ledger',
] as const; // prettier-ignore
export type Comparison = (typeof comparisons)[number];

/** Where a page of a comparison ended. */
export interface PageCursor {
  /** Of a list: the object that the next page starts after. */
  after?: string;
  /** Our rows from then on are compared already. */
  upTo?: string;
  /** The connected account whose lists are read. */
  account?: string;
  /** Its payouts that came back, which may be of earlier days. */
  returns?: true;
  /** Of our rows. */
  row?: number;
  /** The next block, and the last one of the day. */
  block?: number;
  lastBlock?: number;
}

/** How many were looked at; `told`: workflows that still run and were told what a lost webhook would have said. */
export type ReconciliationCounts = Record<Comparison | 'told', number>;

/** What the next run of a long reconciliation goes on with. */
export interface ReconciliationCourse {
  comparison: Comparison;
  cursor?: PageCursor;
  counts: ReconciliationCounts;
}

export interface ReconciliationInput extends ReconciliationRequest {
  course?: ReconciliationCourse;
}

export interface ReconciliationTotals {
  compared: ReconciliationCounts;
  /** Found by this run, those that it healed included. */
  differences: number;
  /** Of them, those whose workflow was told or started. */
  healed: number;
  /** Of them, those that were still there at the end. */
  open: number;
}

export type ReconciliationResult =
  | ({ status: 'clean' | 'differs' } & ReconciliationTotals)
  /** Somebody stopped it: what it had found by then is kept, the rest was not looked at. */
  | ({ status: 'cancelled'; actor: string; reason: string } & ReconciliationTotals);

export const openReconciliationStages = ['started', 'comparing', 'looking again', 'healing', 'in review'] as const;
export type OpenReconciliationStage = (typeof openReconciliationStages)[number];

export interface ReconciliationStatus {
  stage: OpenReconciliationStage | ReconciliationResult['status'];
  attention: Attention;
  /** It moves none. */
  moneyMoved: 'none' | 'unknown';
  next: string;
  counts?: ReconciliationCounts;
  result?: ReconciliationResult;
}

export const differenceKinds = [
  /** The provider took a customer's money, and no purchase of ours has it. */
  'capture_unknown',
  /** A purchase counts on money that the provider did not take. */
  'capture_missing',
  'capture_differs',
  'fee_differs',
  /** Money is held on a card although its purchase has ended. */
  'hold_left',
  'refund_unknown',
  'refund_missing',
  'refund_differs',
  /** The books say that it is done and the provider does not, or the other way round. */
  'refund_status',
  'dispute_unknown',
  'dispute_missing',
  /** It is decided otherwise than it was closed, or open again. */
  'dispute_status',
  /** Its money moved and nobody followed: an appeal, after it was closed. */
  'dispute_funds',
  'transfer_unknown',
  'transfer_missing',
  /** Also: reversed. */
  'transfer_differs',
  'payout_unknown',
  'payout_missing',
  'payout_differs',
  'payout_status',
  /** The provider's balance moved by something that is none of ours. */
  'movement_unknown',
  /** A purchase, refund or dispute agrees with the provider, and what the ledger posted for it does not. */
  'ledger_differs',
  /** A transaction of the ledger does not sum to zero. */
  'ledger_unbalanced',
  /** A token is on the chain, and in no book. */
  'token_unknown',
  /** The books have a ticket that the chain has not. */
  'ticket_missing',
  /** Burned or never minted by the books, and owned on the chain. */
  'ticket_owned',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** Ids, amounts and states: nothing personal, no secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** Whom a lost webhook would have told, through the ids that every webhook uses. */
export type Remedy =
  | { tell: 'dispute'; disputeId: string; paymentKey: string }
  | { tell: 'refund-return'; refundId: string; providerRefundId: string }
  | { tell: 'payout-return'; payoutId: string; providerPayoutId: string };

export interface Difference {
  kind: DifferenceKind;
  /** The provider's id, the token's, or that of the ledger's transaction. With the kind it is the difference's identity. */
  objectId: string;
  /** Null: there is nothing. */
  ours: Facts | null;
  theirs: Facts | null;
  /** What is at stake, where that is money. */
  amount?: number;
  /** ISO 4217, in upper case. */
  currency?: string;
  remedy?: Remedy;
}

/** Whose an object of the provider is: by what we wrote on it, else by what it hangs on. */
export interface Labels {
  tenant?: string;
  workflow?: string;
  chargeId?: string;
  intentId?: string;
  /** The connected account that it is of, or goes to. */
  account?: string;
}

interface Theirs {
  /** The provider's id. */
  id: string;
  labels: Labels;
  createdAt: string;
  /** ISO 4217, in upper case. */
  currency: string;
}

export interface TheirPayment extends Theirs {
  kind: 'payment';
  /** `none`: no money is held or taken (any more). */
  state: 'captured' | 'held' | 'none';
  amount: number;
  /** Absent until its balance transaction is there. */
  fee?: number;
}

export interface TheirRefund extends Theirs {
  kind: 'refund';
  status: ProviderRefund['status'];
  amount: number;
}

export interface TheirDispute extends Theirs {
  kind: 'dispute';
  status: ProviderDispute['status'];
  amount: number;
  /** What the bank has now, by the dispute's balance transactions. */
  withdrawn: number;
  /** What the provider kept for it. */
  fee: number;
}

export interface TheirTransfer extends Theirs {
  kind: 'transfer';
  amount: number;
  reversed: number;
}

export interface TheirPayout extends Theirs {
  kind: 'payout';
  status: ProviderPayout['status'];
  amount: number;
}

/** A balance transaction of none of the above. */
export interface TheirMovement extends Theirs {
  kind: 'movement';
  type: string;
  /** Less its fee. */
  net: number;
}

export type ProviderObject = TheirPayment | TheirRefund | TheirDispute | TheirTransfer | TheirPayout | TheirMovement;
export type ObjectKind = ProviderObject['kind'];

/** Whose workflow follows it: with a run of it, what differs is not known yet. */
interface Ours {
  workflowId: string;
  runId: string;
  /** Its claim has no result: it is under way, unless nobody runs it any more. */
  live: boolean;
  currency: string;
}

export interface OurPayment extends Ours {
  paymentKey: string;
  completed: boolean;
  amount: number;
  /** Of the money that was taken. */
  intentId?: string;
  fee?: number;
  /** What the ledger posted to `stripe_balance` for the capture and its fee. */
  posted: number;
}

export interface OurRefund extends Ours {
  refundId: string;
  status: 'reserved' | 'refunded' | 'completed' | 'failed' | 'rejected' | 'cancelled' | 'returned';
  amount: number;
  providerRefundId?: string;
  /** What the ledger posted to `stripe_balance` for it and its return. */
  posted: number;
}

export interface OurDispute extends Ours {
  disputeId: string;
  paymentKey: string;
  outcome?: 'won' | 'lost' | 'withdrawn';
  withdrawn: number;
  fee: number;
  /** What the ledger posted to `stripe_balance` for it. */
  posted: number;
}

export interface OurPayout extends Ours {
  payoutId: string;
  account: string;
  status: string;
  amount: number;
  transferAmount: number;
  transferId?: string;
  providerPayoutId?: string;
  /** What the ledger posted to `stripe_balance` for its transfer. */
  posted: number;
}

export interface OurTicket extends Omit<Ours, 'currency'> {
  ticketId: string;
  /** uint256 in decimal. */
  tokenId: string;
  status: 'reserved' | 'minted' | 'burned' | 'released';
}

export interface TheirToken {
  /** uint256 in decimal. */
  tokenId: string;
  owned: boolean;
  /** True also after a burn. */
  everMinted: boolean;
}

/** The two sides of one object; at least one of them is there. */
export type Pair =
  | { kind: 'payment'; id: string; ours?: OurPayment | undefined; theirs?: TheirPayment | undefined }
  | { kind: 'refund'; id: string; ours?: OurRefund | undefined; theirs?: TheirRefund | undefined }
  | {
      kind: 'dispute';
      id: string;
      ours?: OurDispute | undefined;
      theirs?: TheirDispute | undefined;
      /** Of the purchase whose money it is about. */
      paymentKey?: string | undefined;
    }
  | { kind: 'transfer'; id: string; ours?: OurPayout | undefined; theirs?: TheirTransfer | undefined }
  | { kind: 'payout'; id: string; ours?: OurPayout | undefined; theirs?: TheirPayout | undefined }
  | { kind: 'ticket'; id: string; ours?: OurTicket | undefined; theirs: TheirToken }
  | { kind: 'movement'; id: string; ours?: undefined; theirs: TheirMovement };

/** Of an object of the provider. */
export type ProviderPair = Exclude<Pair, { kind: 'ticket' }>;

/** What a workflow that still runs waits for, and the provider has already. */
export interface News {
  workflowId: string;
  /** As the provider's event would say. */
  type: string;
  objectId: string;
}

/** A difference as it is kept. */
export interface DifferenceRecord extends Difference {
  id: number;
  day: string;
  foundAt: string;
  healedAt?: string;
  closedAt?: string;
  /** A person, or `reconciliation` itself: it was gone when it was looked at again. */
  closedBy?: string;
  closeReason?: string;
}

/** The last reconciliation of a day. */
export interface ReconciledDay {
  day: string;
  status: 'running' | ReconciliationResult['status'];
  differences: number;
  healed: number;
  compared: Partial<ReconciliationCounts>;
  startedAt: string;
  endedAt?: string;
}
