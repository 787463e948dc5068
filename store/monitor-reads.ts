/** What the monitor asks the database: how much of what waits, across tenants, and nothing of what it is. */
import {
  type BooksCursor,
  type BooksSample,
  type Counted,
  type SampledQueue,
  sampledQueues,
} from '../contracts/monitor.ts';
import { laneNames } from '../contracts/task-queues.ts';
import { asSystem, type Pool, type Tx } from '../infrastructure/postgres.ts';
import { type LaneStanding, readLanes } from './monitor-lanes.ts';
import { sumUp } from './monitor-ledger.ts';
import { fromRow, type Row } from './rows.ts';

export interface BooksLook {
  books: BooksSample;
  lanes: LaneStanding[];
  /** Given up since the look before. */
  givenUp: Readonly<Partial<Record<SampledQueue, number>>>;
  cursor: BooksCursor;
}

export interface LookRequest {
  /** Of the look before. Without it, what was given up is counted from this look on. */
  cursor?: BooksCursor | undefined;
  /** No statement may take longer. Milliseconds. */
  statementMs: number;
}

async function counted(tx: Tx, sql: string): Promise<Counted> {
  const row = await tx.first<Row<Counted>>(sql);
  return row ? fromRow<Counted>(row) : { count: 0 };
}

const personWaits = (tx: Tx) =>
  counted(
    tx,
    `with waits as (
       select failed_at as since from dead_letter_jobs where resolved_at is null
       union all
       select reserved_at from (
         select tenant_id, workflow_id, run_id, reserved_at, approvals_needed as needed from payouts
         where status = 'reserved' and approvals_needed > 0
         union all
         ${refundsToApprove}
       ) as asked where needed > (
         select count(distinct subject) from decisions
         where decisions.tenant_id = asked.tenant_id and decisions.workflow_id = asked.workflow_id
           and decisions.run_id = asked.run_id and kind = 'approve' and refused_because is null
       )
     ) select count(*) as count, min(since) as worst from waits`,
  );

/** `approvalsNeeded` of contracts/decisions.ts in SQL, by what the venue asks for now: a refund's record does not keep it. */
const refundsToApprove = `
  select refunds.tenant_id, refunds.workflow_id, refunds.run_id, refunds.reserved_at,
    case when refunds.amount > refund_approval_two then 2 else 1 end
  from refunds join payments using (tenant_id, payment_key) join venues using (tenant_id, venue_id)
  where refunds.status = 'reserved' and refunds.amount > refund_approval_one`;

const authorizations = (tx: Tx) =>
  counted(
    tx,
    `select count(*) as count, min(capture_before) as worst from payments
     where status = 'live' and capture_before is not null`,
  );

const evidence = (tx: Tx) =>
  counted(
    tx,
    `select count(*) as count, min(evidence_due_by) as worst from disputes
     where ended_at is null and status in ('needs_response', 'warning_needs_response')`,
  );

/** What reconciliation found and nobody has closed. */
const differences = (tx: Tx) =>
  counted(
    tx,
    `select count(*) as count, min(found_at) as worst from reconciliation_differences where closed_at is null`,
  );

/** What is counted is forgotten after the first interval; a letter is never seen later than the second. */
const keepGivenUp = { atMost: '10 minutes', atLeast: '5 minutes' } as const;

/**
 * Letters of messages and background jobs, which nobody goes on with by itself; what money parks goes on. A letter bears
 * the time at which its transaction began, so those of the last minutes are counted again, less what was counted before.
 */
async function givenUp(tx: Tx, { cursor }: LookRequest): Promise<Pick<BooksLook, 'givenUp'> & Counting> {
  const start = cursor?.givenUpSince ?? null;
  const rows = await tx.rows<{ since: string; queue: SampledQueue | null; all: number; kept: number }>(
    `with span as (
       select given.since, case when given.since < now() - interval '${keepGivenUp.atMost}'
         then date_trunc('milliseconds', now() - interval '${keepGivenUp.atLeast}') else given.since end as kept
       from (select coalesce($1::timestamptz, date_trunc('milliseconds', now() - interval '${keepGivenUp.atLeast}')) as since)
         as given
     )
     select span.kept as since, queue_name as queue, count(queue_name) as all,
       count(queue_name) filter (where failed_at >= span.kept) as kept
     from span left join dead_letter_jobs on failed_at >= span.since and queue_name = any($2)
     group by span.kept, queue_name`,
    [start, sampledQueues.filter((queue) => queue !== 'money')],
  );
  const of = (what: 'all' | 'kept') =>
    Object.fromEntries(rows.flatMap((row) => (row.queue === null ? [] : [[row.queue, row[what]] as const])));
  // Nobody asked for what came before the first look.
  const all: BooksCursor['givenUp'] = start === null ? {} : of('all');
  const before = cursor?.givenUp ?? {};
  const fresh = Object.entries(all) as [SampledQueue, number][];
  return {
    givenUp: Object.fromEntries(fresh.map(([queue, count]) => [queue, Math.max(0, count - (before[queue] ?? 0))])),
    counting: { givenUpSince: rows[0]!.since, givenUp: of('kept') },
  };
}
interface Counting {
  counting: Pick<BooksCursor, 'givenUp' | 'givenUpSince'>;
}

async function lookIn(tx: Tx, request: LookRequest): Promise<BooksLook> {
  await tx.rows(`select set_config('statement_timeout', $1, true)`, [String(request.statementMs)]);
  const lanes = await readLanes(tx, laneNames);
  const { counting, ...fresh } = await givenUp(tx, request);
  const { unbalanced, cursor } = await sumUp(tx, request.cursor);
  const recorded = lanes.flatMap(({ recordedAt }) => recordedAt ?? []).toSorted();
  const books: BooksSample = {
    personWaits: await personWaits(tx),
    authorizations: await authorizations(tx),
    evidence: await evidence(tx),
    unbalanced,
    differences: await differences(tx),
    ...(recorded.length === 0 ? {} : { lanesRecordedAt: recorded.at(-1)! }),
  };
  return { books, lanes, ...fresh, cursor: { ...counting, ...cursor } };
}

export const createMonitorReads = (pool: Pool) => ({
  /** Bounded, whatever the tables hold: what is open, and what is new since the look before. Rejects with whatever is away. */
  look: (request: LookRequest): Promise<BooksLook> => asSystem(pool, (tx) => lookIn(tx, request)),
});
