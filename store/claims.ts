/**
 * Claims: one row per (tenant, kind, key) that outlives history. Whoever inserts it owns the operation; a settled one
 * answers with its result; money's never expire.
 */
import type { AnalyticsEventResult } from '../contracts/analytics.ts';
import { parseWorkflowId } from '../contracts/ids.ts';
import type { DisputeResult, RefundReturnResult } from '../contracts/dispute.ts';
import type { EventCancellationResult } from '../contracts/event-cancellation.ts';
import type { EmailResult } from '../contracts/mail.ts';
import type { MintResult } from '../contracts/mint.ts';
import type { PaymentResult } from '../contracts/payment.ts';
import type { PayoutResult, PayoutReturnResult } from '../contracts/payout.ts';
import type { RefundResult } from '../contracts/refund.ts';
import type { ReportResult } from '../contracts/report.ts';
import type { SmsResult } from '../contracts/sms.ts';
import type { BurnResult, TransferResult } from '../contracts/ticket-move.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { ClaimLostError } from './errors.ts';
import type { Operation } from './operation.ts';

/** What an operation of each kind ends with. */
export interface ClaimResults {
  payment: PaymentResult;
  refund: RefundResult;
  payout: PayoutResult;
  'payout-return': PayoutReturnResult;
  'refund-return': RefundReturnResult;
  dispute: DisputeResult;
  'event-cancellation': EventCancellationResult;
  mint: MintResult;
  transfer: TransferResult;
  burn: BurnResult;
  email: EmailResult;
  sms: SmsResult;
  analytics: AnalyticsEventResult;
  report: ReportResult;
}
export type ClaimKind = keyof ClaimResults;

export type ClaimOutcome<Result> =
  | { kind: 'owned' }
  | { kind: 'settled'; result: Result }
  /** Same key, other body. The claim is untouched. */
  | { kind: 'refused'; reason: 'key_reused' }
  /** Live in another run: take it over only when Temporal says that that run is gone. */
  | { kind: 'foreign'; workflowId: string; runId: string };

export interface NewClaim {
  operation: Operation;
  kind: ClaimKind;
  key: string;
  fingerprint: string;
  queueName: string;
  jobType: string;
  /** Business time, ISO 8601. */
  now: string;
  /** How long a result is kept after it was settled. */
  keepForMs: number | 'forever';
}

export interface Settlement<Kind extends ClaimKind> {
  kind: Kind;
  key: string;
  result: ClaimResults[Kind];
  now: string;
}

interface ClaimRow {
  fingerprint: string;
  workflowId: string;
  runId: string;
  status: 'live' | 'settled';
  result: unknown;
}

/** What a claim that exists already means to `operation`, which brings `fingerprint`. */
export function judgeClaim(row: ClaimRow, fingerprint: string, operation: Operation): ClaimOutcome<unknown> {
  if (row.fingerprint !== fingerprint) return { kind: 'refused', reason: 'key_reused' };
  if (row.status === 'settled') return { kind: 'settled', result: row.result };
  return isOwner(row, operation)
    ? { kind: 'owned' }
    : { kind: 'foreign', workflowId: row.workflowId, runId: row.runId };
}

const isOwner = (row: ClaimRow, { workflowId, runId }: Operation) =>
  row.workflowId === workflowId && row.runId === runId;

/**
 * Inserts the claim, or takes the place of one that has expired. Answers undefined then, else what the claim that is in
 * the way means. Two at once: the second waits here for the first to commit.
 */
export async function takeClaim(tx: Tx, claim: NewClaim): Promise<ClaimOutcome<unknown> | undefined> {
  const { operation, kind, key, fingerprint, keepForMs } = claim;
  const taken = await tx.affected(
    `insert into idempotency_keys
       (tenant_id, kind, key, fingerprint, workflow_id, run_id, status, queue_name, job_type, claimed_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, 'live', $7, $8, $9::timestamptz, $9::timestamptz + $10::float8 * interval '1 ms')
     on conflict (tenant_id, kind, key) do update set
       fingerprint = excluded.fingerprint, workflow_id = excluded.workflow_id, run_id = excluded.run_id, status = 'live',
       queue_name = excluded.queue_name, job_type = excluded.job_type, claimed_at = excluded.claimed_at,
       expires_at = excluded.expires_at, result = null, processed_at = null
     where idempotency_keys.status = 'settled' and idempotency_keys.expires_at <= excluded.claimed_at`,
    [
      operation.tenantId, kind, key, fingerprint, operation.workflowId, operation.runId,
      claim.queueName, claim.jobType, claim.now, keepForMs === 'forever' ? null : keepForMs,
    ], // prettier-ignore
  );
  if (taken === 1) return undefined;
  const row = await readClaim(tx, operation.tenantId, kind, key);
  if (!row) throw new ClaimLostError(kind, key, undefined);
  return judgeClaim(row, fingerprint, operation);
}

async function readClaim(tx: Tx, tenantId: string, kind: ClaimKind, key: string): Promise<ClaimRow | undefined> {
  return tx.first<ClaimRow>(
    `select fingerprint, workflow_id as "workflowId", run_id as "runId", status, result
     from idempotency_keys where tenant_id = $1 and kind = $2 and key = $3 for update`,
    [tenantId, kind, key],
  );
}

/**
 * Locks the claim for recording its end. Answers the stored result when it has one, undefined when `operation` may go on.
 * @throws ClaimLostError when it is live in another run, or absent.
 */
export async function lockClaim<Kind extends ClaimKind>(
  tx: Tx,
  operation: Operation,
  kind: Kind,
  key: string,
): Promise<ClaimResults[Kind] | undefined> {
  const row = await readClaim(tx, operation.tenantId, kind, key);
  if (!row) throw new ClaimLostError(kind, key, undefined);
  const result = row.result as ClaimResults[Kind];
  if (row.status === 'settled') return result;
  if (!isOwner(row, operation)) throw new ClaimLostError(kind, key, `${row.workflowId}, run ${row.runId}`);
  return undefined;
}

/** Writes the result on a claim that this transaction has locked or inserted. Its time to be kept begins now. */
export async function writeResult<Kind extends ClaimKind>(
  tx: Tx,
  tenantId: string,
  { kind, key, result, now }: Settlement<Kind>,
): Promise<void> {
  await tx.affected(
    `update idempotency_keys set status = 'settled', result = $4, processed_at = $5::timestamptz,
       expires_at = $5::timestamptz + (expires_at - claimed_at)
     where tenant_id = $1 and kind = $2 and key = $3`,
    [tenantId, kind, key, JSON.stringify(result), now],
  );
}

/** Settles the claim and answers its result: the stored one when it was settled before. @throws ClaimLostError */
export async function settleClaim<Kind extends ClaimKind>(
  tx: Tx,
  operation: Operation,
  settlement: Settlement<Kind>,
): Promise<ClaimResults[Kind]> {
  const stored = await lockClaim(tx, operation, settlement.kind, settlement.key);
  if (stored !== undefined) return stored;
  await writeResult(tx, operation.tenantId, settlement);
  return settlement.result;
}

export interface TakeOver {
  operation: Operation;
  kind: ClaimKind;
  key: string;
  /** The owner that Temporal says is gone. */
  from: { workflowId: string; runId: string };
}

/** Compare-and-set of a live claim's owner. True also when `operation` owns it already. */
export async function takeOverClaim(tx: Tx, { operation, kind, key, from }: TakeOver): Promise<boolean> {
  const moved = await tx.affected(
    `update idempotency_keys set workflow_id = $4::text, run_id = $5::text
     where tenant_id = $1 and kind = $2 and key = $3 and status = 'live'
       and (workflow_id, run_id) in (($6, $7), ($4::text, $5::text))`,
    [operation.tenantId, kind, key, operation.workflowId, operation.runId, from.workflowId, from.runId],
  );
  return moved === 1;
}

/**
 * As {@link takeOverClaim}, with the row that goes with the claim: whose run it is stands in both. `table` and `keyColumn`
 * are ours.
 */
export async function takeOverWithRow(
  tx: Tx,
  takeOver: TakeOver,
  { table, keyColumn }: { table: string; keyColumn: string },
): Promise<boolean> {
  if (!(await takeOverClaim(tx, takeOver))) return false;
  const { operation, key } = takeOver;
  await tx.affected(`update ${table} set workflow_id = $3, run_id = $4 where tenant_id = $1 and ${keyColumn} = $2`, [
    operation.tenantId,
    key,
    operation.workflowId,
    operation.runId,
  ]);
  return true;
}

/** The key of a claim that its workflow's id ends with. @throws ClaimLostError for the workflow of another kind or tenant */
export function claimKeyOf(kind: ClaimKind, { tenantId, workflowId }: Operation): string {
  const parsed = parseWorkflowId(workflowId);
  if (parsed?.kind !== kind || parsed.tenantId !== tenantId) throw new ClaimLostError(kind, workflowId, undefined);
  return parsed.key;
}

/**
 * Those that move money have claims of their own, with what they hold besides (payments.ts, refunds.ts and so on); those of
 * the background are written with what they are about, settled at once.
 */
type PlainKind = Exclude<
  ClaimKind,
  | 'payment'
  | 'refund'
  | 'refund-return'
  | 'payout'
  | 'payout-return'
  | 'dispute'
  | 'event-cancellation'
  | 'analytics'
  | 'report'
>;

/** Claims of mints and messages. */
export const createClaims = (pool: Pool) => ({
  claim<Kind extends PlainKind>(claim: NewClaim & { kind: Kind }): Promise<ClaimOutcome<ClaimResults[Kind]>> {
    return withTenant(pool, claim.operation.tenantId, async (tx) => {
      const existing = await takeClaim(tx, claim);
      return (existing ?? { kind: 'owned' }) as ClaimOutcome<ClaimResults[Kind]>;
    });
  },

  takeOver(takeOver: TakeOver & { kind: PlainKind }): Promise<boolean> {
    return withTenant(pool, takeOver.operation.tenantId, (tx) => takeOverClaim(tx, takeOver));
  },

  /** What a claim was settled with; undefined while it is live, or where there is none. */
  resultOf<Kind extends ClaimKind>(tenantId: string, kind: Kind, key: string): Promise<ClaimResults[Kind] | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      const row = await tx.first<{ result: ClaimResults[Kind] }>(
        `select result from idempotency_keys where tenant_id = $1 and kind = $2 and key = $3 and status = 'settled'`,
        [tenantId, kind, key],
      );
      return row?.result;
    });
  },

  /** Idempotent. @throws ClaimLostError */
  settle<Kind extends PlainKind>({
    operation,
    ...settlement
  }: Settlement<Kind> & { operation: Operation }): Promise<ClaimResults[Kind]> {
    return withTenant(pool, operation.tenantId, (tx) => settleClaim(tx, operation, settlement));
  },
});
