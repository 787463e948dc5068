/** Venues that can be paid, and payouts to them. */
import { fingerprintOf } from '../../contracts/hashes.ts';
import { payoutReturnWorkflowId, payoutWorkflowId } from '../../contracts/ids.ts';
import type { PayoutResult, ReleasedPayout } from '../../contracts/payout.ts';
import type { PayoutRequest } from '../../contracts/schema/payout.ts';
import type { VenueBody } from '../../contracts/schema/setup.ts';
import type { Store } from '../../store/index.ts';
import type { TestDatabase } from './postgres.ts';
import { openSale } from './sales.ts';

/** What is sold by sales.ts is available from this moment on. */
export const availableAt = '2027-01-03T00:00:00.000Z';
export const payoutAt = '2027-01-10T00:00:00.000Z';
/** Seven days after the event of sales.ts. */
export const reserveDueAt = '2027-06-08T22:00:00.000Z';

export const payable: Partial<VenueBody> = { connectedAccount: 'acct_venue', payoutsEnabled: true };

/** A venue that sells and can be paid. */
export const openPayable = (store: Store, tenantId: string, body: Partial<VenueBody> = {}) =>
  openSale(store, tenantId, { ...payable, ...body });

let count = 0;

/** All that is available, unless parts say otherwise. */
export function payoutOf(tenantId: string, parts: Partial<PayoutRequest> = {}): PayoutRequest {
  count += 1;
  return {
    tenantId,
    payoutId: `payout-${count}`,
    venueId: 'venue',
    reason: 'weekly',
    requestedBy: 'agent',
    ...parts,
  };
}

export const payoutOperationOf = ({ tenantId, payoutId }: PayoutRequest, runId = 'run-1') => ({
  tenantId,
  workflowId: payoutWorkflowId(tenantId, payoutId),
  runId,
});

export const returnOperationOf = ({ tenantId, payoutId }: PayoutRequest, runId = 'run-1') => ({
  tenantId,
  workflowId: payoutReturnWorkflowId(tenantId, payoutId),
  runId,
});

interface When {
  now?: string;
  runId?: string;
}

/** What `payouts.reserve` takes for a request. */
export const reservePayoutOf = (request: PayoutRequest, { now = payoutAt, runId }: When = {}) => ({
  operation: payoutOperationOf(request, runId),
  input: { request, fingerprint: fingerprintOf(request) },
  now,
});

/** What `payouts.transferred` takes. */
export const transferOf = (request: PayoutRequest) => ({
  operation: payoutOperationOf(request),
  transfer: { transferId: `tr_${request.tenantId}_${request.payoutId}` },
  now: payoutAt,
});

/** What `payouts.created` takes. */
export const creationOf = (request: PayoutRequest) => ({
  operation: payoutOperationOf(request),
  payout: { providerPayoutId: `po_${request.tenantId}_${request.payoutId}`, status: 'pending' } as const,
  now: payoutAt,
});

type PaidResult = Extract<PayoutResult, { status: 'paid' }>;

/** What `payouts.settle` takes for a payout that was transferred. */
export const paymentOf = (request: PayoutRequest, amount: number, parts: Partial<PaidResult> = {}) => ({
  operation: payoutOperationOf(request),
  result: {
    status: 'paid',
    moneyMoved: 'paid_out',
    amount,
    currency: 'USD',
    providerPayoutId: creationOf(request).payout.providerPayoutId,
    ...transferOf(request).transfer,
    ...parts,
  } satisfies PaidResult,
  now: payoutAt,
});

export const bankSaidNo = { status: 'returned', moneyMoved: 'with_provider', code: 'account_closed' } as const;

/** What `payouts.release` takes. */
export const releaseOf = (request: PayoutRequest, result: ReleasedPayout = bankSaidNo) => ({
  operation: payoutOperationOf(request),
  result,
  now: payoutAt,
});

/** What `payoutReturns.find` takes. */
export const returnInputOf = ({ tenantId, payoutId }: PayoutRequest) => ({ tenantId, payoutId });

/** What `payoutReturns.book` takes. */
export const returnOf = (request: PayoutRequest, amount: number) => ({
  operation: returnOperationOf(request),
  input: returnInputOf(request),
  returned: { status: 'returned', amount, currency: 'USD', code: 'account_closed' } as const,
  now: payoutAt,
});

/** What `payouts.reserve` answers to what it refuses. */
export const payoutRejection = (reason: string, available?: number) => ({
  kind: 'refused',
  result: { status: 'rejected', moneyMoved: 'with_us', reason, ...(available === undefined ? {} : { available }) },
});

/** What these tests do over and over with a database. */
export const payoutDeskOf = (db: TestDatabase) => {
  const { payouts, payoutReturns, ledger } = db.store;
  const reserve = (request: PayoutRequest, when?: When) => payouts.reserve(reservePayoutOf(request, when));

  async function reserved(request: PayoutRequest, when?: When) {
    const claim = await reserve(request, when);
    if (claim.kind !== 'owned') throw new Error(`not reserved: ${JSON.stringify(claim)}`);
    return claim.reservation;
  }

  async function created(request: PayoutRequest, when?: When) {
    const reservation = await reserved(request, when);
    if (reservation.transferAmount > 0) await payouts.transferred(transferOf(request));
    await payouts.created(creationOf(request));
    return reservation;
  }

  async function paid(request: PayoutRequest, when?: When) {
    const { amount, currency, transferAmount } = await created(request, when);
    const { transferId, ...result } = paymentOf(request, amount, { currency }).result;
    await payouts.settle({
      ...paymentOf(request, amount),
      result: transferAmount > 0 ? { ...result, transferId } : result,
    });
    return amount;
  }

  return {
    reserve,
    reserved,
    created,
    /** To the end that is hoped for. Answers the amount. */
    paid,

    /** Paid, and sent back by the bank afterwards. */
    async returned(request: PayoutRequest, when?: When) {
      const amount = await paid(request, when);
      await payoutReturns.book(returnOf(request, amount));
    },

    /** Entries of an operation's ledger transactions, by step. */
    async postedBy({ workflowId }: { workflowId: string }): Promise<Record<string, Record<string, number>>> {
      const rows = await db.look<{ step: string; entries: Record<string, number> }>(
        `select step, json_object_agg(account, amount) as entries from ledger_transactions t
         join ledger_entries e on e.transaction_id = t.id where t.operation = $1 group by step`,
        [workflowId],
      );
      return Object.fromEntries(rows.map(({ step, entries }) => [step, entries]));
    },

    /** By account, those of 0 left out: for a tenant of one currency. */
    async balancesOf(tenantId: string): Promise<Record<string, number>> {
      const balances = await ledger.balances(tenantId);
      return Object.fromEntries(
        balances.filter(({ balance }) => balance !== 0).map((row) => [row.account, row.balance]),
      );
    },
  };
};
