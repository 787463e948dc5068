/**
 * What is deleted once its time is over, as one list. `boxoffice_system` has a policy for each, so that a mistake here deletes
 * nothing more; what people wrote or money needs is in none of them.
 */
import { asSystem, type Pool } from '../infrastructure/postgres.ts';

export interface CleanedTable {
  table: string;
  /** Its primary key, or another that names one row. */
  key: readonly string[];
  /** Of the rows that go. SQL. */
  condition: string;
}

/** What refers to another table stands before it. */
export const cleanedTables: readonly CleanedTable[] = [
  {
    table: 'idempotency_keys',
    key: ['tenant_id', 'kind', 'key'],
    // Never a claim of money, whatever its time says.
    condition: `kind in ('email', 'sms', 'analytics', 'report') and status = 'settled' and expires_at <= now()`,
  },
  { table: 'message_contents', key: ['tenant_id', 'ref'], condition: 'expires_at <= now()' },
  { table: 'customer_actions', key: ['tenant_id', 'payment_key'], condition: 'expires_at <= now()' },
  {
    table: 'webhook_events',
    key: ['tenant_id', 'provider', 'event_id'],
    // Null while it is unprocessed, and nothing is before that.
    condition: `processed_at <= now() - interval '90 days'`,
  },
  {
    table: 'rate_limit_metrics',
    key: ['tenant_id', 'lane', 'captured_at'],
    condition: `captured_at <= now() - interval '30 days'`,
  },
  {
    table: 'queue_metrics',
    key: ['tenant_id', 'queue_name', 'captured_at'],
    condition: `captured_at <= now() - interval '30 days'`,
  },
  {
    table: 'alert_notices',
    key: ['tenant_id', 'alert_id', 'sent_at'],
    condition: `sent_at <= now() - interval '30 days'`,
  },
  {
    table: 'alert_history',
    key: ['tenant_id', 'alert_id'],
    condition: `ended_at <= now() - interval '7 days'`,
  },
];

/** One transaction is short, so that nobody waits for its locks. */
export const rowsPerBatch = 1_000;

export const createCleanup = (pool: Pool) => ({
  /** Deletes a batch across tenants, and answers how many rows that were: fewer than the limit where none are left. */
  deleteBatch({ table, key, condition }: CleanedTable, limit = rowsPerBatch): Promise<number> {
    const columns = key.join(', ');
    return asSystem(pool, (tx) =>
      tx.affected(
        `delete from ${table} where ${condition}
           and (${columns}) in (select ${columns} from ${table} where ${condition} limit $1)`,
        [limit],
      ),
    );
  },
});
