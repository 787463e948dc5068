/** Refunds as people look them up. */
import type { Currency } from '../contracts/money.ts';
import type { RefundRequest, RefundResult } from '../contracts/refund.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { cursorOf, iso, pageOf, pageSizeOf } from './payment-reads.ts';
import { fromRow, type Row } from './rows.ts';

/** What was reserved, and what became of it. Minor units; times are ISO 8601, business time. */
export interface ReservedRefund {
  paymentKey: string;
  amount: number;
  /** The platform's part of `amount`; the rest is the venue's. */
  feeShare: number;
  currency: Currency;
  tickets: RefundRequest['tickets'];
  /** Whose price goes back. */
  ticketIds: string[];
  burned: string[];
  reason: string;
  requestedBy: string;
  providerRefundId?: string;
  /** When the provider had made it. */
  refundedAt?: string;
  failureCode?: string;
}

export interface RefundRecord {
  refundId: string;
  /**
   * `reserved`: not yet at the provider, as far as is known. `refunded`: the provider has made it, and may not have ended it.
   * `returned`: it was completed, and the provider took it back later; `result` still says what was told then.
   */
  status: 'reserved' | 'refunded' | 'returned' | RefundResult['status'];
  workflowId: string;
  runId: string;
  fingerprint: string;
  claimedAt: string;
  endedAt?: string;
  result?: RefundResult;
  /** Absent when nothing was reserved. */
  refund?: ReservedRefund;
}

export interface RefundFilter {
  paymentKey?: string;
  /** 1 to 200. */
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface RefundPage {
  /** Newest first, without those that reserved nothing: they are found by their id. */
  refunds: RefundRecord[];
  nextCursor?: string;
}

interface ClaimColumns extends Omit<RefundRecord, 'status' | 'refund'> {
  refundSeq?: number;
  rowStatus?: RefundRecord['status'];
}
interface JoinedRow {
  claim: Row<ClaimColumns>;
  refund: Row<ReservedRefund> | null;
}

const joined = `
  select
    json_build_object('refundId', c.key, 'workflowId', c.workflow_id, 'runId', c.run_id, 'fingerprint', c.fingerprint,
      'claimedAt', ${iso('c.claimed_at')}, 'endedAt', ${iso('c.processed_at')}, 'result', c.result,
      'refundSeq', r.refund_seq, 'rowStatus', r.status) as claim,
    case when r.refund_seq is not null then json_build_object('paymentKey', r.payment_key, 'amount', r.amount,
      'feeShare', r.fee_share, 'currency', r.currency, 'tickets', r.tickets, 'ticketIds', r.ticket_ids,
      'burned', r.burned_ticket_ids, 'reason', r.reason, 'requestedBy', r.requested_by,
      'providerRefundId', r.provider_refund_id, 'refundedAt', ${iso('r.refunded_at')},
      'failureCode', r.failure_code) end as refund
  from idempotency_keys c left join refunds r on r.tenant_id = c.tenant_id and r.refund_id = c.key
  where c.tenant_id = $1 and c.kind = 'refund'`;

function recordOf({ claim, refund }: JoinedRow): RefundRecord {
  const { refundSeq: _, rowStatus, ...columns } = fromRow<ClaimColumns>(claim);
  return {
    ...columns,
    status: rowStatus === 'returned' ? rowStatus : (columns.result?.status ?? rowStatus ?? 'reserved'),
    ...(refund && { refund: fromRow<ReservedRefund>(refund) }),
  };
}

async function listIn(tx: Tx, tenantId: string, filter: RefundFilter): Promise<RefundPage> {
  const limit = pageSizeOf(filter.limit);
  const rows = await tx.rows<JoinedRow>(
    `${joined} and r.refund_seq is not null and ($2::text is null or r.payment_key = $2)
       and ($3::bigint is null or r.refund_seq < $3)
     order by r.refund_seq desc limit $4`,
    [tenantId, filter.paymentKey ?? null, cursorOf(filter.cursor), limit + 1],
  );
  const { items, next } = pageOf(rows, limit, { item: recordOf, number: ({ claim }) => claim.refundSeq ?? undefined });
  return { refunds: items, ...next };
}

export const createRefundReads = (pool: Pool) => ({
  get(tenantId: string, refundId: string): Promise<RefundRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<JoinedRow>(`${joined} and c.key = $2`, [tenantId, refundId]);
      return row && recordOf(row);
    });
  },

  /** @throws InvalidCursorError */
  list(tenantId: string, filter: RefundFilter): Promise<RefundPage> {
    return withTenant(pool, tenantId, (tx) => listIn(tx, tenantId, filter));
  },
});
