/** What people decided about money, accepted or refused: append-only, one row per message, and a proof decides once. */
import type { DecisionKind, DecisionOutcome, DecisionRefusal } from '../contracts/decisions.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import type { Operation } from './operation.ts';
import { fromRow, type Row, storableText } from './rows.ts';

export interface NewDecision {
  operation: Operation;
  /** The message that carried it: taken again after a lost answer, it is the same decision. 1 to 200 characters. */
  messageId: string;
  kind: DecisionKind;
  choice: string;
  step?: string;
  /** Whom the message names. */
  actor: string;
  /** Whom the proof names; absent where none could be read. */
  subject?: string;
  evidence: string;
  proofId?: string;
  /** Refused by the rules; what only the records know is added here. */
  refusedBecause?: DecisionRefusal;
  /** Business time, ISO 8601. */
  now: string;
}

export interface DecisionRecord {
  runId: string;
  messageId: string;
  kind: DecisionKind;
  choice: string;
  step?: string;
  actor: string;
  subject?: string;
  evidence: string;
  proofId?: string;
  /** Absent where it was accepted. */
  refusedBecause?: DecisionRefusal;
  decidedAt: string;
}

const longestList = 200;

type Standing = Row<{ subject?: string; because?: DecisionRefusal }>;

const standing = (tx: Tx, { operation: { tenantId, workflowId }, messageId }: NewDecision) =>
  tx.first<Standing>(
    `select subject, refused_because as because from decisions
     where tenant_id = $1 and workflow_id = $2 and message_id = $3`,
    [tenantId, workflowId, messageId],
  );

/** What only the records know: whether this proof or, for an approval, this person has decided before. */
async function refusalByRecords(tx: Tx, decision: NewDecision): Promise<DecisionRefusal | undefined> {
  const { operation, proofId, kind, step, subject } = decision;
  const { tenantId, workflowId, runId } = operation;
  const found = await tx.first<{ replayed: boolean; approved: boolean }>(
    `select coalesce(bool_or(proof_id = $2), false) as replayed,
       coalesce(bool_or(workflow_id = $3 and run_id = $4 and kind = 'approve' and subject = $5
         and step is not distinct from $6), false) as approved
     from decisions where tenant_id = $1 and refused_because is null and (proof_id = $2 or workflow_id = $3)`,
    [tenantId, proofId ?? null, workflowId, runId, subject ?? null, step ?? null],
  );
  if (found?.replayed) return 'replayed';
  return kind === 'approve' && found?.approved ? 'decided_before' : undefined;
}

async function recordIn(tx: Tx, decision: NewDecision): Promise<DecisionOutcome> {
  const { operation, messageId, kind, choice, step, actor, subject, evidence, proofId, now } = decision;
  const { tenantId, workflowId, runId } = operation;
  // One after the other, or one person's two approvals would not see each other.
  await tx.affected(`select pg_advisory_xact_lock(hashtextextended('decisions/' || $1 || '/' || $2, 0))`, [
    tenantId,
    workflowId,
  ]);
  const before = await standing(tx, decision);
  if (before) return outcomeOf(before);
  const because = decision.refusedBecause ?? (await refusalByRecords(tx, decision));
  await tx.affected(
    `insert into decisions (tenant_id, workflow_id, run_id, message_id, kind, choice, step, actor, subject, evidence,
       proof_id, refused_because, decided_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      tenantId, workflowId, runId, messageId, kind, choice, step ?? null, storableText(actor), subject ?? null,
      storableText(evidence), proofId ?? null, because ?? null, now,
    ], // prettier-ignore
  );
  return outcomeOf({ subject: subject ?? null, because: because ?? null });
}

/** The schema has a subject wherever nothing was refused. */
const outcomeOf = ({ subject, because }: Standing): DecisionOutcome =>
  because === null ? { accepted: true, subject: subject ?? '' } : { accepted: false, because };

export const createDecisions = (pool: Pool) => ({
  /** Records it once, and answers with what stands for its message, whatever is said of it now. */
  record: (decision: NewDecision): Promise<DecisionOutcome> =>
    withTenant(pool, decision.operation.tenantId, (tx) => recordIn(tx, decision)),

  /** Newest first, 200 at most. */
  list(tenantId: string, workflowId: string): Promise<DecisionRecord[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<Row<DecisionRecord>>(
        `select run_id as "runId", message_id as "messageId", kind, choice, step, actor, subject, evidence,
           proof_id as "proofId", refused_because as "refusedBecause", decided_at as "decidedAt"
         from decisions where tenant_id = $1 and workflow_id = $2 order by id desc limit ${longestList}`,
        [tenantId, workflowId],
      );
      return rows.map((row) => fromRow<DecisionRecord>(row));
    });
  },
});
