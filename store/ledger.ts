/** The ledger: append-only double entry. PostgreSQL refuses what does not balance (migrations/0005). */
import type { Currency } from '../contracts/money.ts';
import { asSystem, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import type { Account, Posting } from './postings.ts';

export interface LedgerTransaction {
  tenantId: string;
  /** Workflow id. With `step` it is unique: the same fact is posted once. */
  operation: string;
  step: string;
  /** Business time, ISO 8601. */
  occurredAt: string;
  venueId?: string;
  currency: Currency;
  /** From when the venue's part can be paid out; entries of `venue_payable` and `venue_reserve` carry it. */
  availableOn?: string;
  postings: readonly Posting[];
}

export interface Balance {
  account: Account;
  currency: Currency;
  /** Debit positive, credit negative: what is owed to a venue is negative. */
  balance: number;
}

export interface LedgerProof {
  /** Zero each, or money appeared or vanished. */
  currencies: { currency: Currency; sum: number; transactions: number; entries: number }[];
  accounts: Balance[];
}

const carriesAvailability: ReadonlySet<Account> = new Set(['venue_payable', 'venue_reserve']);

/** Posts once per (operation, step): false when it was posted before, or when there is nothing to post. */
export async function post(tx: Tx, transaction: LedgerTransaction): Promise<boolean> {
  const { tenantId, operation, step, occurredAt, venueId, currency, availableOn, postings } = transaction;
  if (postings.length === 0) return false;
  const entries = await tx.affected(
    `with posted as (
       insert into ledger_transactions (tenant_id, operation, step, occurred_at) values ($1, $2, $3, $4)
       on conflict (tenant_id, operation, step) do nothing returning id
     )
     insert into ledger_entries (tenant_id, transaction_id, venue_id, currency, account, amount, available_on)
     select $1, posted.id, $5, $6, entry.account, entry.amount, entry.available_on
     from posted, unnest($7::text[], $8::bigint[], $9::timestamptz[]) as entry (account, amount, available_on)`,
    [
      tenantId, operation, step, occurredAt, venueId ?? null, currency,
      postings.map(({ account }) => account),
      postings.map(({ amount }) => amount),
      postings.map(({ account }) => (carriesAvailability.has(account) ? (availableOn ?? null) : null)),
    ], // prettier-ignore
  );
  return entries > 0;
}

type OfEach = 'operation' | 'currency' | 'postings';

/** The same step of many operations, each posted once, in their order. Their entries are available at once. */
export async function postAll(
  tx: Tx,
  { tenantId, step, occurredAt, venueId }: Omit<LedgerTransaction, OfEach | 'availableOn'>,
  transactions: readonly Pick<LedgerTransaction, OfEach>[],
): Promise<void> {
  const entries = transactions.flatMap(({ operation, currency, postings }) =>
    postings.map(({ account, amount }) => ({ operation, currency, account, amount })),
  );
  await tx.affected(
    `with entry as (
       select * from unnest($5::text[], $6::text[], $7::text[], $8::bigint[]) with ordinality
         as entry (operation, currency, account, amount, place)
     ), posted as (
       insert into ledger_transactions (tenant_id, operation, step, occurred_at)
       select $1, operation, $2, $3::timestamptz from entry group by operation order by min(place)
       on conflict (tenant_id, operation, step) do nothing returning id, operation
     )
     insert into ledger_entries (tenant_id, transaction_id, venue_id, currency, account, amount)
     select $1, posted.id, $4, entry.currency, entry.account, entry.amount from posted join entry using (operation)
     order by place`,
    [
      tenantId, step, occurredAt, venueId ?? null,
      entries.map(({ operation }) => operation),
      entries.map(({ currency }) => currency),
      entries.map(({ account }) => account),
      entries.map(({ amount }) => amount),
    ], // prettier-ignore
  );
}

export const createLedger = (pool: Pool) => ({
  /** Sums per account and currency; accounts without entries are absent. */
  balances(
    tenantId: string,
    { venueId, currency }: { venueId?: string; currency?: Currency } = {},
  ): Promise<Balance[]> {
    return withTenant(pool, tenantId, (tx) =>
      tx.rows<Balance>(
        `select account, currency, sum(amount)::bigint as balance from ledger_entries
         where tenant_id = $1 and ($2::text is null or venue_id = $2) and ($3::text is null or currency = $3)
         group by account, currency order by currency, account`,
        [tenantId, venueId ?? null, currency ?? null],
      ),
    );
  },

  /** All tenants, for whoever checks from outside that nothing appeared or vanished. */
  proof(): Promise<LedgerProof> {
    return asSystem(pool, async (tx) => ({
      currencies: await tx.rows<LedgerProof['currencies'][number]>(
        `select currency, sum(amount)::bigint as sum, count(distinct transaction_id) as transactions, count(*) as entries
         from ledger_entries group by currency order by currency`,
      ),
      accounts: await tx.rows<Balance>(
        `select account, currency, sum(amount)::bigint as balance from ledger_entries
         group by account, currency order by currency, account`,
      ),
    }));
  },
});
