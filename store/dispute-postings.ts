/** What each event of a dispute posts: debit +, credit −, minor units. Pure; the database checks that it sums to zero. */
import type { Posting } from './postings.ts';

const moved = (postings: readonly Posting[]) => postings.filter(({ amount }) => amount !== 0);

/**
 * The bank withdraws from the provider's balance, or reinstates (negative). `held`: the venue's part of `withdrawn`;
 * `fee`: what the provider takes for it, or gives back (negative).
 */
export const fundsMoved = ({ withdrawn, fee, held }: { withdrawn: number; fee: number; held: number }): Posting[] =>
  moved([
    { account: 'disputed', amount: withdrawn },
    { account: 'dispute_fees', amount: fee },
    { account: 'stripe_balance', amount: -(withdrawn + fee) },
    { account: 'venue_payable', amount: held },
    { account: 'venue_hold', amount: -held },
  ]);

/**
 * The bank keeps `withdrawn`. `feeShare` is the platform's part by now: where a refund failed since the money was held,
 * it differs from what was held back, and the venue gets or pays the difference.
 */
export const disputeLost = (lost: { withdrawn: number; held: number; feeShare: number }): Posting[] =>
  moved([
    { account: 'venue_hold', amount: lost.held },
    { account: 'platform_fees', amount: lost.feeShare },
    { account: 'venue_payable', amount: lost.withdrawn - lost.held - lost.feeShare },
    { account: 'disputed', amount: -lost.withdrawn },
  ]);
