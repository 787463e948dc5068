/** What reconciliation found and nobody has closed. The table is reconciliation's; where there is none, nothing was found. */
import type { Counted } from '../contracts/monitor.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export async function openDifferences(tx: Tx): Promise<Counted> {
  const table = await tx.first<{ there: boolean }>(
    `select to_regclass('public.reconciliation_differences') is not null as there`,
  );
  if (!table?.there) return { count: 0 };
  const row = await tx.first<Row<Counted>>(
    `select count(*) as count, min(found_at) as worst from reconciliation_differences where closed_at is null`,
  );
  return row ? fromRow<Counted>(row) : { count: 0 };
}
