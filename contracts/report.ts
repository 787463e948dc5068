/** A venue's money of one UTC day, as the ledger has it. Minor units; debit positive, credit negative. Pure. */
import type { Currency } from './money.ts';
import type { ReportRequest } from './schema/report.ts';

export type { ReportRequest } from './schema/report.ts';

/** What a day's transactions were about. The steps of a payout stand apart: only `payout_paid` reached a bank. */
export const movementKinds = [
  'purchase',
  'provider_fee',
  'refund',
  'dispute',
  'dispute_fee',
  'reserve_released',
  'payout_reserved',
  'payout_transferred',
  'payout_created',
  'payout_paid',
  'payout_failed',
  'payout_released',
  'payout_returned',
  'adjustment',
] as const;
export type MovementKind = (typeof movementKinds)[number];

export interface Movement {
  kind: MovementKind;
  /** Transactions of the ledger. */
  transactions: number;
  /** By account; they sum to zero. */
  amounts: { account: string; amount: number }[];
}

/** `opening` + `change` = `closing`; `change` is the sum of the movements' amounts on the account. */
export interface AccountOfDay {
  account: string;
  opening: number;
  change: number;
  closing: number;
}

/** What people ask for first, each from the movements. Less than 0 where more came back than went. */
export interface ReportTotals {
  captured: number;
  /** The platform's, after what refunds and lost disputes gave back of it. */
  platformFees: number;
  providerFees: number;
  /** Given back at the provider. */
  refunded: number;
  /** Withdrawn by banks, after what they gave back; without their fees. */
  disputed: number;
  disputeFees: number;
  /** Arrived at the venue's bank, after what came back from it. */
  paidOut: number;
}

export interface CurrencyOfDay {
  currency: Currency;
  totals: ReportTotals;
  accounts: AccountOfDay[];
  movements: Movement[];
}

export interface Report {
  tenantId: string;
  venueId: string;
  /** 2027-01-31, in UTC. */
  day: string;
  /** Empty for a venue that never moved money. */
  currencies: CurrencyOfDay[];
}

/** A report that was made, in a list. */
export interface ReportEntry {
  venueId: string;
  /** 2027-01-31, in UTC. */
  day: string;
  /** Of the CSV's bytes, in hex. */
  sha256: string;
  /** ISO 8601 UTC. */
  createdAt: string;
}

/** Newest day first. */
export interface ReportPage {
  reports: ReportEntry[];
  nextCursor?: string;
}

export interface ReportInput {
  request: ReportRequest;
  fingerprint: string;
}

export type ReportResult =
  | {
      status: 'completed';
      /** Path of the API. */
      location: string;
      /** Of the CSV's bytes, in hex. */
      sha256: string;
    }
  | { status: 'refused'; reason: 'day_open' | 'no_venue' | 'key_reused' }
  | { status: 'expired' };

export const reportLocation = ({ venueId, day }: { venueId: string; day: string }) => `/reports/${venueId}/${day}`;
