/** Where the purchases of a cancelled event stand, by the books alone. */
import type { CancellationReport, EventCancellationResult } from '../contracts/event-cancellation.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { patienceMs } from '../contracts/retry-profiles.ts';
import { type PurchaseGroup, reportOf, underWay } from './event-cancellation-rules.ts';

const liveRefund = `r.status in ('reserved', 'refunded', 'completed')`;

/**
 * Grouped in the database, so that a look at ten thousand purchases answers a handful of rows. What of a refund is planned
 * and not claimed has neither an end nor a dead letter: it counts as pending.
 */
const groups = `
  with taken as (
    select r.payment_key, sum(r.amount) as amount, bool_or(r.status = 'reserved') as reserved,
      bool_or(r.status <> 'completed' and exists (select from dead_letter_jobs d where d.tenant_id = $1
        and d.workflow_id = r.workflow_id and d.resolved_at is null)) as parked
    from refunds r join payments p using (tenant_id, payment_key)
    where r.tenant_id = $1 and p.event_id = $2 and ${liveRefund}
    group by r.payment_key
  ), standing as (
    select p.currency, p.amount = 0 as free, e.refund_id is not null as planned, c.result->>'status' as ended,
      c.result->>'reason' as reason, coalesce(t.amount, 0) = p.amount as taken, coalesce(t.reserved, false) as reserved,
      coalesce(t.parked, false) as parked, coalesce(e.planned_at > $3::timestamptz - $4::float8 * interval '1 ms', false) as fresh,
      coalesce((c.result->>'amount')::bigint, 0) as amount
    from payments p
    left join taken t on t.payment_key = p.payment_key
    left join event_refunds e on e.tenant_id = $1 and e.event_id = $2 and e.payment_key = p.payment_key
    left join idempotency_keys c on c.tenant_id = $1 and c.kind = 'refund' and c.key = e.refund_id and c.status = 'settled'
    where p.tenant_id = $1 and p.event_id = $2 and p.status = 'completed'
  )
  select currency, free, planned, ended, case when ended = 'rejected' then reason end as reason, taken, reserved, parked,
    fresh, count(*)::int8 as count, sum(amount)::int8 as amount
  from standing group by 1, 2, 3, 4, 5, 6, 7, 8, 9`;

/** `underWay` is what fills a wave's window. `now` is business time. */
export async function readReport(
  tx: Tx,
  { tenantId, eventId, now }: { tenantId: string; eventId: string; now: string },
): Promise<{ report: CancellationReport; underWay: number }> {
  const rows = await tx.rows<PurchaseGroup>(groups, [tenantId, eventId, now, patienceMs]);
  const others = await tx.first<Pick<CancellationReport, 'inFlight' | 'cancelledInFlight'>>(
    `select count(*) filter (where p.status = 'live')::int8 as "inFlight",
       count(*) filter (where p.status not in ('live', 'completed') and p.ended_at >= e.started_at)::int8
         as "cancelledInFlight"
     from payments p join event_cancellations e using (tenant_id, event_id)
     where p.tenant_id = $1 and p.event_id = $2`,
    [tenantId, eventId],
  );
  return { report: reportOf(rows, others ?? { inFlight: 0, cancelledInFlight: 0 }), underWay: underWay(rows) };
}

/** Completed purchases after `cursor` that no refund was written down for and that others leave something of. */
export function readUnplanned(
  tx: Tx,
  { tenantId, eventId, cursor, limit }: { tenantId: string; eventId: string; cursor: number; limit: number },
): Promise<{ paymentId: number; paymentKey: string }[]> {
  return tx.rows(
    `select p.payment_id as "paymentId", p.payment_key as "paymentKey" from payments p
     where p.tenant_id = $1 and p.event_id = $2 and p.payment_id > $3 and p.status = 'completed' and p.amount > 0
       and not exists (select from event_refunds e where e.tenant_id = $1 and e.event_id = $2
         and e.payment_key = p.payment_key)
       and p.amount > (select coalesce(sum(r.amount), 0) from refunds r where r.tenant_id = $1
         and r.payment_key = p.payment_key and ${liveRefund})
     order by p.payment_id limit $4`,
    [tenantId, eventId, cursor, limit],
  );
}

export interface PlannedRefund {
  paymentKey: string;
  refundId: string;
  /** The event's. */
  venueId: string;
}

/** Written down, and without a claim: on its way, or lost before it was started. */
export function readUnclaimed(tx: Tx, tenantId: string, eventId: string): Promise<PlannedRefund[]> {
  return tx.rows(
    `select e.payment_key as "paymentKey", e.refund_id as "refundId", v.venue_id as "venueId"
     from event_refunds e join events v using (tenant_id, event_id)
     where e.tenant_id = $1 and e.event_id = $2 and not exists (select from idempotency_keys c
       where c.tenant_id = $1 and c.kind = 'refund' and c.key = e.refund_id)
     order by e.payment_key`,
    [tenantId, eventId],
  );
}

export interface EventCancellationRecord {
  status: 'live' | EventCancellationResult['status'];
  workflowId: string;
  runId: string;
  /** As of the last look. */
  report: CancellationReport;
  /** ISO 8601, business time. */
  startedAt: string;
  endedAt?: string;
  result?: EventCancellationResult;
}

export interface PurchaseInFlight {
  paymentId: number;
  workflowId: string;
}

export const createEventCancellationReads = (pool: Pool) => ({
  get(tenantId: string, eventId: string): Promise<EventCancellationRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<
        Omit<EventCancellationRecord, 'endedAt' | 'result'> & {
          endedAt: string | null;
          result: EventCancellationResult | null;
        }
      >(
        `select e.status, e.workflow_id as "workflowId", e.run_id as "runId", e.report, e.started_at as "startedAt",
           e.ended_at as "endedAt", c.result
         from event_cancellations e join idempotency_keys c
           on c.tenant_id = e.tenant_id and c.kind = 'event-cancellation' and c.key = e.event_id
         where e.tenant_id = $1 and e.event_id = $2`,
        [tenantId, eventId],
      );
      if (!row) return undefined;
      const { endedAt, result, ...rest } = row;
      return { ...rest, ...(endedAt === null ? {} : { endedAt }), ...(result ? { result } : {}) };
    });
  },

  /** Purchases of the event that have not ended, in the order in which they came. */
  inFlight(
    tenantId: string,
    eventId: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<PurchaseInFlight[]> {
    return withTenant(pool, tenantId, (tx) =>
      tx.rows<PurchaseInFlight>(
        `select payment_id as "paymentId", workflow_id as "workflowId" from payments
         where tenant_id = $1 and event_id = $2 and status = 'live' and payment_id > $3 order by payment_id limit $4`,
        [tenantId, eventId, after, limit],
      ),
    );
  },
});
