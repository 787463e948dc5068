/** Disputes as people look them up. */
import type { DisputeResult } from '../contracts/dispute.ts';
import type { Currency } from '../contracts/money.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

/** Minor units; times are ISO 8601. */
export interface DisputeRecord {
  disputeId: string;
  paymentKey: string;
  workflowId: string;
  chargeId: string;
  amount: number;
  currency: Currency;
  /** The provider's word for where it stands, and for why it was opened. */
  providerStatus: string;
  reason: string;
  /** Whether the provider refunds the charge meanwhile. */
  refundable: boolean;
  evidenceDueBy?: string;
  /** What the bank has now. */
  withdrawn: number;
  /** What the provider kept for it. */
  fee: number;
  openedAt: string;
  endedAt?: string;
  outcome?: DisputeResult['status'];
}

const select = `
  select dispute_id as "disputeId", payment_key as "paymentKey", workflow_id as "workflowId", charge_id as "chargeId",
    amount, currency, status as "providerStatus", reason, refundable, evidence_due_by as "evidenceDueBy", withdrawn, fee,
    opened_at as "openedAt", ended_at as "endedAt", outcome
  from disputes where tenant_id = $1`;

/** Under the payment's lock: whether its charge cannot be refunded now, because a bank has its money. */
export async function isDisputed(tx: Tx, tenantId: string, paymentKey: string): Promise<boolean> {
  const open = await tx.rows(
    `select from disputes where tenant_id = $1 and payment_key = $2 and ended_at is null
       and (withdrawn > 0 or not refundable)`,
    [tenantId, paymentKey],
  );
  return open.length > 0;
}

export const createDisputeReads = (pool: Pool) => ({
  get(tenantId: string, disputeId: string): Promise<DisputeRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<DisputeRecord>>(`${select} and dispute_id = $2`, [tenantId, disputeId]);
      return row && fromRow<DisputeRecord>(row);
    });
  },

  /** All of a payment's, oldest first: a charge has a handful at most. */
  ofPayment(tenantId: string, paymentKey: string): Promise<DisputeRecord[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<Row<DisputeRecord>>(`${select} and payment_key = $2 order by dispute_seq`, [
        tenantId,
        paymentKey,
      ]);
      return rows.map((row) => fromRow<DisputeRecord>(row));
    });
  },
});
