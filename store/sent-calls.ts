/**
 * Calls that change something at a provider, counted in PostgreSQL *before* each one leaves, so that a killed worker's call
 * is counted too. Times are the database's clock: what they are compared with (a provider's retention of keys, a request's
 * time-out) is real time, not business time.
 */
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { BudgetExhaustedError, StepFencedError } from './errors.ts';
import type { Step } from './operation.ts';
import { fromRow, type Row } from './rows.ts';

export interface SentCalls {
  /** Calls that left, or were about to. */
  sent: number;
  /** Part of the provider key; raised only when it is certain that no object exists under the present one. */
  generation: number;
  fenced: boolean;
  /** ISO 8601; absent while nothing was sent. */
  firstSentAt?: string;
  lastSentAt?: string;
  /** Milliseconds since then by the database's own clock: a worker's clock may be wrong by more than a time-out. */
  sinceFirstSentMs?: number;
  sinceLastSentMs?: number;
}

const columns = `sent, generation, fenced_at is not null as fenced,
  first_sent_at as "firstSentAt", last_sent_at as "lastSentAt",
  (extract(epoch from clock_timestamp() - first_sent_at) * 1000)::int8 as "sinceFirstSentMs",
  (extract(epoch from clock_timestamp() - last_sent_at) * 1000)::int8 as "sinceLastSentMs"`;

async function read(tx: Tx, { tenantId, workflowId, step }: Step): Promise<SentCalls> {
  const row = await tx.first<Row<SentCalls>>(
    `select ${columns} from sent_calls where tenant_id = $1 and workflow_id = $2 and step = $3`,
    [tenantId, workflowId, step],
  );
  return row ? fromRow<SentCalls>(row) : { sent: 0, generation: 0, fenced: false };
}

/**
 * Makes a fence that comes at the same moment wait for this transaction, or this transaction notice it.
 * @throws StepFencedError
 */
export async function holdOffFence(tx: Tx, { tenantId, workflowId, step }: Step): Promise<void> {
  const row = await tx.first<{ fenced: boolean }>(
    `insert into sent_calls (tenant_id, workflow_id, step, sent) values ($1, $2, $3, 0)
     on conflict (tenant_id, workflow_id, step) do update set sent = sent_calls.sent
     returning fenced_at is not null as fenced`,
    [tenantId, workflowId, step],
  );
  if (row?.fenced) throw new StepFencedError(workflowId, step);
}

export const createSentCalls = (pool: Pool) => ({
  /** Counts one call, before it is sent. @throws StepFencedError, BudgetExhaustedError: do not send then. */
  begin({ budget, ...step }: Step & { budget: number }): Promise<SentCalls> {
    return withTenant(pool, step.tenantId, async (tx) => {
      const row = await tx.first<Row<SentCalls>>(
        `insert into sent_calls as calls (tenant_id, workflow_id, step, sent, first_sent_at, last_sent_at)
         select $1, $2, $3, 1, at, at from clock_timestamp() as at where $4::int >= 1
         on conflict (tenant_id, workflow_id, step) do update set
           sent = calls.sent + 1,
           first_sent_at = coalesce(calls.first_sent_at, excluded.first_sent_at),
           last_sent_at = greatest(calls.last_sent_at, excluded.last_sent_at)
         where calls.fenced_at is null and calls.sent < $4
         returning ${columns}`,
        [step.tenantId, step.workflowId, step.step, budget],
      );
      if (row) return fromRow<SentCalls>(row);
      const { fenced, sent } = await read(tx, step);
      if (fenced) throw new StepFencedError(step.workflowId, step.step);
      throw new BudgetExhaustedError(step.workflowId, step.step, sent, budget);
    });
  },

  /** The last counted call certainly never left: a refused connection, or a 429, which nobody looked at. */
  giveBack(step: Step): Promise<void> {
    return withTenant(pool, step.tenantId, async (tx) => {
      await tx.affected(
        `update sent_calls set sent = sent - 1,
           first_sent_at = case when sent > 1 then first_sent_at end, last_sent_at = case when sent > 1 then last_sent_at end
         where tenant_id = $1 and workflow_id = $2 and step = $3 and sent > 0`,
        [step.tenantId, step.workflowId, step.step],
      );
    });
  },

  read(step: Step): Promise<SentCalls> {
    return withTenant(pool, step.tenantId, (tx) => read(tx, step));
  },

  /** From its commit on, no call of the step can begin any more; what had begun is in `sent`. Idempotent. */
  fence(step: Step): Promise<SentCalls> {
    return withTenant(pool, step.tenantId, async (tx) => {
      const row = await tx.first<Row<SentCalls>>(
        `insert into sent_calls as calls (tenant_id, workflow_id, step, sent, fenced_at)
         values ($1, $2, $3, 0, clock_timestamp())
         on conflict (tenant_id, workflow_id, step) do update set fenced_at = coalesce(calls.fenced_at, excluded.fenced_at)
         returning ${columns}`,
        [step.tenantId, step.workflowId, step.step],
      );
      return row ? fromRow<SentCalls>(row) : read(tx, step);
    });
  },

  /** Raises the generation from `from` by one, once, whoever asks how often. Answers the present one. */
  raiseGeneration({ from, ...step }: Step & { from: number }): Promise<number> {
    return withTenant(pool, step.tenantId, async (tx) => {
      await tx.affected(
        `update sent_calls set generation = generation + 1
         where tenant_id = $1 and workflow_id = $2 and step = $3 and generation = $4`,
        [step.tenantId, step.workflowId, step.step, from],
      );
      return (await read(tx, step)).generation;
    });
  },
});
