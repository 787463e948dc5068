/** What waits for a person: one open row per step of a workflow, with why and what may have moved. */
import type { MoneyMoved } from '../contracts/payment.ts';
import type { PayoutMoney } from '../contracts/payout.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { createDeadLetterClosing } from './dead-letter-closing.ts';
import { createDeadLetterReads } from './dead-letter-reads.ts';
import type { Operation } from './operation.ts';
import { storableText } from './rows.ts';

export interface ParkedWork {
  operation: Operation;
  queueName: string;
  jobType: string;
  step: string;
  /** Why, for a person to read. No personal data, no secret. */
  error: string;
  /** Sent calls so far. */
  attempts: number;
  moneyMoved: MoneyMoved | PayoutMoney;
  /** Opaque ids and amounts only. */
  data: Readonly<Record<string, unknown>>;
}

/** Parks, or brings the open row up to date. */
export async function parkIn(
  tx: Tx,
  { operation, queueName, jobType, step, error, attempts, moneyMoved, data }: ParkedWork,
): Promise<void> {
  await tx.affected(
    `insert into dead_letter_jobs
       (tenant_id, workflow_id, run_id, queue_name, job_type, step, error, attempts, money_moved, job_data)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (tenant_id, workflow_id, step) where resolved_at is null do update set
       run_id = excluded.run_id, error = excluded.error, attempts = excluded.attempts,
       money_moved = excluded.money_moved, job_data = excluded.job_data`,
    [
      operation.tenantId, operation.workflowId, operation.runId, queueName, jobType, step,
      storableText(error), attempts, moneyMoved, JSON.stringify(data),
    ], // prettier-ignore
  );
}

export const createDeadLetters = (pool: Pool) => ({
  ...createDeadLetterReads(pool),
  ...createDeadLetterClosing(pool),

  park(work: ParkedWork): Promise<void> {
    return withTenant(pool, work.operation.tenantId, (tx) => parkIn(tx, work));
  },

  /** Resolved. False when nothing was open (any more). */
  unpark({ operation, step, outcome }: { operation: Operation; step: string; outcome: string }): Promise<boolean> {
    return withTenant(pool, operation.tenantId, async (tx) => {
      const resolved = await tx.affected(
        `update dead_letter_jobs set resolved_at = now(), outcome = $4
         where tenant_id = $1 and workflow_id = $2 and step = $3 and resolved_at is null`,
        [operation.tenantId, operation.workflowId, step, storableText(outcome)],
      );
      return resolved === 1;
    });
  },
});
