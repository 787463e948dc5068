/** From what stands in the books of an event's purchases to what became of them. Pure. */
import { type CancellationReport, nothingYet } from '../contracts/event-cancellation.ts';
import type { Currency } from '../contracts/money.ts';
import type { RefundResult } from '../contracts/refund.ts';

/** Completed purchases that stand alike. */
export interface PurchaseGroup {
  currency: Currency;
  free: boolean;
  /** A refund of this cancellation is written down for them. */
  planned: boolean;
  /** How it ended; null while it has not. */
  ended: RefundResult['status'] | null;
  /** Why it was rejected. */
  reason: string | null;
  /** Refunds, whoever asked for them, take all of it. */
  taken: boolean;
  /** Some of that is not at the provider yet, so it may be given back to the books. */
  reserved: boolean;
  /** A step of one of its refunds waits for a person. */
  parked: boolean;
  /** Its refund was written down lately. */
  fresh: boolean;
  count: number;
  /** Sum of what the refunds of this cancellation gave back. Minor units. */
  amount: number;
}

type Standing = 'free' | 'refunded' | 'refundedBefore' | 'failed' | 'refused' | 'pending' | 'inReview' | 'notStarted';

export function standingOf(group: Omit<PurchaseGroup, 'currency' | 'fresh' | 'count' | 'amount'>): Standing {
  const { free, planned, ended, reason, taken, reserved, parked } = group;
  const open = parked ? 'inReview' : 'pending';
  if (free) return 'free';
  if (ended === 'completed') return 'refunded';
  if (ended === 'failed') return 'failed';
  // Others take all of it: before this one was written down, or before it could reserve.
  const takenByOthers = taken && (!planned || (ended === 'rejected' && reason === 'exceeds'));
  if (takenByOthers) return reserved ? open : 'refundedBefore';
  if (ended !== null) return 'refused';
  return planned ? open : 'notStarted';
}

export function reportOf(
  groups: readonly PurchaseGroup[],
  others: Pick<CancellationReport, 'inFlight' | 'cancelledInFlight'>,
): CancellationReport {
  const report = { ...nothingYet, ...others };
  const refused: Record<string, number> = {};
  const amounts: Partial<Record<Currency, number>> = {};
  for (const group of groups) {
    const { count, currency, amount, reason, ended } = group;
    const standing = standingOf(group);
    report.purchases += count;
    if (standing === 'refused') {
      const why = reason ?? ended ?? 'unknown';
      refused[why] = (refused[why] ?? 0) + count;
    } else report[standing] += count;
    if (standing === 'refunded') amounts[currency] = (amounts[currency] ?? 0) + amount;
  }
  return { ...report, refused, amounts };
}

/**
 * What fills the window of a wave. Neither what waits for a person nor what has been under way for long, which a bank may
 * be doing for days: a few of those would stop all that come after them.
 */
export const underWay = (groups: readonly PurchaseGroup[]): number =>
  groups.reduce((sum, group) => sum + (group.fresh && standingOf(group) === 'pending' ? group.count : 0), 0);
