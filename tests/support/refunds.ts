/** Purchases that are paid for and minted, and refunds of them. */
import { fingerprintOf } from '../../contracts/hashes.ts';
import { refundWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { ProviderRefund, RefundRequest } from '../../contracts/refund.ts';
import type { CompletedRefund, Store } from '../../store/index.ts';
import type { TestDatabase } from './postgres.ts';
import { claimOf, hashOf, operationOf, orderOf, settlementOf } from './sales.ts';

export const refundedAt = '2027-01-01T12:00:00.000Z';

let tokens = 0n;

/** Claimed, minted and settled. */
export async function sold(
  store: Store,
  tenantId: string,
  parts?: Parameters<typeof orderOf>[1],
): Promise<PurchaseOrder> {
  const order = orderOf(tenantId, parts);
  const operation = operationOf(order);
  const { tickets, venueId, eventId, buyer } = order;
  await store.payments.claim(claimOf(order));
  const reservation = { operation, step: 'mint', tickets, wallet: buyer.wallet, venueId, eventId };
  await store.mints.reserve({ ...reservation, tokenIdOf: () => (tokens += 1n) });
  await store.mints.confirm({ step: 'mint', operation, transactionHash: hashOf('a'), blockNumber: 1 });
  await store.payments.settle(settlementOf(order));
  return order;
}

let count = 0;

/** All that is left, tickets kept, unless parts say otherwise. */
export function refundOf(order: PurchaseOrder, parts: Partial<RefundRequest> = {}): RefundRequest {
  count += 1;
  const { tenantId, idempotencyKey: paymentKey } = order;
  return {
    tenantId,
    refundId: `refund-${count}`,
    paymentKey,
    tickets: 'keep',
    reason: 'asked',
    requestedBy: 'agent',
    ...parts,
  };
}

export const refundOperationOf = ({ tenantId, refundId }: RefundRequest, runId = 'run-1') => ({
  tenantId,
  workflowId: refundWorkflowId(tenantId, refundId),
  runId,
});

/** What `refunds.reserve` takes for a request. */
export const reserveOf = (request: RefundRequest, runId?: string) => ({
  operation: refundOperationOf(request, runId),
  input: { request, fingerprint: fingerprintOf(request) },
  now: refundedAt,
});

/** What `refunds.refunded` takes. */
export const doneOf = (request: RefundRequest) => ({
  operation: refundOperationOf(request),
  refund: { providerRefundId: `re_${request.refundId}`, status: 'succeeded' } satisfies ProviderRefund,
  now: refundedAt,
});

/** What `refunds.settle` takes. */
export const completionOf = (request: RefundRequest, amount: number, parts: Partial<CompletedRefund> = {}) => ({
  operation: refundOperationOf(request),
  result: {
    status: 'completed',
    moneyMoved: 'refunded',
    amount,
    currency: 'USD',
    providerRefundId: `re_${request.refundId}`,
    burned: [],
    ...parts,
  } satisfies CompletedRefund,
  now: refundedAt,
});

/** What `refunds.giveBack` takes for a refund that the provider could not make. */
export const failureOf = (request: RefundRequest) => ({
  operation: refundOperationOf(request),
  result: { status: 'failed', moneyMoved: 'captured', code: 'expired_or_canceled_card' } as const,
  now: refundedAt,
});

/** What these tests do over and over with a database. */
export const deskOf = (db: TestDatabase) => {
  const { refunds } = db.store;
  const reserve = (request: RefundRequest, runId?: string) => refunds.reserve(reserveOf(request, runId));

  async function reserved(request: RefundRequest) {
    const claim = await reserve(request);
    if (claim.kind !== 'owned') throw new Error(`not reserved: ${JSON.stringify(claim)}`);
    return claim.reservation;
  }

  return {
    reserve,
    reserved,

    /** To the end that is hoped for. */
    async completed(request: RefundRequest, burned: string[] = []) {
      const { amount, currency } = await reserved(request);
      await refunds.refunded(doneOf(request));
      return refunds.settle(completionOf(request, amount, { currency, burned }));
    },

    /** Entries of a refund's ledger transactions, by step. */
    async postedBy(request: RefundRequest): Promise<Record<string, Record<string, number>>> {
      const rows = await db.look<{ step: string; entries: Record<string, number> }>(
        `select step, json_object_agg(account, amount) as entries from ledger_transactions t
         join ledger_entries e on e.transaction_id = t.id where t.operation = $1 group by step`,
        [refundOperationOf(request).workflowId],
      );
      return Object.fromEntries(rows.map(({ step, entries }) => [step, entries]));
    },

    /** By account, those of 0 left out: for a tenant of one currency. */
    async balancesOf(tenantId: string): Promise<Record<string, number>> {
      const balances = await db.store.ledger.balances(tenantId);
      return Object.fromEntries(
        balances.filter(({ balance }) => balance !== 0).map((row) => [row.account, row.balance]),
      );
    },
  };
};
