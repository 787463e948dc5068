/** How much a venue can be paid now, and where it comes from. Pure; minor units. */
import { currencyExponents, type Currency } from '../contracts/money.ts';
import type { PayoutRejection, VenueObstacle } from '../contracts/payout.ts';

/** What a venue is waited for, the most basic reason first; undefined when it can be paid. */
export function obstacleOf(venue: {
  frozen: boolean;
  payoutsEnabled: boolean;
  connectedAccount: string | null;
}): VenueObstacle | undefined {
  if (venue.frozen) return 'frozen';
  if (venue.connectedAccount === null) return 'no_account';
  return venue.payoutsEnabled ? undefined : 'payouts_disabled';
}

/** What is owed to a venue: the sum of its payable account, and of the part of it whose availability is past. */
export interface Owed {
  payable: number;
  availableNow: number;
}

/**
 * Money that is still on its way in never adds to it, but what is to go out of it does count: a sale that was refunded before
 * it became available took the venue's reserve with it.
 */
export const availableOf = ({ payable, availableNow }: Owed): number => Math.max(0, Math.min(payable, availableNow));

export interface PayoutRefusal {
  reason: Extract<PayoutRejection, 'exceeds' | 'nothing_available'>;
  available: number;
}

/** An amount that is asked for is taken whole or not at all; without one, all that is available goes. */
export function planPayout(
  wanted: number | undefined,
  owed: Owed,
  currency: Currency,
): { amount: number } | { refusal: PayoutRefusal } {
  const available = availableOf(owed);
  if (wanted !== undefined)
    return wanted <= available ? { amount: wanted } : { refusal: { reason: 'exceeds', available } };
  const amount = available - (available % smallestStep(currency));
  return amount > 0 ? { amount } : { refusal: { reason: 'nothing_available', available } };
}

/** The provider moves three-decimal currencies in tens only; the rest waits for the next payout. */
const smallestStep = (currency: Currency) => (currencyExponents[currency] === 3 ? 10 : 1);

/** What lies in the venue's account at the provider, from payouts that came back. */
export interface Lying {
  /** As the ledger has it. */
  connected: number;
  /** Of `connected`, what open payouts are about to take. */
  earmarked: number;
  /** Left in this very account by its own payouts: a venue's earlier account may have some, which this one cannot use. */
  inAccount: number;
}

/** The part of a payout that the venue's account lacks. Too much is harmless there, too little fails the payout. */
export const transferAmountOf = (amount: number, { connected, earmarked, inAccount }: Lying): number =>
  amount - Math.min(amount, Math.max(0, Math.min(connected - earmarked, inAccount)));
