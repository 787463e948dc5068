/** Dead letters as people look for them: pages, groups by error, statistics, and all of them for an export. */
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterStatistics,
  DeadLetterWish,
} from '../contracts/dead-letters.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { cursorOf, pageOf, pageSizeOf } from './payment-reads.ts';
import { fromRow, type Row } from './rows.ts';

export interface DeadLetterListing extends DeadLetterWish {
  /** 1 to 200. */
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

export interface DeadLetterPage {
  /** Newest first. */
  letters: DeadLetter[];
  nextCursor?: string;
}

/** Letters of one page of an export: each is a short transaction of its own. */
const exportPage = 500;

const columns = `id::text as id, queue_name as "queueName", job_type as "jobType", workflow_id as "workflowId",
  run_id as "runId", step, error, attempts, money_moved as "moneyMoved", job_data as data, failed_at as "failedAt", retries,
  resolved_at as "resolvedAt", outcome, closed_by as "closedBy", close_reason as "closeReason"`;

/** Parameters 2 to 6 of whatever uses it. */
const fits = `tenant_id = $1 and ($2::text is null or queue_name = $2) and ($3::text is null or job_type = $3)
  and ($4::text is null or error = $4) and ($5::timestamptz is null or failed_at >= $5)
  and ($6 = 'all' or (resolved_at is null) = ($6 = 'open'))`;

const wanted = (tenantId: string, { queue, jobType, error, since, state = 'open' }: DeadLetterWish) => [
  tenantId,
  queue ?? null,
  jobType ?? null,
  error ?? null,
  // A day begins in UTC, whatever the server's time zone.
  since === undefined ? null : new Date(since).toISOString(),
  state,
];

const letterOf = (row: Row<DeadLetter>): DeadLetter => fromRow<DeadLetter>(row);

async function listIn(
  tx: Tx,
  tenantId: string,
  { limit, cursor, ...wish }: DeadLetterListing,
): Promise<DeadLetterPage> {
  const size = pageSizeOf(limit);
  const rows = await tx.rows<Row<DeadLetter>>(
    `select ${columns} from dead_letter_jobs where ${fits} and ($7::bigint is null or id < $7) order by dead_letter_jobs.id desc limit $8`,
    [...wanted(tenantId, wish), cursorOf(cursor), size + 1],
  );
  const { items, next } = pageOf(rows, size, { item: letterOf, number: ({ id }) => Number(id) });
  return { letters: items, ...next };
}

/** Oldest first, with a number above `after`. */
const readOldest = (
  tx: Tx,
  tenantId: string,
  wish: DeadLetterWish,
  { after, limit }: { after: string; limit: number },
) =>
  tx.rows<Row<DeadLetter>>(
    `select ${columns} from dead_letter_jobs where ${fits} and id > $7 order by dead_letter_jobs.id limit $8`,
    [...wanted(tenantId, wish), after, limit],
  );

const groupsSql = `
  select queue_name as "queueName", job_type as "jobType", step, error, sum(letters)::int as count,
    min(oldest) as oldest, max(newest) as newest, json_object_agg(money_moved, letters) as "moneyMoved"
  from (
    select queue_name, job_type, step, error, money_moved, count(*) as letters, min(failed_at) as oldest,
      max(failed_at) as newest
    from dead_letter_jobs where ${fits} group by queue_name, job_type, step, error, money_moved
  ) as counted
  group by queue_name, job_type, step, error order by count desc, oldest, error limit 200`;

const openSql = `
  select count(*)::int as open, min(failed_at) as "oldestAt",
    extract(epoch from now() - min(failed_at))::int8 as "oldestSeconds"
  from dead_letter_jobs where tenant_id = $1 and resolved_at is null`;

/** `column` is ours. */
const openBySql = (column: string) => `
  select coalesce(json_object_agg(name, letters), '{}') as counts from (
    select ${column} as name, count(*) as letters from dead_letter_jobs where tenant_id = $1 and resolved_at is null
    group by ${column} order by ${column}
  ) as counted`;

const daysSql = `
  select to_char(day, 'YYYY-MM-DD') as day,
    (select count(*)::int from dead_letter_jobs where tenant_id = $1
      and failed_at >= day at time zone 'utc' and failed_at < (day + interval '1 day') at time zone 'utc') as opened,
    (select count(*)::int from dead_letter_jobs where tenant_id = $1
      and resolved_at >= day at time zone 'utc' and resolved_at < (day + interval '1 day') at time zone 'utc') as resolved
  from generate_series(date_trunc('day', now() at time zone 'utc') - ($2::int - 1) * interval '1 day',
    date_trunc('day', now() at time zone 'utc'), interval '1 day') as day order by day`;

async function statisticsIn(tx: Tx, tenantId: string, days: number): Promise<DeadLetterStatistics> {
  const countsBy = async (column: string) =>
    (await tx.first<{ counts: Record<string, number> }>(openBySql(column), [tenantId]))?.counts ?? {};
  const row = await tx.first<{ open: number; oldestAt: string | null; oldestSeconds: number | null }>(openSql, [
    tenantId,
  ]);
  const { open = 0, oldestAt = null, oldestSeconds = null } = row ?? {};
  return {
    open,
    byQueue: await countsBy('queue_name'),
    byJobType: await countsBy('job_type'),
    byMoneyMoved: await countsBy('money_moved'),
    ...(oldestAt === null ? {} : { oldest: { failedAt: oldestAt, seconds: oldestSeconds ?? 0 } }),
    days: await tx.rows<DeadLetterStatistics['days'][number]>(daysSql, [tenantId, days]),
  };
}

async function readIn(tx: Tx, tenantId: string, id: string, lock = ''): Promise<DeadLetter | undefined> {
  const row = await tx.first<Row<DeadLetter>>(
    `select ${columns} from dead_letter_jobs where tenant_id = $1 and id = $2 ${lock}`,
    [tenantId, id],
  );
  return row && letterOf(row);
}

/** Nobody else changes it until the transaction has ended. */
export const lockLetter = (tx: Tx, tenantId: string, id: string) => readIn(tx, tenantId, id, 'for update');

export const createDeadLetterReads = (pool: Pool) => {
  const oldest = (tenantId: string, wish: DeadLetterWish, page: { after: string; limit: number }) =>
    withTenant(pool, tenantId, async (tx) => (await readOldest(tx, tenantId, wish, page)).map(letterOf));

  return {
    get: (tenantId: string, id: string): Promise<DeadLetter | undefined> =>
      withTenant(pool, tenantId, (tx) => readIn(tx, tenantId, id)),

    /** @throws InvalidCursorError */
    list: (tenantId: string, listing: DeadLetterListing): Promise<DeadLetterPage> =>
      withTenant(pool, tenantId, (tx) => listIn(tx, tenantId, listing)),

    /** The largest first, 200 at most. */
    groups: (tenantId: string, wish: DeadLetterWish): Promise<DeadLetterGroup[]> =>
      withTenant(pool, tenantId, (tx) => tx.rows<DeadLetterGroup>(groupsSql, wanted(tenantId, wish))),

    /** Of `days` UTC days, today the last of them. */
    statistics: (tenantId: string, days: number): Promise<DeadLetterStatistics> =>
      withTenant(pool, tenantId, (tx) => statisticsIn(tx, tenantId, days)),

    /** The oldest open ones that fit. */
    oldest: (tenantId: string, filter: DeadLetterFilter, limit: number): Promise<DeadLetter[]> =>
      oldest(tenantId, { ...filter, state: 'open' }, { after: '0', limit }),

    /** Those of the ids that exist, open or not, by number. */
    some: (tenantId: string, ids: readonly string[]): Promise<DeadLetter[]> =>
      withTenant(pool, tenantId, async (tx) => {
        const rows = await tx.rows<Row<DeadLetter>>(
          `select ${columns} from dead_letter_jobs where tenant_id = $1 and id = any($2::bigint[]) order by dead_letter_jobs.id`,
          [tenantId, ids],
        );
        return rows.map(letterOf);
      }),

    /** All that fit, oldest first, page after page; what is written meanwhile may be among them. */
    async *pages(tenantId: string, wish: DeadLetterWish): AsyncGenerator<DeadLetter[], void, void> {
      for (let after = '0'; ;) {
        const page = await oldest(tenantId, wish, { after, limit: exportPage });
        if (page.length > 0) yield page;
        if (page.length < exportPage) return;
        after = page.at(-1)!.id;
      }
    },
  };
};
