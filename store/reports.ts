/** Daily money reports of venues: drawn up from the ledger once, and kept as they were drawn up. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../contracts/hashes.ts';
import { jobTypes } from '../contracts/job-types.ts';
import {
  type Report,
  type ReportEntry,
  reportLocation,
  type ReportInput,
  type ReportPage,
  type ReportResult,
} from '../contracts/report.ts';
import { reportCsv } from '../contracts/report-csv.ts';
import type { ReportFilter } from '../contracts/schema/report.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { takeClaim, writeResult } from './claims.ts';
import type { Operation } from './operation.ts';
import { currenciesOfDay, type MovementRow, type OpeningRow } from './report-rules.ts';

export interface MakeReport {
  operation: Operation;
  input: ReportInput;
  /** Business time, ISO 8601. The day's books have to be closed by then: what comes later would be in no report. */
  now: string;
}

/** A report as it is kept. */
export interface StoredReport {
  report: Report;
  csv: string;
  /** Of the CSV's bytes, in hex. */
  sha256: string;
  /** ISO 8601. */
  createdAt: string;
}

type OfDay = Pick<Report, 'tenantId' | 'venueId' | 'day'>;

const booked = 'booked_day(t.occurred_at, t.recorded_at)';
const begins = `($3::date::timestamp at time zone 'UTC')`;
const ends = `(($3::date + 1)::timestamp at time zone 'UTC')`;

/** Whatever is booked on a day, or later, happened or was recorded then: indexes find that, and row-level security lets them. */
const bookedSince = `e.tenant_id = $1 and e.venue_id = $2 and t.tenant_id = $1
  and (t.occurred_at >= ${begins} or t.recorded_at >= ${begins}) and ${booked} >= $3::date`;
const bookedOn = `e.tenant_id = $1 and e.venue_id = $2 and t.tenant_id = $1
  and (t.occurred_at >= ${begins} and t.occurred_at < ${ends} or t.recorded_at >= ${begins} and t.recorded_at < ${ends})
  and ${booked} = $3::date`;
const entriesAndTransactions = 'from ledger_entries e join ledger_transactions t on t.id = e.transaction_id';

/** What the accounts hold now, less what was booked since the day began: never from an earlier report, which may be missing. */
const openingsOfDay = `
  select currency, account, sum(amount)::bigint as opening from (
    select e.currency, e.account, e.amount from ledger_entries e where e.tenant_id = $1 and e.venue_id = $2
    union all select e.currency, e.account, -e.amount ${entriesAndTransactions} where ${bookedSince}
  ) as entry group by currency, account having sum(amount) <> 0`;

const movementsOfDay = `
  with entry as materialized (
    select t.id, t.operation, split_part(t.operation, ':', 1) as kind, e.currency, e.account, e.amount,
      case when split_part(t.operation, ':', 1) in ('payment', 'payout') then t.step else '' end as step
    ${entriesAndTransactions} where ${bookedOn}
  ), counted as (
    select kind, step, currency, min(operation) as operation, count(distinct id) as transactions
    from entry group by kind, step, currency
  )
  select currency, account, counted.operation, step, transactions, sum(amount)::bigint as amount
  from entry join counted using (kind, step, currency)
  group by currency, account, counted.operation, step, transactions`;

async function readReport(tx: Tx, { tenantId, venueId, day }: OfDay): Promise<Report> {
  const values = [tenantId, venueId, day];
  const openings = await tx.rows<OpeningRow>(openingsOfDay, values);
  const movements = await tx.rows<MovementRow>(movementsOfDay, values);
  return { tenantId, venueId, day, currencies: currenciesOfDay(openings, movements) };
}

const completed = (of: { venueId: string; day: string }, sha256: string): ReportResult => ({
  status: 'completed',
  location: reportLocation(of),
  sha256,
});

async function findIn(tx: Tx, { tenantId, venueId, day }: OfDay): Promise<StoredReport | undefined> {
  return tx.first<StoredReport>(
    `select report, csv, sha256, created_at as "createdAt" from reports
     where tenant_id = $1 and venue_id = $2 and day = $3`,
    [tenantId, venueId, day],
  );
}

async function drawUp(tx: Tx, of: OfDay): Promise<ReportResult> {
  const { tenantId, venueId, day } = of;
  const stored = await findIn(tx, of);
  if (stored) return completed(of, stored.sha256);
  const venue = await tx.first(`select from venues where tenant_id = $1 and venue_id = $2`, [tenantId, venueId]);
  if (!venue) return { status: 'refused', reason: 'no_venue' };
  const report = await readReport(tx, of);
  const csv = reportCsv(report);
  const sha256 = createHash('sha256').update(csv, 'utf8').digest('hex');
  await tx.affected(
    `insert into reports (tenant_id, venue_id, day, report, csv, sha256) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, venue_id, day) do nothing`,
    [tenantId, venueId, day, canonicalJson(report), csv, sha256],
  );
  return completed(of, sha256);
}

/** Nothing is claimed where nothing is made: the venue may be put later. */
async function makeIn(tx: Tx, { operation, input, now }: MakeReport): Promise<ReportResult> {
  const { tenantId, venueId, day } = input.request;
  const result = await drawUp(tx, input.request);
  if (result.status === 'refused') return result;
  const { queue, resultKeptMs } = jobTypes['generate-report'];
  const key = `${venueId}:${day}`;
  const existing = await takeClaim(tx, {
    operation, kind: 'report', key, fingerprint: input.fingerprint, queueName: queue, jobType: 'generate-report', now,
    keepForMs: resultKeptMs,
  }); // prettier-ignore
  if (existing?.kind === 'refused') return { status: 'refused', reason: 'key_reused' };
  if (!existing) await writeResult(tx, tenantId, { kind: 'report', key, result, now });
  return result;
}

async function listIn(tx: Tx, tenantId: string, { venueId, limit = 50, cursor }: ReportFilter): Promise<ReportPage> {
  const [day, after] = cursor?.split(':') ?? [];
  const rows = await tx.rows<ReportEntry>(
    `select venue_id as "venueId", day::text, sha256, created_at as "createdAt" from reports
     where tenant_id = $1 and ($2::text is null or venue_id = $2) and ($3::date is null or (day, venue_id) < ($3, $4::text))
     order by reports.day desc, venue_id desc limit $5`,
    [tenantId, venueId ?? null, day ?? null, after ?? null, limit + 1],
  );
  const reports = rows.slice(0, limit);
  const last = rows.length > limit ? reports.at(-1) : undefined;
  return { reports, ...(last ? { nextCursor: `${last.day}:${last.venueId}` } : {}) };
}

export const createReports = (pool: Pool) => ({
  /** Draws it up, or finds the one that there is: a day that is closed does not change any more. */
  make(making: MakeReport): Promise<ReportResult> {
    return withTenant(pool, making.operation.tenantId, (tx) => makeIn(tx, making));
  },

  get(tenantId: string, venueId: string, day: string): Promise<StoredReport | undefined> {
    return withTenant(pool, tenantId, (tx) => findIn(tx, { tenantId, venueId, day }));
  },

  list(tenantId: string, filter: ReportFilter = {}): Promise<ReportPage> {
    return withTenant(pool, tenantId, (tx) => listIn(tx, tenantId, filter));
  },
});
