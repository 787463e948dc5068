/** Whose share a disputed amount is. Pure; minor units. */
import { type FeeState, feeShareOf } from './refund-rules.ts';

/** What the bank has, and the platform's part of it. */
export interface Withdrawn {
  withdrawn: number;
  feeShare: number;
}

/**
 * After the bank withdrew `-amount`, or reinstated `amount`. The fee's share of a withdrawal is cumulative with refunds
 * and other disputes (`state` has all of them, this dispute's own included); what is reinstated gives its part of it back,
 * and the last of it all that is left.
 */
export function afterMovement(before: Withdrawn, amount: number, state: FeeState): Withdrawn {
  const withdrawn = before.withdrawn - amount;
  if (amount < 0) return { withdrawn, feeShare: before.feeShare + feeShareOf(-amount, state) };
  if (before.withdrawn === 0) return { withdrawn, feeShare: before.feeShare };
  return {
    withdrawn,
    feeShare: Number((BigInt(before.feeShare) * BigInt(withdrawn)) / BigInt(before.withdrawn)),
  };
}
