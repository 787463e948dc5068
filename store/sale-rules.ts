/** Whether a venue sells an event to an order: what is set up, and the rule. */
import type { FeePolicy } from '../contracts/money.ts';
import type { PurchaseOrder, RefusedReason } from '../contracts/payment.ts';
import type { Tx } from '../infrastructure/postgres.ts';

export interface SaleSetting {
  venue?: { currency: string; frozen: boolean };
  policy?: FeePolicy;
  event?: { venueId: string; salesOpen: boolean };
}

/** Why the order is refused, the most basic reason first; undefined when it is let in. */
export function refusalOf(
  { venue, event }: SaleSetting,
  order: Pick<PurchaseOrder, 'venueId' | 'currency'>,
): RefusedReason | undefined {
  if (!venue) return 'no_venue';
  if (!event || event.venueId !== order.venueId) return 'no_event';
  if (venue.currency !== order.currency) return 'currency';
  if (venue.frozen) return 'venue_frozen';
  return event.salesOpen ? undefined : 'sales_closed';
}

/**
 * A plain read: a claim that read "open" may commit a moment after sales were closed, and counts as before it. Locking the
 * event would let a stream of claims keep the closing waiting.
 */
export async function readSetting(tx: Tx, tenantId: string, venueId: string, eventId: string): Promise<SaleSetting> {
  const venue = await tx.first<FeePolicy & { currency: string; frozen: boolean }>(
    `select currency, frozen, fee_basis_points as "feeBasisPoints", fee_fixed as "feeFixed",
       reserve_basis_points as "reserveBasisPoints" from venues where tenant_id = $1 and venue_id = $2`,
    [tenantId, venueId],
  );
  const event = await tx.first<{ venueId: string; salesOpen: boolean }>(
    `select venue_id as "venueId", sales_open as "salesOpen" from events where tenant_id = $1 and event_id = $2`,
    [tenantId, eventId],
  );
  if (!venue) return event ? { event } : {};
  const { currency, frozen, ...policy } = venue;
  return { venue: { currency, frozen }, policy, ...(event ? { event } : {}) };
}
