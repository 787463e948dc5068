/** What people do with dead letters: close one that needs nobody any more, or have a given-up message sent again. */
import { type DeadLetter, isMessageJob, messageJobs, retryRefusal } from '../contracts/dead-letters.ts';
import type { DecisionRefusal } from '../contracts/decisions.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { parseWorkflowId } from '../contracts/ids.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { lockLetter } from './dead-letter-reads.ts';
import { iso } from './payment-reads.ts';
import { storableText } from './rows.ts';

export interface CloseLetter {
  tenantId: string;
  id: string;
  /** Whose run the letter was when it was seen: a run that came to rest since then is another one's. */
  runId: string;
  by: string;
  reason: string;
}

/** As it was first asked for. The recipient is a reference. */
export interface GivenUpMessage {
  kind: 'email' | 'sms';
  request: Readonly<Record<string, unknown>> & { tenantId: string; messageKey: string };
  round: number;
}

export type Reopened =
  | { kind: 'reopened'; message: GivenUpMessage }
  | { kind: 'refused'; because: DecisionRefusal }
  /** There is no such letter, or none that is open (any more). */
  | { kind: 'gone' };

export interface ReopenMessage {
  tenantId: string;
  id: string;
  by: string;
  evidence: string;
}

/** The request as it was, but for what nobody has to know: the order of its members. */
function requestOf({ data, workflowId }: DeadLetter): GivenUpMessage['request'] | undefined {
  const { emailRef, phoneRef, ...message } = data;
  const parsed = parseWorkflowId(workflowId);
  if (!parsed || (emailRef === undefined && phoneRef === undefined)) return undefined;
  const to = emailRef === undefined ? { phoneRef } : { emailRef };
  return { tenantId: parsed.tenantId, messageKey: parsed.key, ...to, message };
}

interface ClaimRow {
  fingerprint: string;
  status: 'live' | 'settled';
  result: { status: string } | null;
}

async function reopenIn(tx: Tx, { tenantId, id, by, evidence }: ReopenMessage): Promise<Reopened> {
  const letter = await lockLetter(tx, tenantId, id);
  if (!letter || letter.resolvedAt !== undefined) return { kind: 'gone' };
  const { jobType } = letter;
  const request = requestOf(letter);
  if (!isMessageJob(jobType) || !request) return { kind: 'refused', because: 'not_possible' };
  const kind = messageJobs[jobType];
  const claim = await tx.first<ClaimRow>(
    `select fingerprint, status, result from idempotency_keys where tenant_id = $1 and kind = $2 and key = $3 for update`,
    [tenantId, kind, request.messageKey],
  );
  if (claim && claim.fingerprint !== fingerprintOf(request)) return { kind: 'refused', because: 'not_possible' };
  const round = letter.retries.length;
  // Under way again already, or nobody got as far as starting it: the same round.
  if (claim?.status === 'live') return { kind: 'reopened', message: { kind, request, round } };
  if (claim?.result && claim.result.status !== 'undeliverable') {
    await resolveIn(tx, tenantId, id, claim.result.status);
    return { kind: 'gone' };
  }
  const because = retryRefusal(letter, 'retry');
  if (because) return { kind: 'refused', because };
  await tx.affected(
    `update idempotency_keys set status = 'live', result = null, processed_at = null
     where tenant_id = $1 and kind = $2 and key = $3`,
    [tenantId, kind, request.messageKey],
  );
  await tx.affected(
    `update dead_letter_jobs
     set retries = retries || jsonb_build_object('by', $3::text, 'evidence', $4::text,
       'at', ${iso('now()')}, 'attempts', attempts)
     where tenant_id = $1 and id = $2`,
    [tenantId, id, storableText(by), storableText(evidence)],
  );
  return { kind: 'reopened', message: { kind, request, round: round + 1 } };
}

const resolveIn = (tx: Tx, tenantId: string, id: string, outcome: string) =>
  tx.affected(
    `update dead_letter_jobs set resolved_at = now(), outcome = $3
     where tenant_id = $1 and id = $2 and resolved_at is null`,
    [tenantId, id, outcome],
  );

export const createDeadLetterClosing = (pool: Pool) => ({
  /**
   * Closes it for good, whoever is first. Answers the letter as it is then; undefined where it is not there. Whether its
   * workflow still runs, the caller has asked Temporal.
   */
  close({ tenantId, id, runId, by, reason }: CloseLetter): Promise<DeadLetter | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update dead_letter_jobs set resolved_at = now(), outcome = 'closed', closed_by = $4, close_reason = $5
         where tenant_id = $1 and id = $2 and run_id = $3 and resolved_at is null`,
        [tenantId, id, runId, storableText(by), storableText(reason)],
      );
      return lockLetter(tx, tenantId, id);
    });
  },

  /**
   * Lets a message that was given up be sent again, and keeps who wanted it: its claim is live again, so that only its
   * workflow is missing. Asked twice before that runs, it is one round. A letter whose message was sent in truth is resolved.
   */
  reopen: (wish: ReopenMessage): Promise<Reopened> => withTenant(pool, wish.tenantId, (tx) => reopenIn(tx, wish)),
});
