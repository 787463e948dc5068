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

const eventLock = `hashtext('boxoffice-event'), hashtext($1::text || ':' || $2::text)`;

/** Waits for the claims of the event that have looked at it, and lets later ones wait until this transaction is over. */
export async function holdOffClaims(tx: Tx, tenantId: string, eventId: string): Promise<void> {
  await tx.rows(`select pg_advisory_xact_lock(${eventLock})`, [tenantId, eventId]);
}

/**
 * Under the event's lock until the claim's transaction is over: when the event is cancelled, a claim is either there to be
 * found, or sees sales closed. An advisory lock is first come, first served; rows locked `for share` by a stream of claims
 * would keep the cancellation waiting. It is taken with the venue, because the event has to be read by a later statement.
 */
export async function readSetting(tx: Tx, tenantId: string, venueId: string, eventId: string): Promise<SaleSetting> {
  const venue = await tx.first<FeePolicy & { currency: string | null; frozen: boolean }>(
    `select currency, frozen, fee_basis_points as "feeBasisPoints", fee_fixed as "feeFixed",
       reserve_basis_points as "reserveBasisPoints"
     from (select pg_advisory_xact_lock_shared(${eventLock})) as locked
     left join venues on tenant_id = $1 and venue_id = $3`,
    [tenantId, eventId, venueId],
  );
  const event = await tx.first<{ venueId: string; salesOpen: boolean }>(
    `select venue_id as "venueId", sales_open as "salesOpen" from events where tenant_id = $1 and event_id = $2`,
    [tenantId, eventId],
  );
  if (!venue || venue.currency === null) return event ? { event } : {};
  const { currency, frozen, ...policy } = venue;
  return { venue: { currency, frozen }, policy, ...(event ? { event } : {}) };
}
