/** A refund that had succeeded, and that the provider took back later: its money is the platform's and the venue's again. */
import type { RefundReturnInput, RefundReturnResult } from '../contracts/dispute.ts';
import type { ProviderRefund } from '../contracts/refund.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { takeClaim, writeResult } from './claims.ts';
import { parkIn } from './dead-letters.ts';
import { reshareLost } from './dispute-reshare.ts';
import { ClaimLostError } from './errors.ts';
import { post } from './ledger.ts';
import type { Operation } from './operation.ts';
import { refundDone, refundReserved, reversed } from './postings.ts';
import { lockRefund } from './refund-state.ts';
import { storableText } from './rows.ts';

export interface ReturnRefund {
  operation: Operation;
  input: RefundReturnInput;
  /** As the provider has it now: failed or canceled. */
  refund: ProviderRefund;
  /** Business time, ISO 8601. */
  now: string;
}

/** `not_yet`: the refund's own workflow has not ended; ask again later. */
export type ReturnOutcome = { kind: 'ended'; result: RefundReturnResult } | { kind: 'not_yet' };

const withdrawn: ReturnOutcome = { kind: 'ended', result: { status: 'withdrawn' } };

interface RefundRow {
  status: string;
  providerRefundId: string | null;
}

async function takeIn(tx: Tx, { operation, input, refund, now }: ReturnRefund): Promise<ReturnOutcome> {
  const { tenantId } = operation;
  const { fingerprint, request } = input;
  const key = request.refundId;
  const row = await tx.first<RefundRow>(
    `select status, provider_refund_id as "providerRefundId" from refunds where tenant_id = $1 and refund_id = $2`,
    [tenantId, key],
  );
  if (!row) return withdrawn;
  if (row.status === 'reserved' || row.status === 'refunded') return { kind: 'not_yet' };
  // What was given up before has nothing to return, and another object than ours returns nothing of ours.
  const done = row.status === 'completed' || row.status === 'returned';
  if (!done || row.providerRefundId !== refund.providerRefundId) return withdrawn;

  const existing = await takeClaim(tx, {
    operation, kind: 'refund-return', key, fingerprint, queueName: 'money', jobType: 'refund-return', now,
    keepForMs: 'forever',
  }); // prettier-ignore
  // Claimed and settled in one transaction, so there is no other kind of claim.
  if (existing && existing.kind !== 'settled') throw new ClaimLostError('refund-return', key, 'another request');
  if (existing) return { kind: 'ended', result: existing.result as RefundReturnResult };
  return { kind: 'ended', result: await giveBack(tx, { operation, input, refund, now }) };
}

/** The buyer may have neither money nor ticket now, so a person hears of it in the same transaction. */
async function giveBack(tx: Tx, { operation, input, refund, now }: ReturnRefund): Promise<RefundReturnResult> {
  const { tenantId, workflowId } = operation;
  const { refundId } = input.request;
  const { amount, currency, feeShare, venueId, availableOn, paymentKey } = await lockRefund(tx, tenantId, refundId);
  const code = storableText(refund.failureCode ?? refund.status);
  await post(tx, {
    tenantId,
    operation: workflowId,
    step: 'refund_returned',
    occurredAt: now,
    venueId,
    currency,
    ...(availableOn === null ? {} : { availableOn }),
    // Both at once: what was set aside for the customer comes and goes in the same moment.
    postings: [...reversed(refundDone(amount)), ...reversed(refundReserved({ amount, feeShare }))].filter(
      ({ account }) => account !== 'refunds_pending',
    ),
  });
  await tx.affected(
    `update refunds set status = 'returned', failure_code = $3 where tenant_id = $1 and refund_id = $2`,
    [tenantId, refundId, code],
  );
  await reshareLost(tx, { operation, paymentKey, now });
  await parkIn(tx, {
    operation,
    queueName: 'money',
    jobType: 'refund-return',
    step: 'refund_returned',
    error: code,
    attempts: 0,
    moneyMoved: 'captured',
    data: { paymentKey, refundId, amount, currency },
  });
  const result = { status: 'returned', amount, currency, code } as const;
  await writeResult(tx, tenantId, { kind: 'refund-return', key: refundId, result, now });
  return result;
}

export const createRefundReturns = (pool: Pool) => ({
  /**
   * Takes back what the refund had posted, once; nothing is claimed while there is nothing to return. Neither holds nor
   * tokens come back. @throws ClaimLostError
   */
  take(request: ReturnRefund): Promise<ReturnOutcome> {
    return withTenant(pool, request.operation.tenantId, (tx) => takeIn(tx, request));
  },
});
