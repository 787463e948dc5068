/** Payouts as people and webhooks look them up, and what a venue's money stands at. */
import type { Currency } from '../contracts/money.ts';
import type { PayoutReservation, PayoutResult } from '../contracts/payout.ts';
import { asSystem, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { cursorOf, iso, pageOf, pageSizeOf } from './payment-reads.ts';
import { availableOf } from './payout-rules.ts';
import { type PayoutRowStatus, readOwed } from './payout-state.ts';
import { sumOfDueReserves } from './reserves.ts';
import { fromRow, type Row } from './rows.ts';
import { readStatement, type Statement } from './statements.ts';

/** What was reserved, and what became of it. Minor units; times are ISO 8601, business time. */
export interface ReservedPayout extends PayoutReservation {
  venueId: string;
  reason: string;
  requestedBy: string;
  reservedAt: string;
  transferId?: string;
  providerPayoutId?: string;
  paidAt?: string;
  /** It came back after it had been paid. */
  returnedAt?: string;
  failureCode?: string;
}

export interface PayoutRecord {
  payoutId: string;
  /**
   * `waiting`: nothing is reserved yet · `transferred`: the venue's account has the money · `created`: on its way to the bank.
   * A payout that came back after it was paid is `returned`, while its result stays what it was.
   */
  status: 'waiting' | PayoutRowStatus;
  workflowId: string;
  runId: string;
  fingerprint: string;
  claimedAt: string;
  endedAt?: string;
  result?: PayoutResult;
  /** Absent when nothing was reserved. */
  payout?: ReservedPayout;
}

export interface PayoutFilter {
  venueId?: string;
  /** 1 to 200. */
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface PayoutPage {
  /** Newest first, without those that reserved nothing: they are found by their id. */
  payouts: PayoutRecord[];
  nextCursor?: string;
}

/** Minor units of the venue's currency. */
export interface VenueBalances {
  currency: Currency;
  /** Owed to the venue, available or not; less than 0 when it owes. */
  payable: number;
  /** What a payout could take now, with the part of the reserve that is due. */
  available: number;
  reserve: number;
  /** Kept back while a dispute is open. */
  hold: number;
  /** Reserved by payouts that have not ended. */
  inPayout: number;
  /** In its account at the provider. */
  connected: number;
  /** On its way to its bank. */
  inTransit: number;
}

export interface RoutedPayout {
  tenantId: string;
  payoutId: string;
  workflowId: string;
  status: PayoutRowStatus;
  /** The venue's account at the provider that it was made on. */
  account: string;
}

interface ClaimColumns extends Omit<PayoutRecord, 'status' | 'payout'> {
  payoutSeq?: number;
  rowStatus?: PayoutRowStatus;
}
interface JoinedRow {
  claim: Row<ClaimColumns>;
  payout: Row<ReservedPayout> | null;
}

const joined = `
  select
    json_build_object('payoutId', c.key, 'workflowId', c.workflow_id, 'runId', c.run_id, 'fingerprint', c.fingerprint,
      'claimedAt', ${iso('c.claimed_at')}, 'endedAt', ${iso('c.processed_at')}, 'result', c.result,
      'payoutSeq', p.payout_seq, 'rowStatus', p.status) as claim,
    case when p.payout_seq is not null then json_build_object('venueId', p.venue_id, 'amount', p.amount,
      'currency', p.currency, 'account', p.account, 'transferAmount', p.transfer_amount,
      'approvalsNeeded', p.approvals_needed, 'reason', p.reason, 'requestedBy', p.requested_by,
      'reservedAt', ${iso('p.reserved_at')}, 'transferId', p.transfer_id, 'providerPayoutId', p.provider_payout_id,
      'paidAt', ${iso('p.paid_at')}, 'returnedAt', ${iso('p.returned_at')}, 'failureCode', p.failure_code) end as payout
  from idempotency_keys c left join payouts p on p.tenant_id = c.tenant_id and p.payout_id = c.key
  where c.tenant_id = $1 and c.kind = 'payout'`;

function recordOf({ claim, payout }: JoinedRow): PayoutRecord {
  const { payoutSeq: _, rowStatus, ...columns } = fromRow<ClaimColumns>(claim);
  return {
    ...columns,
    status: rowStatus ?? columns.result?.status ?? 'waiting',
    ...(payout && { payout: fromRow<ReservedPayout>(payout) }),
  };
}

async function listIn(tx: Tx, tenantId: string, filter: PayoutFilter): Promise<PayoutPage> {
  const limit = pageSizeOf(filter.limit);
  const rows = await tx.rows<JoinedRow>(
    `${joined} and p.payout_seq is not null and ($2::text is null or p.venue_id = $2)
       and ($3::bigint is null or p.payout_seq < $3)
     order by p.payout_seq desc limit $4`,
    [tenantId, filter.venueId ?? null, cursorOf(filter.cursor), limit + 1],
  );
  const { items, next } = pageOf(rows, limit, { item: recordOf, number: ({ claim }) => claim.payoutSeq ?? undefined });
  return { payouts: items, ...next };
}

async function balancesIn(tx: Tx, tenantId: string, venueId: string, now: string): Promise<VenueBalances | undefined> {
  const venue = await tx.first<{ currency: Currency }>(
    `select currency from venues where tenant_id = $1 and venue_id = $2`,
    [tenantId, venueId],
  );
  if (!venue) return undefined;
  const { currency } = venue;
  const owed = await readOwed(tx, { tenantId, venueId, currency }, now);
  const due = await sumOfDueReserves(tx, currency, { tenantId, venueId, now });
  const others = await tx.first<Omit<VenueBalances, 'currency' | 'payable' | 'available'>>(
    `select coalesce(-sum(amount) filter (where account = 'venue_reserve'), 0)::bigint as reserve,
       coalesce(-sum(amount) filter (where account = 'venue_hold'), 0)::bigint as hold,
       coalesce(-sum(amount) filter (where account = 'venue_payout'), 0)::bigint as "inPayout",
       coalesce(sum(amount) filter (where account = 'connected_balance'), 0)::bigint as connected,
       coalesce(sum(amount) filter (where account = 'in_transit'), 0)::bigint as "inTransit"
     from ledger_entries where tenant_id = $1 and venue_id = $2 and currency = $3`,
    [tenantId, venueId, currency],
  );
  return {
    currency,
    payable: owed.payable,
    available: availableOf({ payable: owed.payable + due, availableNow: owed.availableNow + due }),
    ...(others ?? { reserve: 0, hold: 0, inPayout: 0, connected: 0, inTransit: 0 }),
  };
}

export const createPayoutReads = (pool: Pool) => ({
  get(tenantId: string, payoutId: string): Promise<PayoutRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<JoinedRow>(`${joined} and c.key = $2`, [tenantId, payoutId]);
      return row && recordOf(row);
    });
  },

  /** @throws InvalidCursorError */
  list(tenantId: string, filter: PayoutFilter): Promise<PayoutPage> {
    return withTenant(pool, tenantId, (tx) => listIn(tx, tenantId, filter));
  },

  /** Undefined when the venue does not exist. `now` is business time, ISO 8601. */
  balances(tenantId: string, venueId: string, now: string): Promise<VenueBalances | undefined> {
    return withTenant(pool, tenantId, (tx) => balancesIn(tx, tenantId, venueId, now));
  },

  /** Undefined when nothing was reserved under that id. */
  statement(tenantId: string, payoutId: string): Promise<Statement | undefined> {
    return withTenant(pool, tenantId, (tx) => readStatement(tx, tenantId, payoutId));
  },

  /** Across tenants, for whoever only has the provider's id: webhooks. */
  byProvider(providerPayoutId: string): Promise<RoutedPayout | undefined> {
    return asSystem(pool, (tx) =>
      tx.first<RoutedPayout>(
        `select tenant_id as "tenantId", payout_id as "payoutId", workflow_id as "workflowId", status, account
         from payouts where provider_payout_id = $1`,
        [providerPayoutId],
      ),
    );
  },
});
