import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CleanUpAnswer, createCleanupActivities } from '../../activities/cleanup.ts';
import { type CleanedTable, cleanedTables } from '../../store/index.ts';
import { environment } from '../support/ledger-twins.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openSale } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  for (const tenantId of ['acme', 'globex']) await openSale(db.store, tenantId);
});
afterAll(() => db.stop());
afterEach(async () => {
  await db.look(`begin; set local session_replication_role = replica;
    ${cleanedTables.map(({ table }) => `delete from ${table};`).join('\n')} commit`);
});

const claim = (
  kind: string,
  of: string,
) => `insert into idempotency_keys (tenant_id, kind, key, fingerprint, workflow_id,
    run_id, status, queue_name, job_type, result, claimed_at, processed_at, expires_at)
  select case when n % 2 = 0 then 'acme' else 'globex' end, '${kind}', 'k-' || n || '-${kind}', repeat('f', 64), 'w', 'r',
    'settled', 'q', 'j', '{}', now() - interval '1 year', now() - interval '1 year', ${of} from generate_series(1, $1::int) n`;

/** Rows whose time is over, and rows whose time is not, by SQL: `$1` of each. */
const planters: Readonly<Record<string, { old: string; young: string }>> = {
  idempotency_keys: {
    old: claim('email', `now() - interval '1 second'`),
    young: claim('analytics', `now() + interval '1 minute'`),
  },
  message_contents: rows(
    'message_contents',
    `(tenant_id, ref, code, expires_at) select 'acme', 'ref-AGE-' || n, '4829', TIME`,
    {
      old: `now() - interval '1 second'`,
      young: `now() + interval '1 minute'`,
    },
  ),
  // Without the purchase that it is of.
  customer_actions: rows(
    'customer_actions',
    `(tenant_id, payment_key, workflow_id, intent_id, client_secret, expires_at) select 'acme', 'AGE-' || n, 'w', 'i', 's', TIME`,
    { old: `now() - interval '1 second'`, young: `now() + interval '1 minute'` },
  ),
  webhook_events: rows(
    'webhook_events',
    `(tenant_id, provider, event_id, type, livemode, payload, received_at, processed_at)
     select 'acme', 'stripe', 'evt-AGE-' || n, 't', false, '{}', now() - interval '1 year', TIME`,
    { old: `now() - interval '91 days'`, young: `now() - interval '89 days'` },
  ),
  rate_limit_metrics: rows(
    'rate_limit_metrics',
    `(tenant_id, lane, in_flight, last_second, granted, waiting, stopped, captured_at)
     select 'platform', 'stripe', 0, 0, 0, 0, false, TIME - n * interval '1 second'`,
    { old: `now() - interval '30 days'`, young: `now() - interval '29 days'` },
  ),
  queue_metrics: rows(
    'queue_metrics',
    `(tenant_id, queue_name, waiting_count, active_count, oldest_seconds, captured_at)
     select 'platform', 'money', 0, 0, 0, TIME - n * interval '1 second'`,
    { old: `now() - interval '30 days'`, young: `now() - interval '29 days'` },
  ),
  alert_notices: rows(
    'alert_notices',
    `(tenant_id, alert_id, number, kind, channel, outcome, sent_at)
     select 'platform', 'AGE-' || n, 1, 'first', 'sms', 'delivered', TIME`,
    { old: `now() - interval '31 days'`, young: `now() - interval '29 days'` },
  ),
  alert_history: rows(
    'alert_history',
    `(tenant_id, alert_id, severity, alert_type, subject, message, metric_value, threshold_value, last_value, reopened,
       notices, escalated, created_at, ended_at, looked_at)
     select 'platform', 'AGE-' || n, 'info', 'test', 'money', 'm', 1, 1, 1, 0, 0, false, now() - interval '1 year', TIME, now()`,
    { old: `now() - interval '7 days'`, young: `now() - interval '6 days'` },
  ),
};

function rows(table: string, into: string, times: { old: string; young: string }) {
  const insert = (age: 'old' | 'young') =>
    `insert into ${table} ${into.replaceAll('AGE', age).replaceAll('TIME', times[age])} from generate_series(1, $1::int) n`;
  return { old: insert('old'), young: insert('young') };
}

const ages = ['old', 'young'] as const;

/** Constraints to other tables are not what is shown here. */
async function plant(table: string, age: 'old' | 'young', count: number): Promise<void> {
  const sql = planters[table]![age].replaceAll('$1::int', String(count));
  await db.look(`begin; set local session_replication_role = replica; ${sql}; commit`);
}

const countOf = async (table: string) =>
  (await db.look<{ rows: number }>(`select count(*)::int as rows from ${table}`))[0]!.rows;

const names = cleanedTables.map(({ table }) => table);

describe('the list of what is cleaned', () => {
  it('names tables that exist, each with a policy of its own and the right to delete', async () => {
    const ready = await db.look<{ name: string }>(
      `select p.tablename as name from pg_policies p where p.policyname = 'cleanup' and p.roles = '{boxoffice_system}'
         and has_table_privilege('boxoffice_system', p.tablename::text, 'DELETE') order by 1`,
    );
    expect(ready.map(({ name }) => name)).toEqual(names.toSorted());
  });

  it('is tried out here, table by table', () => {
    expect(Object.keys(planters).toSorted()).toEqual(names.toSorted());
  });
});

/** As a mistake in the list would have it: only the policies hold it back. */
const everything = (table: string): CleanedTable => ({
  ...cleanedTables.find((one) => one.table === table)!,
  condition: 'true',
});

const activityOf = (change: { batch?: number; enough?: number } = {}) =>
  createCleanupActivities({ cleanup: db.store.cleanup, tables: cleanedTables, ...change }).cleanUp;

describe('cleanup', () => {
  it.each(names)('of %s deletes what is old, in batches, and nothing else', async (table) => {
    const target = cleanedTables.find((one) => one.table === table)!;
    for (const age of ages) await plant(table, age, 5);
    const sizes: number[] = [];
    for (let rows = 1; rows > 0;) sizes.push((rows = await db.store.cleanup.deleteBatch(target, 2)));
    expect(sizes).toEqual([2, 2, 1, 0]);
    expect(await countOf(table)).toBe(5);
    await plant(table, 'old', 1);
    expect(await countOf(table)).toBe(6);
  });

  it('leaves claims of money alone, even those with a time on them, whatever it asks for', async () => {
    // Two constraints forbid such a row in the first place.
    await db.look(
      `alter table idempotency_keys drop constraint idempotency_keys_money_kept, drop constraint idempotency_keys_check1`,
    );
    for (const kind of ['payment', 'refund', 'payout', 'mint'])
      await db.look(claim(kind, `now() - interval '1 day'`), [1]);
    await db.look(claim('dispute', 'null'), [1]);
    const target = cleanedTables.find(({ table }) => table === 'idempotency_keys');
    expect(await db.store.cleanup.deleteBatch(target!)).toBe(0);
    expect(await db.store.cleanup.deleteBatch(everything('idempotency_keys'))).toBe(0);
    expect(await countOf('idempotency_keys')).toBe(5);
  });

  it('leaves claims that are live, and events that nobody has processed, however old', async () => {
    await db.look(claim('sms', `now() - interval '1 day'`), [1]);
    await db.look(`update idempotency_keys set status = 'live', result = null, processed_at = null`);
    const event = { tenantId: 'acme', provider: 'stripe', eventId: 'evt', type: 't', livemode: false } as const;
    await db.store.webhooks.record({ ...event, payload: {}, now: '2020-01-01T00:00:00.000Z' });
    for (const table of ['idempotency_keys', 'webhook_events']) {
      expect(await db.store.cleanup.deleteBatch(everything(table)), table).toBe(0);
      expect(await countOf(table), table).toBe(1);
    }
  });
});

describe('the activity', () => {
  it('cleans every table, and says how far it is as it goes', async () => {
    for (const table of names) await plant(table, 'old', 3);
    const env = environment();
    const told: unknown[] = [];
    env.on('heartbeat', (details) => told.push(structuredClone(details)));
    const answer = await env.run(activityOf({ batch: 2 }), {});
    expect(answer).toEqual({ deleted: Object.fromEntries(names.map((table) => [table, 3])) });
    expect(told.at(-1)).toMatchObject({ table: names.at(-1), deleted: { alert_history: 3 } });
  });

  it('goes on where the attempt before it died, and counts on', async () => {
    for (const table of names) await plant(table, 'old', 1);
    const before = { table: 'rate_limit_metrics', deleted: { message_contents: 40 } };
    const env = environment({ heartbeatDetails: before });
    const { deleted }: CleanUpAnswer = await env.run(activityOf(), {});
    const rest = names.slice(names.indexOf('rate_limit_metrics'));
    expect(deleted).toEqual({ message_contents: 40, ...Object.fromEntries(rest.map((table) => [table, 1])) });
    expect(await countOf('message_contents')).toBe(1);
  });

  it('answers in between when it takes long, and the next call goes on from there', async () => {
    await plant('webhook_events', 'old', 1);
    const env = environment();
    expect(await env.run(activityOf({ enough: 0 }), { from: 'webhook_events' })).toEqual({
      deleted: {},
      next: 'webhook_events',
    });
    expect(await env.run(activityOf(), { from: 'webhook_events' })).toEqual({ deleted: { webhook_events: 1 } });
  });

  it('fails for good on the second attempt when a table is missing', async () => {
    const tables = [{ table: 'no_such_table', key: ['tenant_id'], condition: 'true' }];
    const { cleanUp } = createCleanupActivities({ cleanup: db.store.cleanup, tables });
    const failed = (attempt: number) =>
      environment({ attempt })
        .run(cleanUp, {})
        .catch((error: unknown) => error);
    expect(await failed(1)).toMatchObject({ type: 'Retry', nextRetryDelay: 15_000, details: [{ code: '42P01' }] });
    expect(await failed(2)).toMatchObject({ type: 'Refused', nonRetryable: true });
  });
});
