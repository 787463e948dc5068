/** Transfers and burns as people look them up. */
import type { MoveKind, MoveResult } from '../contracts/ticket-move.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export interface MoveRecord {
  workflowId: string;
  runId: string;
  result?: MoveResult;
}

export const createMoveReads = (pool: Pool) => ({
  /** By the key of its claim: a transfer's id; for a burn the ticket and its key, joined by `:`. */
  get(tenantId: string, kind: MoveKind, key: string): Promise<MoveRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<Row<MoveRecord>>(
        `select workflow_id as "workflowId", run_id as "runId", result from idempotency_keys
         where tenant_id = $1 and kind = $2 and key = $3`,
        [tenantId, kind, key],
      );
      return row && fromRow<MoveRecord>(row);
    });
  },
});
