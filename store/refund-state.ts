/** Where a payment's refunds stand, read under the lock of its row. */
import type { Currency } from '../contracts/money.ts';
import type { PaymentResult } from '../contracts/payment.ts';
import type { RefundResult } from '../contracts/refund.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { ClaimLostError } from './errors.ts';
import type { RefundState } from './refund-rules.ts';

export interface LockedPayment {
  status: 'live' | PaymentResult['status'];
  workflowId: string;
  venueId: string;
  currency: Currency;
  captured: number;
  platformFee: number;
  /** null when nothing was captured. */
  chargeId: string | null;
  availableOn: string | null;
}

const live = `status in ('reserved', 'refunded', 'completed')`;

export async function lockPayment(tx: Tx, tenantId: string, paymentKey: string): Promise<LockedPayment | undefined> {
  return tx.first<LockedPayment>(
    `select status, workflow_id as "workflowId", venue_id as "venueId", currency, amount as captured,
       platform_fee as "platformFee", charge_id as "chargeId", available_on as "availableOn"
     from payments where tenant_id = $1 and payment_key = $2 for update`,
    [tenantId, paymentKey],
  );
}

export interface Sums {
  taken: number;
  feeTaken: number;
  /** Of `taken`, what has arrived at its end: the provider may still fail to give back the rest. */
  returned: number;
}

/** Of live refunds, and of disputes while the bank has their money. */
export async function readSums(tx: Tx, tenantId: string, paymentKey: string): Promise<Sums> {
  const sums = await tx.first<Sums>(
    `select coalesce(sum(amount), 0)::bigint as taken, coalesce(sum(fee_share), 0)::bigint as "feeTaken",
       coalesce(sum(amount) filter (where status = 'completed'), 0)::bigint as returned
     from (
       select amount, fee_share, status from refunds where tenant_id = $1 and payment_key = $2 and ${live}
       union all
       select withdrawn, fee_share, 'reserved' from disputes where tenant_id = $1 and payment_key = $2 and withdrawn > 0
     ) as gone`,
    [tenantId, paymentKey],
  );
  return sums ?? { taken: 0, feeTaken: 0, returned: 0 };
}

export async function readTickets(
  tx: Tx,
  tenantId: string,
  paymentKey: string,
  paymentWorkflowId: string,
): Promise<RefundState['tickets']> {
  return tx.rows<RefundState['tickets'][number]>(
    `with live as (
       select ticket_ids, burn_ticket_ids from refunds where tenant_id = $1 and payment_key = $2 and ${live}
     )
     select ticket_id as "ticketId", price,
       exists (select from live where t.ticket_id = any (ticket_ids)) as refunded,
       exists (select from live where t.ticket_id = any (burn_ticket_ids)) as burning,
       exists (select from mints m where m.tenant_id = $1 and m.workflow_id = $3 and m.ticket_id = t.ticket_id
         and m.status = 'minted') as live
     from payment_tickets t where tenant_id = $1 and payment_key = $2 order by position`,
    [tenantId, paymentKey, paymentWorkflowId],
  );
}

export interface LockedRefund extends Pick<LockedPayment, 'venueId' | 'currency' | 'availableOn'> {
  refundId: string;
  paymentKey: string;
  amount: number;
  feeShare: number;
  status: 'reserved' | 'refunded' | 'returned' | RefundResult['status'];
  /** Once the provider gives it back. */
  providerRefundId: string | null;
}

/** The refund under its payment's lock. Its own row changes only under its claim, which the caller has locked. */
export async function lockRefund(tx: Tx, tenantId: string, refundId: string): Promise<LockedRefund> {
  const refund = await tx.first<LockedRefund>(
    `select r.refund_id as "refundId", r.payment_key as "paymentKey", r.amount, r.fee_share as "feeShare", r.currency,
       r.status, r.provider_refund_id as "providerRefundId", p.venue_id as "venueId", p.available_on as "availableOn"
     from refunds r join payments p using (tenant_id, payment_key)
     where r.tenant_id = $1 and r.refund_id = $2 for update of p`,
    [tenantId, refundId],
  );
  if (!refund) throw new ClaimLostError('refund', refundId, undefined);
  return refund;
}

/** All money is back for good and every ticket burned: order and tickets can be sold again. */
export async function nothingRemains(tx: Tx, tenantId: string, paymentKey: string): Promise<boolean> {
  const row = await tx.first<{ nothing: boolean }>(
    `select p.amount = (select coalesce(sum(amount), 0) from refunds r
         where r.tenant_id = $1 and r.payment_key = $2 and r.status = 'completed')
       and not exists (select from payment_tickets t where t.tenant_id = $1 and t.payment_key = $2
         and not exists (select from mints m where m.tenant_id = $1 and m.workflow_id = p.workflow_id
           and m.ticket_id = t.ticket_id and m.status = 'burned')) as nothing
     from payments p where tenant_id = $1 and payment_key = $2`,
    [tenantId, paymentKey],
  );
  return row?.nothing ?? false;
}
