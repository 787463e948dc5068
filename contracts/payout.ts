/** The life of a payout as data: input, stages, ends. Shared by workflow, client, API and CLI. Amounts in minor units. */
import type { Currency } from './money.ts';
import type { PayoutRequest } from './schema/payout.ts';
import type { Attention } from './search-attributes.ts';

export type { PayoutRequest } from './schema/payout.ts';

export interface PayoutInput {
  request: PayoutRequest;
  /** sha256 of the request; also the workflow's memo and part of its claim. */
  fingerprint: string;
}

/**
 * `waiting`: the venue is frozen or cannot be paid yet · `awaiting approval` · `transferring`: to the venue's account at the
 * provider · `paying`: the payout is being created · `in transit`: at the bank · `undoing`, `in review` as everywhere.
 */
export const openPayoutStages = [
  'started', 'waiting', 'awaiting approval', 'transferring', 'paying', 'in transit', 'undoing', 'in review',
] as const; // prettier-ignore
export type OpenPayoutStage = (typeof openPayoutStages)[number];

/** Where the venue's money is. `paid_out`: the bank has it, as far as the provider knows. */
export type PayoutMoney = 'with_us' | 'with_provider' | 'in_transit' | 'paid_out' | 'unknown';

export type PayoutRejection =
  | 'key_reused'
  | 'no_venue'
  /** More than what is available; `available` says how much that is. */
  | 'exceeds'
  | 'nothing_available'
  /** A person said no. */
  | 'not_approved';

/** What a venue is waited for. */
export type VenueObstacle = 'frozen' | 'payouts_disabled' | 'no_account';

export type PayoutResult =
  | {
      status: 'paid';
      moneyMoved: 'paid_out';
      amount: number;
      currency: Currency;
      providerPayoutId: string;
      /** Absent when the connected account had the money already. */
      transferId?: string;
    }
  /** The bank or the provider gave it back; it is the venue's to be paid again. */
  | { status: 'returned'; moneyMoved: 'with_us' | 'with_provider'; code: string }
  | { status: 'rejected'; moneyMoved: 'with_us'; reason: PayoutRejection; available?: number; actor?: string }
  /** Nobody approved it in time. */
  | { status: 'expired'; moneyMoved: 'with_us' }
  | { status: 'cancelled'; moneyMoved: 'with_us'; actor: string; reason: string };

/** An end without a payout: whatever was reserved is the venue's again. */
export type ReleasedPayout = Exclude<PayoutResult, { status: 'paid' }>;

export interface PayoutStatus {
  stage: OpenPayoutStage | PayoutResult['status'];
  attention: Attention;
  moneyMoved: PayoutMoney;
  /** What happens next, and what a person can do, as one sentence. */
  next: string;
  result?: PayoutResult;
}

/** What was reserved of the venue's payable balance, under its lock. */
export interface PayoutReservation {
  amount: number;
  currency: Currency;
  /** The venue's account at the provider, `acct_…`. */
  account: string;
  /** The part that the connected account lacks; the rest lies there from an earlier payout that came back. */
  transferAmount: number;
  /** Different people who have to approve it, the requester excluded. */
  approvalsNeeded: 0 | 1 | 2;
}

/** The provider's payout object, as far as decisions need it. */
export interface ProviderPayout {
  providerPayoutId: string;
  status: 'pending' | 'in_transit' | 'paid' | 'failed' | 'canceled';
  /** Why it failed, in the provider's words. */
  failureCode?: string;
}

/** The provider's transfer object. */
export interface ProviderTransfer {
  transferId: string;
}

/** Input of `payoutReturn`, which books that a paid payout came back after all. */
export interface PayoutReturnInput {
  tenantId: string;
  payoutId: string;
}

export type PayoutReturnResult =
  /** Booked: the venue is owed it again, and it lies in its connected account. */
  | { status: 'returned'; amount: number; currency: Currency; code: string }
  /** The provider says that it is paid: nothing to book. */
  | { status: 'withdrawn' };

/** Input of `payoutRound`, started by the venue's Schedule. */
export interface PayoutRoundInput {
  tenantId: string;
  venueId: string;
}

/** It pays nothing itself: the payout that it started does. */
export interface PayoutRoundResult {
  status: 'started';
  payoutId: string;
}

/** What a payout that came back after it was paid is looked up by. */
export interface PaidPayout {
  amount: number;
  currency: Currency;
  account: string;
  providerPayoutId: string;
}
