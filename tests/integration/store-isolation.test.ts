import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidIdError } from '../../contracts/ids.ts';
import { untouched } from '../../contracts/lane-control.ts';
import { currencies } from '../../contracts/money.ts';
import { asSystem, createPool, withTenant } from '../../infrastructure/postgres.ts';
import { withClient } from '../../sandbox/parts/postgres-roles.ts';
import { accounts } from '../../store/postings.ts';
import { cancellationRequest } from '../support/cancelled-event-outside.ts';
import { incidentOf } from '../support/incidents.ts';
import { openPayable, payoutOf, reservePayoutOf } from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { refundOf, reserveOf } from '../support/refunds.ts';
import { sampleOf } from '../support/samples.ts';
import {
  captureOf,
  claimOf,
  customerActionOf,
  hashOf,
  openSale,
  operationOf,
  orderOf,
  settlementOf,
  start,
  wallet,
} from '../support/sales.ts';

let db: TestDatabase;
let tables: string[];
beforeAll(async () => {
  db = await startTestDatabase();
  tables = (await db.look<{ name: string }>(everyTable)).map(({ name }) => name);
  await fillEveryTable();
});
afterAll(() => db.stop());

/** All of ours, views and the like included, wherever a later migration puts them; only the migrations' own record is not. */
const everyTable = `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and n.nspname <> 'migrations' order by 1`;

async function fillEveryTable(): Promise<void> {
  const { store } = db;
  await openPayable(store, 'acme');
  await store.contacts.put({ tenantId: 'acme', ref: 'buyer', kind: 'email', value: 'buyer@example.org' });
  await store.contents.put({ tenantId: 'acme', ref: 'code', code: '482913', minutes: 1_440 });
  const order = orderOf('acme');
  const operation = operationOf(order);
  const { tenantId, workflowId } = operation;
  await store.payments.claim(claimOf(order));
  await store.payments.settle(settlementOf(order));
  await store.payouts.reserve(reservePayoutOf(payoutOf('acme')));
  const asked = orderOf('acme');
  await store.payments.claim(claimOf(asked));
  await store.customerActions.put(customerActionOf(asked));
  await store.refunds.reserve(reserveOf(refundOf(order)));
  await store.sentCalls.begin({ tenantId, workflowId, step: 'authorize', budget: 1 });
  const reservation = { operation, step: 'mint', tickets: order.tickets, wallet, venueId: 'venue', eventId: 'event' };
  await store.mints.reserve({ ...reservation, tokenIdOf: () => 1n });
  await store.mints.confirm({ operation, step: 'mint', transactionHash: hashOf('a'), blockNumber: 1 });
  const burn = { tenantId, ticketId: order.tickets[0]!.ticketId, burnKey: 'k', reason: 'fraud', requestedBy: 'admin' };
  const burning = { tenantId, workflowId: `burn:${tenantId}:${burn.ticketId}:k`, runId: 'run-1' };
  const input = { request: burn, fingerprint: 'f'.repeat(64) };
  expect(await store.moves.reserve({ operation: burning, input, now: start })).toEqual({ kind: 'owned' });
  await store.chain.signNext({
    tenantId,
    workflowId,
    step: 'mint',
    chainId: 1,
    issuer: wallet,
    seedNonce: () => Promise.resolve(0),
    sign: (nonce) => Promise.resolve({ nonce, hash: hashOf('1'), raw: '0x02' }),
  });
  const parked = { operation, queueName: 'money', jobType: 'payment-process', step: 'void', error: 'e', attempts: 1 };
  await store.deadLetters.park({ ...parked, moneyMoved: 'unknown', data: {} });
  await store.decisions.record({
    operation, messageId: 'm', kind: 'resolve', choice: 'retry', actor: 'a', evidence: 'e', refusedBecause: 'no_proof', now: start,
  }); // prettier-ignore
  const disputed = { tenantId, workflowId: 'dispute:acme:dp_1', runId: 'run-1' };
  const request = { tenantId, disputeId: 'dp_1', paymentKey: order.idempotencyKey };
  await store.disputes.claim({ operation: disputed, input: { request, fingerprint: 'f'.repeat(64) }, now: start });
  const dispute = {
    disputeId: 'dp_1', chargeId: captureOf(order).chargeId, status: 'needs_response', amount: 1, currency: 'USD',
    reason: 'fraudulent', refundable: false, movements: [],
  } as const; // prettier-ignore
  const booking = { paymentKey: order.idempotencyKey, dispute: { ...dispute, movements: [] }, now: start };
  await store.disputes.book({ operation: disputed, ...booking });
  const given = orderOf('acme');
  await store.payments.claim(claimOf(given));
  await store.payments.settle(settlementOf(given));
  const cancelling = { tenantId, workflowId: 'event-cancellation:acme:event', runId: 'run-1' };
  const cancellation = { request: { ...cancellationRequest('event'), tenantId }, fingerprint: 'f'.repeat(64) };
  await store.eventCancellations.claim({ operation: cancelling, input: cancellation, now: start });
  await store.eventCancellations.wave({ operation: cancelling, eventId: 'event', cursor: 0, window: 5, now: start });
  await store.lanes.change('stripe', { action: 'stop' }, { actor: 'admin', reason: 'r' });
  await store.lanes.recordMetrics([
    {
      lane: 'stripe', settings: untouched, perSecond: 25, concurrent: 10, effectivePerSecond: 25, inFlight: 0,
      lastSecond: 0, granted: 0, blockedUntil: 0, waiting: 0, expectedWaitMs: 0,
      breakers: { closed: 0, open: 0, halfOpen: 0 },
    },
  ]); // prettier-ignore
  await store.queueMetrics.record(sampleOf(start));
  const { alertId } = incidentOf();
  await store.alerts.recordTest(incidentOf());
  await store.alertNotices.record({ alertId, number: 1, kind: 'first', channel: 'sms', outcome: 'delivered' });
  const configured = { actor: 'admin', reason: 'summer sale', settings: { moneyDepth: 80 } };
  await store.monitorChanges.record({ changeId: 'c', request: configured, overrides: { moneyDepth: 80 }, now: start });
  const run = { tenantId, day: '2027-01-01', run: 'run-1', now: start };
  await store.reconciliation.begin(run);
  const stray = { kind: 'capture_unknown', objectId: 'pi_1', ours: null, theirs: { amount: 1 } } as const;
  await store.reconciliation.record({ ...run, examined: ['pi_1'], found: [stray] });
  const counted = { tenantId, eventKey: 'e', type: 't', occurredAt: start };
  await store.analytics.record(tenantId, [{ operation, event: counted, fingerprint: 'f'.repeat(64), now: start }]);
  const report = { request: { tenantId, venueId: 'venue', day: '2027-01-01' }, fingerprint: 'f'.repeat(64) };
  await store.reports.make({ operation, input: report, now: start });
  const event = { tenantId, provider: 'stripe', eventId: 'evt_1', type: 't', livemode: false } as const;
  await store.webhooks.record({ ...event, payload: {}, now: start });
}

/** Nobody's rows: the tenant `platform` has them, and no other sees them. */
const ofPlatform = [
  'alert_history',
  'alert_notices',
  'lane_changes',
  'lane_settings',
  'monitor_changes',
  'queue_metrics',
  'rate_limit_metrics',
];

const countIn = (table: string) => `select count(*)::int as rows from ${table}`;

describe('every table', () => {
  it('is filled here, or the rest of this file would prove nothing', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(19);
    for (const table of tables) expect(await db.look(countIn(table)), table).not.toEqual([{ rows: 0 }]);
  });

  it('has row-level security enabled and forced, a tenant, and a policy for the application', async () => {
    const faults = await db.look(
      `select t.name from (${everyTable}) t join pg_class c on c.oid = t.name::regclass
       where not (c.relkind = 'r' and c.relrowsecurity and c.relforcerowsecurity)
         or not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull)
         or not exists (select from pg_policies p where p.tablename = t.name and p.policyname = 'tenant'
           and p.roles = '{boxoffice_app}' and p.with_check = p.qual)`,
    );
    expect(faults).toEqual([]);
  });

  it('shows another tenant nothing', async () => {
    // The issuer's nonce is every tenant's to read.
    for (const table of tables.filter((name) => name !== 'chain_accounts')) {
      expect(await withTenant(db.pool, 'globex', (tx) => tx.rows(countIn(table))), table).toEqual([{ rows: 0 }]);
      const owner = ofPlatform.includes(table) ? 'platform' : 'acme';
      expect(await withTenant(db.pool, owner, (tx) => tx.rows(countIn(table))), table).not.toEqual([{ rows: 0 }]);
    }
    for (const table of ofPlatform)
      expect(await withTenant(db.pool, 'acme', (tx) => tx.rows(countIn(table))), table).toEqual([{ rows: 0 }]);
  });

  it('shows nothing without a tenant, also on a connection that had one before', async () => {
    await withClient(db.applicationUrl, async (client) => {
      for (const tenant of [undefined, 'acme']) {
        if (tenant) {
          await client.query(`begin; select set_config('app.tenant_id', '${tenant}', true); commit`);
        }
        for (const table of tables) {
          expect((await client.query(countIn(table))).rows, table).toEqual([{ rows: 0 }]);
        }
      }
    });
  });

  it('is owned by the owner, and so is everything else: the application owns nothing', async () => {
    const owned = await db.look(
      `select c.relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname like 'boxoffice%'
         and r.rolname <> 'boxoffice_owner'
       union all select p.proname from pg_proc p join pg_roles r on r.oid = p.proowner where r.rolname like 'boxoffice%'
         and r.rolname <> 'boxoffice_owner'`,
    );
    expect(owned).toEqual([]);
  });

  it('is never emptied by the application but for secrets, and the ledger never changed', async () => {
    const granted = await db.look<{ name: string; privilege: string }>(
      `select table_name as name, privilege_type as privilege from information_schema.role_table_grants
       where grantee = 'boxoffice_app' and privilege_type not in ('SELECT', 'INSERT', 'UPDATE')
          or grantee = 'boxoffice_app' and privilege_type = 'UPDATE' and table_name like 'ledger%'
          or grantee = 'PUBLIC' and table_schema = 'public'`,
    );
    // A secret that is not needed any more is no history to keep.
    expect(granted).toEqual([{ name: 'customer_actions', privilege: 'DELETE' }]);
    expect(
      await db.look(
        `select from information_schema.column_privileges
         where grantee = 'boxoffice_app' and privilege_type = 'UPDATE' and table_name like 'ledger%'`,
      ),
    ).toEqual([]);
  });
});

describe('the application', () => {
  it('cannot write a row of another tenant, nor move one there', async () => {
    const steal = (statement: string) => withTenant(db.pool, 'globex', (tx) => tx.affected(statement));
    const insert = `insert into personal_data (tenant_id, ref, kind, value) values ('acme', 'x', 'email', 'x@example.org')`;
    await expect(steal(insert)).rejects.toThrow(/row-level security/);
    expect(await steal(`update venues set name = 'mine' where tenant_id = 'acme'`)).toBe(0);
    await openSale(db.store, 'globex');
    await expect(steal(`update venues set tenant_id = 'acme'`)).rejects.toThrow(/row-level security|permission denied/);
  });

  it('writes nothing without a tenant', async () => {
    await withClient(db.applicationUrl, async (client) => {
      const insert = `insert into personal_data (tenant_id, ref, kind, value) values ('acme', 'y', 'email', 'y@example.org')`;
      await expect(client.query(insert)).rejects.toThrow(/row-level security/);
      expect((await client.query(`update venues set name = 'mine'`)).rowCount).toBe(0);
      const nonce = `update chain_accounts set next_nonce = 99`;
      expect((await client.query(nonce)).rowCount).toBe(0);
    });
  });

  it('refuses a tenant that is no id before anything reaches the database', async () => {
    for (const tenantId of ['', "x'; drop table venues; --", 'a:b']) {
      await expect(withTenant(db.pool, tenantId, () => Promise.resolve())).rejects.toThrow(InvalidIdError);
    }
  });

  it('is held to one tenant even with the login of the owner or a superuser', async () => {
    const pool = createPool({ url: db.superuserUrl, max: 1, applicationName: 'wrong-login' });
    try {
      expect(await withTenant(pool, 'nobody', (tx) => tx.rows(countIn('venues')))).toEqual([{ rows: 0 }]);
    } finally {
      await pool.end();
    }
  });
});

const readAsSystem = (sql: string) => asSystem(db.pool, (tx) => tx.rows(sql));

describe('the system role', () => {
  it('is not inherited by the login of the application', async () => {
    const inherited = await db.look(
      `select m.inherit_option, r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid
       join pg_roles g on g.oid = m.member where g.rolname = 'boxoffice' order by 2`,
    );
    expect(inherited).toEqual([
      { inherit_option: true, rolname: 'boxoffice_app' },
      { inherit_option: false, rolname: 'boxoffice_system' },
    ]);
  });

  it('reads across tenants what it is for, and no personal data', async () => {
    expect(await readAsSystem(countIn('ledger_entries'))).not.toEqual([{ rows: 0 }]);
    expect(await readAsSystem('select tenant_id, provider_payout_id from payouts')).toHaveLength(1);
    expect(await readAsSystem(`select tenant_id from venues where connected_account = 'acct_venue'`)).toHaveLength(1);
    expect(await readAsSystem('select tenant_id, workflow_id from payments')).toHaveLength(3);
    for (const sql of [
      'select * from personal_data',
      'select wallet from payments',
      'select reason from payouts',
      'select amount from payouts',
      'select reason from refunds',
      'select charge_id from disputes',
      'select evidence from decisions',
      'select name from venues',
      'select payload from webhook_events',
      'select job_data from dead_letter_jobs',
      'select result from idempotency_keys',
      'select client_secret from customer_actions',
      'select properties from analytics_events',
      'select report from reports',
    ]) {
      await expect(readAsSystem(sql), sql).rejects.toThrow(/permission denied/);
    }
  });

  it('deletes expired claims and no other', async () => {
    const operation = { tenantId: 'acme', workflowId: 'email:acme:old', runId: 'r' };
    const now = '2020-01-01T00:00:00.000Z';
    const common = {
      operation,
      kind: 'email',
      fingerprint: 'f'.repeat(64),
      queueName: 'q',
      jobType: 'j',
      now,
    } as const;
    for (const key of ['expired', 'live']) await db.store.claims.claim({ ...common, key, keepForMs: 1_000 });
    const result = { status: 'sent', messageId: 'm' } as const;
    await db.store.claims.settle({ operation, kind: 'email', key: 'expired', result, now });
    expect(await asSystem(db.pool, (tx) => tx.affected('delete from idempotency_keys'))).toBe(1);
    expect(await db.look(`select key from idempotency_keys where kind = 'email'`)).toEqual([{ key: 'live' }]);
  });
});

/** The quoted words of a constraint. */
const listOf = async (sql: string) => {
  const definition = (await db.look<{ definition: string }>(sql))[0]!.definition;
  return [...definition.matchAll(/'(\w+)'/g)].flatMap(([, name]) => name ?? []).toSorted();
};

describe('lists that exist twice', () => {
  it('are the same in the database and in the code', async () => {
    const currency = `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'currency_code_known'`;
    expect(await listOf(currency)).toEqual(currencies.toSorted());
    const account = `select pg_get_constraintdef(oid) as definition from pg_constraint
      where conname = 'ledger_entries_account_check'`;
    expect(await listOf(account)).toEqual(accounts.toSorted());
  });
});
