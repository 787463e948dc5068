/** What the books say of objects of the provider, and of a day: for whoever compares. Only reads. */
import type {
  Labels,
  OurDispute,
  OurPayment,
  OurPayout,
  OurRefund,
  OurTicket,
  Pair,
  ProviderObject,
  ProviderPair,
} from '../contracts/reconciliation.ts';
import type { Owners } from '../contracts/reconciliation-rules.ts';
import { asSystem, type Pool, withTenant } from '../infrastructure/postgres.ts';
import {
  disputeClaims,
  disputeColumns,
  disputesFrom,
  many,
  pairsIn,
  paymentColumns,
  payoutColumns,
  present,
  refundColumns,
  refundsFrom,
} from './reconciliation-pairs.ts';

/** Half-open, ISO 8601. */
export interface Period {
  from: string;
  to: string;
}

/** Of our rows in one answer at most. */
const rowsAtOnce = 200;

/** Live: it is being minted, its purchase is under way, or it is being moved or burned. */
const ticketColumns = `ticket_id as "ticketId", token_id as "tokenId", m.status, workflow_id as "workflowId",
  run_id as "runId", m.status = 'reserved'
    or exists (select from payments p where p.tenant_id = m.tenant_id and p.workflow_id = m.workflow_id
      and p.status = 'live')
    or exists (select from ticket_moves v where v.tenant_id = m.tenant_id and v.mint_id = m.mint_id
      and v.status = 'reserved')
    or exists (select from refunds r where r.tenant_id = m.tenant_id and m.ticket_id = any(r.burn_ticket_ids)
      and r.status in ('reserved', 'refunded')) as live`;

/** What the ledger has that does not sum to zero. */
export interface UnbalancedTransaction {
  id: number;
  operation: string;
  step: string;
  currency: string;
  sum: number;
}

export type Listed = 'payments' | 'refunds' | 'disputes' | 'openDisputes' | 'transfers' | 'payouts';

/** Of our rows of a period those that the provider has to have. $4: ids that are compared already; $5: the account. */
const ofPeriod: Readonly<Record<Listed, string>> = {
  payments: `select ${paymentColumns} from payments p where tenant_id = $1 and created_at >= $2 and created_at < $3
    and status = 'completed' and amount > 0 and intent_id <> all($4)`,
  refunds: `select ${refundColumns} from ${refundsFrom} where r.tenant_id = $1 and refunded_at >= $2 and refunded_at < $3
    and provider_refund_id <> all($4)`,
  disputes: `select ${disputeColumns} from ${disputesFrom} where ${disputeClaims} and d.opened_at >= $2
    and d.opened_at < $3 and c.key <> all($4)`,
  openDisputes: `select ${disputeColumns} from ${disputesFrom} where ${disputeClaims} and d.opened_at < least($2::timestamptz, $3)
    and d.ended_at is null and c.key <> all($4)`,
  transfers: `select ${payoutColumns} from payouts p where tenant_id = $1 and transferred_at >= $2 and transferred_at < $3
    and transfer_id <> all($4)`,
  payouts: `select ${payoutColumns} from payouts p where tenant_id = $1 and created_at >= $2 and created_at < $3
    and provider_payout_id <> all($4) and account = $5`,
};
function pairOf(listed: Listed, row: object): ProviderPair {
  switch (listed) {
    case 'payments': {
      const ours = row as OurPayment;
      return { kind: 'payment', id: ours.intentId!, ours };
    }
    case 'refunds': {
      const ours = row as OurRefund;
      return { kind: 'refund', id: ours.providerRefundId!, ours };
    }
    case 'disputes':
    case 'openDisputes': {
      const ours = row as OurDispute;
      return { kind: 'dispute', id: ours.disputeId, ours, paymentKey: ours.paymentKey };
    }
    case 'transfers': {
      const ours = row as OurPayout;
      return { kind: 'transfer', id: ours.transferId!, ours };
    }
    case 'payouts': {
      const ours = row as OurPayout;
      return { kind: 'payout', id: ours.providerPayoutId!, ours };
    }
  }
}

/** A purchase that ended without taking money, and when the provider was asked to hold some. */
export interface EndedPurchase {
  /** Of our rows; rises. */
  row: number;
  payment: OurPayment;
  /** ISO 8601; absent: the provider was never asked. */
  askedFrom?: string;
  askedTo?: string;
}

export const createReconciliationBooks = (pool: Pool) => ({
  /** Of a page of the provider's objects: each with what the tenant's books have of it. */
  pairsOf(tenantId: string, theirs: readonly ProviderObject[]): Promise<Pair[]> {
    return withTenant(pool, tenantId, (tx) => pairsIn(tx, tenantId, theirs));
  },

  /** Our side alone; 200 at most, so ask again with those in `except` until there are none. */
  oursOf(
    tenantId: string,
    listed: Listed,
    { from, to }: Period,
    { except, account }: { except: readonly string[]; account?: string | undefined },
  ): Promise<ProviderPair[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const values = [tenantId, from, to, except, ...(listed === 'payouts' ? [account] : [])];
      const rows = await many<object>(tx, `${ofPeriod[listed]} limit ${rowsAtOnce}`, values);
      return rows.map((row) => pairOf(listed, row));
    });
  },

  /** By the provider's ids, whatever the provider says of them. */
  oursById(tenantId: string, kind: 'payment' | 'refund' | 'dispute' | 'transfer' | 'payout', id: string) {
    const where = {
      payment: ['payments', `select ${paymentColumns} from payments p where tenant_id = $1 and intent_id = $2`],
      refund: ['refunds', `select ${refundColumns} from ${refundsFrom} where r.tenant_id = $1 and provider_refund_id = $2`],
      dispute: ['disputes', `select ${disputeColumns} from ${disputesFrom} where ${disputeClaims} and c.key = $2`],
      transfer: ['transfers', `select ${payoutColumns} from payouts p where tenant_id = $1 and transfer_id = $2`],
      payout: ['payouts', `select ${payoutColumns} from payouts p where tenant_id = $1 and provider_payout_id = $2`],
    } as const; // prettier-ignore
    const [listed, sql] = where[kind];
    return withTenant(pool, tenantId, async (tx): Promise<ProviderPair | undefined> => {
      const [row] = await many<object>(tx, sql, [tenantId, id]);
      return row && pairOf(listed, row);
    });
  },

  /** Purchases of before the period that ended in it: with their money, or without. 10 at most, lowest row first. */
  endings(tenantId: string, { from, to }: Period, after: number): Promise<EndedPurchase[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await many<OurPayment & Omit<EndedPurchase, 'payment'>>(
        tx,
        `select payment_id as row, s.first_sent_at as "askedFrom", s.last_sent_at as "askedTo", ${paymentColumns}
         from payments p
         left join sent_calls s on s.tenant_id = p.tenant_id and s.workflow_id = p.workflow_id and s.step = 'authorize'
         where p.tenant_id = $1 and ended_at >= $2 and ended_at < $3 and created_at < $2 and amount > 0
           and payment_id > $4 order by payment_id limit 10`,
        [tenantId, from, to, after],
      );
      return rows.map(({ row, askedFrom, askedTo, ...payment }) => ({
        row,
        payment,
        ...(askedFrom && askedTo ? { askedFrom, askedTo } : {}),
      }));
    });
  },

  /** Accounts that the tenant's venues are paid on now, or payouts were made on. */
  accounts(tenantId: string): Promise<string[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<{ account: string }>(
        `select connected_account as account from venues where tenant_id = $1 and connected_account is not null
         union select account from payouts where tenant_id = $1 order by account`,
        [tenantId],
      );
      return rows.map(({ account }) => account);
    });
  },

  /** Of all tenants: whose the purchases and accounts are that these labels name. */
  owners(labels: readonly Labels[]): Promise<Owners> {
    const [charges, intents] = [labels.map(({ chargeId }) => chargeId), labels.map(({ intentId }) => intentId)];
    return asSystem(pool, async (tx) => {
      const tenants = await tx.rows<{ tenantId: string }>(
        `select distinct tenant_id as "tenantId" from venues where tenant_id = any($1)`,
        [present(labels.map(({ tenant }) => tenant))],
      );
      const payments = await tx.rows<{ tenantId: string; chargeId: string; intentId: string }>(
        `select tenant_id as "tenantId", charge_id as "chargeId", intent_id as "intentId" from payments
         where charge_id = any($1) or intent_id = any($2)`,
        [present(charges), present(intents)],
      );
      const venues = await tx.rows<{ tenantId: string; account: string }>(
        `select tenant_id as "tenantId", connected_account as account from venues where connected_account = any($1)
         order by tenant_id desc`,
        [present(labels.map(({ account }) => account))],
      );
      return {
        tenants: new Set(tenants.map(({ tenantId }) => tenantId)),
        charges: new Map(payments.map(({ chargeId, tenantId }) => [chargeId, tenantId])),
        intents: new Map(payments.map(({ intentId, tenantId }) => [intentId, tenantId])),
        accounts: new Map(venues.map(({ account, tenantId }) => [account, tenantId])),
      };
    });
  },

  /** Tickets whose books changed in the period, from one row on; 100 at most, lowest row first. */
  tickets(tenantId: string, { from, to }: Period, after: number): Promise<{ row: number; ticket: OurTicket }[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await many<OurTicket & { row: number }>(
        tx,
        `select mint_id as row, ${ticketColumns} from mints m
         where tenant_id = $1 and updated_at >= $2 and updated_at < $3 and mint_id > $4 order by mint_id limit 100`,
        [tenantId, from, to, after],
      );
      return rows.map(({ row, ...ticket }) => ({ row, ticket }));
    });
  },

  /**
   * The tenant's tickets by token, as far as their books have not changed since `before`; of several mints of one token, which
   * only those never made can share, the newest.
   */
  ticketsOf(tenantId: string, tokenIds: readonly string[], before: string): Promise<OurTicket[]> {
    return withTenant(pool, tenantId, (tx) =>
      many<OurTicket>(
        tx,
        `select distinct on (token_id) ${ticketColumns} from mints m
         where tenant_id = $1 and token_id = any($2::numeric[]) and updated_at < $3 order by token_id, mint_id desc`,
        [tenantId, tokenIds, before],
      ),
    );
  },

  /** Of these tokens those that are in a book, whosever. */
  booked(tokenIds: readonly string[]): Promise<string[]> {
    return asSystem(pool, async (tx) => {
      const rows = await tx.rows<{ tokenId: string }>(
        `select distinct token_id as "tokenId" from mints where token_id = any($1::numeric[])`,
        [tokenIds],
      );
      return rows.map(({ tokenId }) => tokenId);
    });
  },

  /** Of a period. */
  unbalanced(tenantId: string, { from, to }: Period): Promise<UnbalancedTransaction[]> {
    return withTenant(pool, tenantId, (tx) =>
      tx.rows<UnbalancedTransaction>(
        `select t.id, t.operation, t.step, e.currency, sum(e.amount)::bigint as sum
         from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
         where t.tenant_id = $1 and t.occurred_at >= $2 and t.occurred_at < $3
         group by t.id, t.operation, t.step, e.currency having sum(e.amount) <> 0 order by t.id limit 200`,
        [tenantId, from, to],
      ),
    );
  },

  /** How many transactions the ledger has of a period. */
  transactions(tenantId: string, { from, to }: Period): Promise<number> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<{ count: number }>(
        `select count(*)::int as count from ledger_transactions where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3`,
        [tenantId, from, to],
      );
      return row?.count ?? 0;
    });
  },
});
