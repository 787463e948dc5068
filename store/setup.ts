/** What has to exist before a purchase: venues, events, and what an emailRef stands for. */
import type { ContactBody, EventBody, VenueBody } from '../contracts/schema/setup.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

type Policy = 'frozen' | 'payoutsEnabled' | 'reserveDays' | 'payoutApproval' | 'refundApproval';
export type Venue = VenueBody & Required<Pick<VenueBody, Policy>> & { venueId: string };
export type Event = EventBody & { eventId: string };

export const createVenues = (pool: Pool) => ({
  /**
   * Creates or changes. What the body leaves out stays as it is, so that a rename unfreezes nothing; a new venue is not
   * frozen, and its payouts are off until somebody switches them on. What a new venue's body says nothing about: its reserve
   * is released after 7 days, every payout needs an approver and those above 1,000,000 minor units two, refunds need none.
   */
  put(tenantId: string, venueId: string, venue: VenueBody): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `insert into venues as old (tenant_id, venue_id, name, currency, fee_basis_points, fee_fixed, reserve_basis_points,
           connected_account, frozen, payouts_enabled, reserve_days, payout_approval_one, payout_approval_two,
           refund_approval_one, refund_approval_two)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9::boolean, false), coalesce($10::boolean, false),
           coalesce($11::integer, 7), coalesce($12::bigint, 0), coalesce($13::bigint, 1000000),
           coalesce($14::bigint, 9007199254740991), coalesce($15::bigint, 9007199254740991))
         on conflict (tenant_id, venue_id) do update set
           name = $3, currency = $4, fee_basis_points = $5, fee_fixed = $6, reserve_basis_points = $7,
           connected_account = coalesce($8, old.connected_account), frozen = coalesce($9::boolean, old.frozen),
           payouts_enabled = coalesce($10::boolean, old.payouts_enabled),
           reserve_days = coalesce($11::integer, old.reserve_days),
           payout_approval_one = coalesce($12::bigint, old.payout_approval_one),
           payout_approval_two = coalesce($13::bigint, old.payout_approval_two),
           refund_approval_one = coalesce($14::bigint, old.refund_approval_one),
           refund_approval_two = coalesce($15::bigint, old.refund_approval_two), updated_at = now()`,
        [
          tenantId, venueId, venue.name, venue.currency, venue.feeBasisPoints, venue.feeFixed, venue.reserveBasisPoints,
          venue.connectedAccount ?? null, venue.frozen ?? null, venue.payoutsEnabled ?? null,
          venue.reserveDays ?? null, venue.payoutApproval?.one ?? null, venue.payoutApproval?.two ?? null,
          venue.refundApproval?.one ?? null, venue.refundApproval?.two ?? null,
        ], // prettier-ignore
      );
    });
  },

  get(tenantId: string, venueId: string): Promise<Venue | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<Venue>>(
        `select venue_id as "venueId", name, currency, connected_account as "connectedAccount",
           fee_basis_points as "feeBasisPoints", fee_fixed as "feeFixed", reserve_basis_points as "reserveBasisPoints",
           frozen, payouts_enabled as "payoutsEnabled", reserve_days as "reserveDays",
           json_build_object('one', payout_approval_one, 'two', payout_approval_two) as "payoutApproval",
           json_build_object('one', refund_approval_one, 'two', refund_approval_two) as "refundApproval"
         from venues where tenant_id = $1 and venue_id = $2`,
        [tenantId, venueId],
      );
      return row && fromRow<Venue>(row);
    });
  },
});

export const createEvents = (pool: Pool) => ({
  /** Creates or changes; the sales of a cancelled event stay closed. False when the venue does not exist. */
  put(tenantId: string, eventId: string, event: EventBody): Promise<boolean> {
    return withTenant(pool, tenantId, async (tx) => {
      const written = await tx.affected(
        `insert into events (tenant_id, event_id, venue_id, name, ends_at, sales_open)
         select $1::text, $2, venue_id, $4, $5, $6 from venues where tenant_id = $1 and venue_id = $3
         on conflict (tenant_id, event_id) do update set
           venue_id = excluded.venue_id, name = excluded.name, ends_at = excluded.ends_at,
           sales_open = excluded.sales_open and events.cancelled_at is null, updated_at = now()`,
        [tenantId, eventId, event.venueId, event.name, event.endsAt, event.salesOpen],
      );
      return written === 1;
    });
  },

  get(tenantId: string, eventId: string): Promise<Event | undefined> {
    return withTenant(pool, tenantId, (tx) =>
      tx.first<Event>(
        `select event_id as "eventId", venue_id as "venueId", name, ends_at as "endsAt", sales_open as "salesOpen"
         from events where tenant_id = $1 and event_id = $2`,
        [tenantId, eventId],
      ),
    );
  },
});

export const createContacts = (pool: Pool) => ({
  put({ tenantId, ref, kind, value, name }: ContactBody & { tenantId: string; ref: string }): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `insert into personal_data (tenant_id, ref, kind, value, name) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, ref) do update set
           kind = excluded.kind, value = excluded.value, name = excluded.name, updated_at = now()`,
        [tenantId, ref, kind, value, name ?? null],
      );
    });
  },

  /** Undefined when the reference stands for nobody (any more). The answer is personal data: send it, never log it. */
  resolve(tenantId: string, ref: string): Promise<ContactBody | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<ContactBody>>(
        `select kind, value, name from personal_data where tenant_id = $1 and ref = $2`,
        [tenantId, ref],
      );
      return row && fromRow<ContactBody>(row);
    });
  },
});
