/** What reconciliation found: kept, closed when it is gone, closed by people. Each method is one transaction. */
import type {
  Difference,
  DifferenceRecord,
  ReconciledDay,
  ReconciliationCounts,
  ReconciliationResult,
  Remedy,
} from '../contracts/reconciliation.ts';
import { closedByItself } from '../contracts/reconciliation-rules.ts';
import { asSystem, type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row, storableText } from './rows.ts';

/** Which run of which day it is. `now` is business time, ISO 8601. */
export interface ReconciliationRun {
  tenantId: string;
  day: string;
  /** The first run's id: a reconciliation that goes on as new is one. */
  run: string;
  now: string;
}

export interface RecordDifferences extends ReconciliationRun {
  /** The objects that were compared: what is open about them and not found again is gone. */
  examined: readonly string[];
  found: readonly Difference[];
}

export interface DifferenceFilter {
  day?: string;
  /** False: closed ones too. */
  open: boolean;
  /** 1 to 200. */
  limit: number;
  /** Those with a lower id. */
  before?: number;
}

/** A difference that nobody has told its workflow of yet. */
export interface Curable {
  id: number;
  remedy: Remedy;
}

export interface RunTotals {
  differences: number;
  healed: number;
  open: number;
}

const columns = `id, day::text as day, kind, object_id as "objectId", ours, theirs, remedy, amount_minor as amount, currency,
  found_at as "foundAt", healed_at as "healedAt", closed_at as "closedAt", closed_by as "closedBy",
  close_reason as "closeReason"`;

/** `ours` and `theirs` stay null where a side has nothing. */
function recordOf(row: Row<DifferenceRecord>): DifferenceRecord {
  const { ours, theirs } = row;
  return { ...fromRow<DifferenceRecord>(row), ours, theirs };
}

const jsonOf = (facts: object | null | undefined) => (facts ? JSON.stringify(facts) : null);

/**
 * What a person closed and has not changed since stays closed. Nothing of a row that is open already changes but what is
 * known of it.
 */
async function keep(tx: Tx, { tenantId, day, run, now }: ReconciliationRun, found: Difference): Promise<void> {
  const { kind, objectId, ours, theirs, remedy, amount, currency } = found;
  await tx.affected(
    `insert into reconciliation_differences as old (tenant_id, day, kind, object_id, ours, theirs, remedy, amount_minor,
       currency, seen_by, found_at)
     select $1::text, $2::date, $3::text, $4::text, $5::json, $6::json, $7::json, $8::bigint, $9::text, $10::text, $11::timestamptz
     where not exists (
       select from reconciliation_differences closed where closed.tenant_id = $1 and closed.kind = $3
         and closed.object_id = $4 and closed.closed_by <> $12 and closed.ours::text is not distinct from $5::json::text
         and closed.theirs::text is not distinct from $6::json::text)
     on conflict (tenant_id, kind, object_id) where closed_at is null do update set ours = excluded.ours,
       theirs = excluded.theirs, remedy = excluded.remedy, amount_minor = excluded.amount_minor,
       currency = excluded.currency, seen_by = excluded.seen_by`,
    [
      tenantId, day, kind, objectId, jsonOf(ours), jsonOf(theirs), jsonOf(remedy), amount ?? null, currency ?? null, run,
      now, closedByItself,
    ], // prettier-ignore
  );
}

async function recordIn(tx: Tx, request: RecordDifferences): Promise<void> {
  const { tenantId, now, examined, found } = request;
  for (const difference of found) await keep(tx, request, difference);
  if (examined.length === 0) return;
  await tx.affected(
    `update reconciliation_differences set closed_at = $3, closed_by = $4, close_reason = 'it does not differ any more'
     where tenant_id = $1 and closed_at is null and object_id = any($2)
       and not (kind || ' ' || object_id = any($5))`,
    [tenantId, examined, now, closedByItself, found.map(({ kind, objectId }) => `${kind} ${objectId}`)],
  );
}

/** Of the day's own: what other days left open is looked at as well, and counted there. */
async function totalsIn(tx: Tx, { tenantId, day, run }: Omit<ReconciliationRun, 'now'>): Promise<RunTotals> {
  const totals = await tx.first<RunTotals>(
    `select count(*)::int as differences, (count(*) filter (where healed_at is not null))::int as healed,
       (count(*) filter (where closed_at is null))::int as open
     from reconciliation_differences where tenant_id = $1 and seen_by = $2 and day = $3::date`,
    [tenantId, run, day],
  );
  return totals ?? { differences: 0, healed: 0, open: 0 };
}

export const createReconciliation = (pool: Pool) => ({
  begin({ tenantId, day, run, now }: ReconciliationRun): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `insert into reconciliation_days (tenant_id, day, run_id, status, compared, differences, healed, started_at)
         values ($1, $2::date, $3, 'running', '{}', 0, 0, $4)
         on conflict (tenant_id, day) do update set run_id = excluded.run_id, status = 'running', compared = '{}',
           differences = 0, healed = 0, started_at = excluded.started_at, ended_at = null
         where reconciliation_days.run_id <> excluded.run_id`,
        [tenantId, day, run, now],
      );
    });
  },

  record(request: RecordDifferences): Promise<void> {
    return withTenant(pool, request.tenantId, (tx) => recordIn(tx, request));
  },

  /** What the run saw and can be healed, lowest id first. */
  curable(
    { tenantId, run }: Pick<ReconciliationRun, 'tenantId' | 'run'>,
    { after, limit }: { after: number; limit: number },
  ): Promise<Curable[]> {
    return withTenant(pool, tenantId, (tx) =>
      tx.rows<Curable>(
        `select id, remedy from reconciliation_differences
         where tenant_id = $1 and seen_by = $2 and closed_at is null and remedy is not null and id > $3
         order by id limit $4`,
        [tenantId, run, after, limit],
      ),
    );
  },

  healed({ tenantId, now }: Pick<ReconciliationRun, 'tenantId' | 'now'>, ids: readonly number[]): Promise<void> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update reconciliation_differences set healed_at = coalesce(healed_at, $3) where tenant_id = $1 and id = any($2)`,
        [tenantId, ids, now],
      );
    });
  },

  /** Open ones to look at again, lowest id first: those that this run did not see, or those that it healed. */
  toLookAt(
    { tenantId, run }: Pick<ReconciliationRun, 'tenantId' | 'run'>,
    { which, after, limit }: { which: 'others' | 'healed'; after: number; limit: number },
  ): Promise<DifferenceRecord[]> {
    const wanted = which === 'others' ? 'seen_by <> $2' : 'seen_by = $2 and healed_at is not null';
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<Row<DifferenceRecord>>(
        `select ${columns} from reconciliation_differences
         where tenant_id = $1 and closed_at is null and ${wanted} and id > $3 order by id limit $4`,
        [tenantId, run, after, limit],
      );
      return rows.map(recordOf);
    });
  },

  /** The end of the run, with what became of what it saw. */
  end(
    { tenantId, day, run, now }: ReconciliationRun,
    { cancelled, compared }: { cancelled: boolean; compared: ReconciliationCounts },
  ): Promise<RunTotals & { status: ReconciliationResult['status'] }> {
    return withTenant(pool, tenantId, async (tx) => {
      const totals = await totalsIn(tx, { tenantId, day, run });
      const status = cancelled ? 'cancelled' : totals.differences > 0 ? 'differs' : 'clean';
      await tx.affected(
        `update reconciliation_days set status = $4, compared = $5, differences = $6, healed = $7, ended_at = $8
         where tenant_id = $1 and day = $2::date and run_id = $3`,
        [tenantId, day, run, status, JSON.stringify(compared), totals.differences, totals.healed, now],
      );
      return { ...totals, status };
    });
  },

  /** Newest first. */
  list(tenantId: string, { day, open, limit, before }: DifferenceFilter): Promise<DifferenceRecord[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<Row<DifferenceRecord>>(
        `select ${columns} from reconciliation_differences
         where tenant_id = $1 and ($2::date is null or day = $2::date) and (not $3 or closed_at is null)
           and ($4::bigint is null or id < $4) order by id desc limit $5`,
        [tenantId, day ?? null, open, before ?? null, limit],
      );
      return rows.map(recordOf);
    });
  },

  /** Newest first. */
  days(tenantId: string, { day, limit }: { day?: string; limit: number }): Promise<ReconciledDay[]> {
    return withTenant(pool, tenantId, async (tx) => {
      const rows = await tx.rows<Row<ReconciledDay>>(
        `select day::text as day, status, differences, healed, compared, started_at as "startedAt",
           ended_at as "endedAt"
         from reconciliation_days where tenant_id = $1 and ($2::date is null or day = $2::date)
         order by reconciliation_days.day desc limit $3`,
        [tenantId, day ?? null, limit],
      );
      return rows.map((row) => fromRow<ReconciledDay>(row));
    });
  },

  /** By a person. Undefined: there is no such difference, of this tenant; one that is closed stays as it was closed. */
  close(
    tenantId: string,
    { id, by, reason, now }: { id: number; by: string; reason: string; now: string },
  ): Promise<DifferenceRecord | undefined> {
    return withTenant(pool, tenantId, async (tx) => {
      await tx.affected(
        `update reconciliation_differences set closed_at = $3, closed_by = $4, close_reason = $5
         where tenant_id = $1 and id = $2 and closed_at is null`,
        [tenantId, id, now, by, storableText(reason)],
      );
      const row = await tx.first<Row<DifferenceRecord>>(
        `select ${columns} from reconciliation_differences where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row && recordOf(row);
    });
  },

  /** Open ones of all tenants. */
  openByKind(): Promise<{ kind: string; count: number }[]> {
    return asSystem(pool, (tx) =>
      tx.rows(
        `select kind, count(*)::int as count from reconciliation_differences where closed_at is null
         group by kind order by kind`,
      ),
    );
  },
});
