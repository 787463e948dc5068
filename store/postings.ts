/**
 * What each event posts, as tables: debit +, credit −, minor units. Pure. A new event is a new table of lines.
 */
import type { Shares } from '../contracts/money.ts';

/** The CHECK of ledger_entries has the same list; a test compares them. */
export const accounts = [
  'stripe_balance', 'connected_balance', 'in_transit', 'venue_payable', 'venue_reserve', 'venue_hold', 'venue_payout',
  'platform_fees', 'provider_fees', 'refunds_pending', 'disputed', 'dispute_fees', 'losses',
] as const; // prettier-ignore
export type Account = (typeof accounts)[number];

export interface Posting {
  account: Account;
  /** Debit positive, credit negative; never 0. */
  amount: number;
}

type Line<Part extends string> = readonly [account: Account, sign: 1 | -1, part: Part];

const capturedLines: readonly Line<'amount' | keyof Shares>[] = [
  ['stripe_balance', 1, 'amount'],
  ['venue_payable', -1, 'venuePayable'],
  ['venue_reserve', -1, 'venueReserve'],
  ['platform_fees', -1, 'platformFee'],
];

const providerFeeLines: readonly Line<'fee'>[] = [
  ['provider_fees', 1, 'fee'],
  ['stripe_balance', -1, 'fee'],
];

const refundReservedLines: readonly Line<'amount' | 'venueShare' | 'feeShare'>[] = [
  ['venue_payable', 1, 'venueShare'],
  ['platform_fees', 1, 'feeShare'],
  ['refunds_pending', -1, 'amount'],
];

const refundDoneLines: readonly Line<'amount'>[] = [
  ['refunds_pending', 1, 'amount'],
  ['stripe_balance', -1, 'amount'],
];

const reserveReleasedLines: readonly Line<'amount'>[] = [
  ['venue_reserve', 1, 'amount'],
  ['venue_payable', -1, 'amount'],
];

const payoutReservedLines: readonly Line<'amount'>[] = [
  ['venue_payable', 1, 'amount'],
  ['venue_payout', -1, 'amount'],
];

const transferredLines: readonly Line<'amount'>[] = [
  ['connected_balance', 1, 'amount'],
  ['stripe_balance', -1, 'amount'],
];

const payoutCreatedLines: readonly Line<'amount'>[] = [
  ['in_transit', 1, 'amount'],
  ['connected_balance', -1, 'amount'],
];

const payoutPaidLines: readonly Line<'amount'>[] = [
  ['venue_payout', 1, 'amount'],
  ['in_transit', -1, 'amount'],
];

const payoutFailedLines: readonly Line<'amount'>[] = [
  ['connected_balance', 1, 'amount'],
  ['in_transit', -1, 'amount'],
  ['venue_payout', 1, 'amount'],
  ['venue_payable', -1, 'amount'],
];

const payoutReturnedLines: readonly Line<'amount'>[] = [
  ['connected_balance', 1, 'amount'],
  ['venue_payable', -1, 'amount'],
];

const writtenOffLines: readonly Line<'amount'>[] = [
  ['losses', 1, 'amount'],
  ['venue_payable', -1, 'amount'],
];

/** Fills a table's parts in; lines of 0 are left out. @throws RangeError for a part that is no amount, or lines that do not sum to zero */
function fill<Part extends string>(lines: readonly Line<Part>[], parts: Readonly<Record<Part, number>>): Posting[] {
  let sum = 0n;
  const postings = lines.map(([account, sign, part]) => {
    const value = parts[part];
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(
        `${part} of a posting to ${account} is ${value}; an integer of 0 or more minor units is needed`,
      );
    }
    sum += BigInt(sign * value);
    return { account, amount: sign * value };
  });
  if (sum !== 0n)
    throw new RangeError(`postings to ${lines.map(([account]) => account).join(', ')} sum to ${sum}, not 0`);
  return postings.filter(({ amount }) => amount !== 0);
}

/** The customer's money arrived at the provider and is shared out. */
export const captured = ({ amount, shares }: { amount: number; shares: Shares }): Posting[] =>
  fill(capturedLines, { amount, ...shares });

/** The provider kept its fee, which the platform bears. */
export const providerFee = (fee: number): Posting[] => fill(providerFeeLines, { fee });

/** `amount` is set aside for the customer; `feeShare` of it is the platform's, the rest the venue's. */
export const refundReserved = ({ amount, feeShare }: { amount: number; feeShare: number }): Posting[] =>
  fill(refundReservedLines, { amount, feeShare, venueShare: amount - feeShare });

/** The provider gives it back. */
export const refundDone = (amount: number): Posting[] => fill(refundDoneLines, { amount });

/** What was kept back of a sale is the venue's like the rest of it. */
export const reserveReleased = (amount: number): Posting[] => fill(reserveReleasedLines, { amount });

/** `amount` of what the venue is owed is set aside for a payout. */
export const payoutReserved = (amount: number): Posting[] => fill(payoutReservedLines, { amount });

/** To the venue's account at the provider. A reversal at the provider posts the opposite. */
export const transferred = (amount: number): Posting[] => fill(transferredLines, { amount });

/** From the venue's account at the provider towards its bank. */
export const payoutCreated = (amount: number): Posting[] => fill(payoutCreatedLines, { amount });

/** The bank has it. */
export const payoutPaid = (amount: number): Posting[] => fill(payoutPaidLines, { amount });

/** It never reached the bank: back in the venue's account, and owed to it again. */
export const payoutFailed = (amount: number): Posting[] => fill(payoutFailedLines, { amount });

/** The bank gave it back after it had been paid. */
export const payoutReturned = (amount: number): Posting[] => fill(payoutReturnedLines, { amount });

/** What a venue will never pay back is the platform's loss. */
export const writtenOff = (amount: number): Posting[] => fill(writtenOffLines, { amount });

/** What takes `postings` back. */
export const reversed = (postings: readonly Posting[]): Posting[] =>
  postings.map(({ account, amount }) => ({ account, amount: -amount }));
