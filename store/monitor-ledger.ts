/**
 * Transactions that do not sum to zero: PostgreSQL refuses them at their commit, so one that is there was made by somebody
 * who switched that off. Each sample sums up what was posted since the one before, and no more than so much; what was found
 * is looked at again until it is mended. Tampering with older ones is found by reconciliation.
 */
import type { BooksCursor } from '../contracts/monitor.ts';
import type { Tx } from '../infrastructure/postgres.ts';

/** Transactions that one sample sums up; a posting rate beyond 300 a second is caught up with later. */
export const mostTransactions = 10_000;
/** Ids are given before the commit: so many of the newest may have been invisible to the sample before. */
const overlap = 1_000;
/** So many are looked at again. */
const followed = 100;

export interface LedgerLook {
  unbalanced: number;
  cursor: Pick<BooksCursor, 'ledgerChecked' | 'unbalanced'>;
}

export async function sumUp(tx: Tx, before: LedgerLook['cursor'] | undefined): Promise<LedgerLook> {
  const row = await tx.first<{ newest: number | null }>(`select max(id) as newest from ledger_transactions`);
  const newest = row?.newest ?? 0;
  const from = Math.max(0, before ? before.ledgerChecked - overlap : newest - mostTransactions);
  const to = Math.min(newest, from + mostTransactions);
  const found = await tx.rows<{ id: number }>(
    `select transaction_id as id from (
       select transaction_id, currency from ledger_entries
       where (transaction_id > $1 and transaction_id <= $2)
       group by transaction_id, currency having sum(amount) <> 0
       union
       select transaction_id, currency from ledger_entries where transaction_id = any($3::bigint[])
       group by transaction_id, currency having sum(amount) <> 0
     ) as crooked group by transaction_id order by transaction_id`,
    [from, to, before?.unbalanced ?? []],
  );
  const unbalanced = found.map(({ id }) => id);
  return { unbalanced: unbalanced.length, cursor: { ledgerChecked: to, unbalanced: unbalanced.slice(0, followed) } };
}
