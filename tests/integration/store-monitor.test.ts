/** What the monitor reads of the database, and what it leaves there. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { untouched, type LaneStatus } from '../../contracts/lane-control.ts';
import type { BooksCursor } from '../../contracts/monitor.ts';
import { asSystem, withTenant } from '../../infrastructure/postgres.ts';
import { mostTransactions } from '../../store/monitor-ledger.ts';
import { openPayable, payoutOf, payoutOperationOf, reservePayoutOf } from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { refundOf, refundOperationOf, reserveOf, sold } from '../support/refunds.ts';
import { captureOf, claimOf, orderOf, settlementOf, start } from '../support/sales.ts';
import { sampleOf } from '../support/samples.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());
const emptied = `dead_letter_jobs, queue_metrics, lane_settings, lane_changes, rate_limit_metrics, disputes, decisions, payouts,
  refunds, statement_entries, reconciliation_differences`;
beforeEach(() => db.look(`truncate ${emptied} cascade`));

const look = (cursor?: BooksCursor) => db.store.monitorReads.look({ cursor, statementMs: 5_000 });
const books = async () => (await look()).books;

async function park(queueName: string, { tenantId = 'acme', ago = '0 seconds' } = {}): Promise<string> {
  const workflowId = `job:${tenantId}:${randomUUID()}`;
  const operation = { tenantId, workflowId, runId: 'run-1' };
  const parked = { operation, queueName, jobType: 'j', step: 's', error: 'e', attempts: 1, data: {} };
  await db.store.deadLetters.park({ ...parked, moneyMoved: 'none' });
  await db.look(`update dead_letter_jobs set failed_at = now() - $2::interval where workflow_id = $1`, [
    workflowId,
    ago,
  ]);
  return workflowId;
}

describe('who waits for a person', () => {
  it('are open letters of all tenants, as old as the oldest of them', async () => {
    expect((await books()).personWaits).toEqual({ count: 0 });
    await park('money', { ago: '2 hours' });
    await park('communication', { tenantId: 'globex' });
    const done = await park('money', { ago: '9 hours' });
    const operation = { tenantId: 'acme', workflowId: done, runId: 'run-1' };
    await db.store.deadLetters.unpark({ operation, step: 's', outcome: 'known' });
    const { personWaits } = await books();
    expect(personWaits.count).toBe(2);
    expect(Math.abs(Date.parse(personWaits.worst!) - (Date.now() - 2 * 3_600_000))).toBeLessThan(60_000);
  });

  it('are payouts and refunds that not enough people have approved', async () => {
    const tenantId = 'approvals';
    const { store } = db;
    await openPayable(store, tenantId, {
      payoutApproval: { one: 0, two: 100 },
      refundApproval: { one: 100, two: 1_000 },
    });
    for (const request of [
      refundOf(await sold(store, tenantId)),
      refundOf(await sold(store, tenantId), { amount: 50 }),
    ])
      await store.refunds.reserve(reserveOf(request));
    const big = refundOf(await sold(store, tenantId));
    await store.refunds.reserve(reserveOf(big));
    const payout = payoutOf(tenantId);
    expect(await store.payouts.reserve(reservePayoutOf(payout))).toMatchObject({ kind: 'owned' });
    const approve = async (operation: { tenantId: string; workflowId: string; runId: string }, subject: string) =>
      store.decisions.record({
        operation, messageId: randomUUID(), kind: 'approve', choice: 'approve', actor: subject, subject, evidence: 'e',
        proofId: randomUUID(), now: start,
      }); // prettier-ignore
    expect((await books()).personWaits.count).toBe(3);
    await approve(payoutOperationOf(payout), 'ann');
    await approve(refundOperationOf(big), 'ann');
    expect((await books()).personWaits.count).toBe(3);
    await approve(payoutOperationOf(payout), 'bob');
    await approve(refundOperationOf(big), 'bob');
    expect(await books()).toMatchObject({ personWaits: { count: 1, worst: reserveOf(big).now } });
  });
});

describe('money that is held', () => {
  it('is that of live purchases, until they end or give it back', async () => {
    const { store } = db;
    await openPayable(store, 'holds');
    const orders = [orderOf('holds'), orderOf('holds'), orderOf('holds')];
    for (const order of orders) await store.payments.claim(claimOf(order));
    expect((await books()).authorizations).toEqual({ count: 0 });
    const held = async (index: number, captureBefore: string) => {
      const { tenantId, idempotencyKey: paymentKey } = orders[index]!;
      await store.authorizations.held({ tenantId, paymentKey, captureBefore });
    };
    await held(0, '2027-01-08T00:00:00.000Z');
    await held(1, '2027-01-06T00:00:00.000Z');
    await held(2, '2027-01-07T00:00:00.000Z');
    expect((await books()).authorizations).toEqual({ count: 3, worst: '2027-01-06T00:00:00.000Z' });
    await store.payments.settle(settlementOf(orders[1]!));
    await store.customerActions.drop({ tenantId: 'holds', paymentKey: orders[2]!.idempotencyKey });
    await held(1, '2027-01-02T00:00:00.000Z');
    expect((await books()).authorizations).toEqual({ count: 1, worst: '2027-01-08T00:00:00.000Z' });
  });
});

describe('evidence', () => {
  it('is wanted by disputes that are open and unanswered; the first deadline counts', async () => {
    const { disputes } = db.store;
    await openPayable(db.store, 'disputed');
    const open = async (disputeId: string, status: 'needs_response' | 'under_review', evidenceDueBy?: string) => {
      const order = await sold(db.store, 'disputed');
      const { tenantId, idempotencyKey: paymentKey } = order;
      const operation = { tenantId, workflowId: `dispute:${tenantId}:${disputeId}`, runId: 'run-1' };
      const request = { tenantId, disputeId, paymentKey };
      await disputes.claim({ operation, input: { request, fingerprint: 'f'.repeat(64) }, now: start });
      const dispute = {
        disputeId, chargeId: captureOf(order).chargeId, status, amount: 1, currency: 'USD', reason: 'fraudulent',
        refundable: false, movements: [], ...(evidenceDueBy === undefined ? {} : { evidenceDueBy }),
      }; // prettier-ignore
      await disputes.book({ operation, paymentKey, dispute, now: start });
    };
    await open('dp_1', 'needs_response', '2027-02-02T00:00:00.000Z');
    await open('dp_2', 'needs_response', '2027-02-01T00:00:00.000Z');
    await open('dp_3', 'under_review', '2027-01-15T00:00:00.000Z');
    expect((await books()).evidence).toEqual({ count: 2, worst: '2027-02-01T00:00:00.000Z' });
    await db.look(`update disputes set outcome = 'won', ended_at = now() where dispute_id = 'dp_2'`);
    expect((await books()).evidence).toEqual({ count: 1, worst: '2027-02-02T00:00:00.000Z' });
  });
});

describe('what was given up', () => {
  it('is counted by queue, once, from the first look on; what money parks goes on and is not', async () => {
    await park('communication', { ago: '1 minute' });
    const first = await look();
    expect(first.givenUp).toEqual({});
    await park('communication');
    await park('communication', { tenantId: 'globex' });
    await park('background');
    await park('money');
    const second = await look(first.cursor);
    expect(second.givenUp).toEqual({ communication: 2, background: 1 });
    expect((await look(second.cursor)).givenUp).toEqual({ communication: 0, background: 0 });
  });

  it('is counted once as well when the moment it is counted from moves on, and when its commit came late', async () => {
    const since = new Date(Date.now() - 20 * 60_000).toISOString();
    await park('communication', { ago: '15 minutes' });
    await park('communication', { ago: '1 minute' });
    const first = await look({ ...(await look()).cursor, givenUpSince: since, givenUp: {} });
    expect(first.givenUp).toEqual({ communication: 2 });
    expect(Date.parse(first.cursor.givenUpSince)).toBeGreaterThan(Date.parse(since));
    expect(first.cursor.givenUp).toEqual({ communication: 1 });
    await park('communication', { ago: '4 minutes' });
    expect((await look(first.cursor)).givenUp).toEqual({ communication: 1 });
  });
});

/** As nobody can who has not switched the checks off. */
const tamper = (id: number, by: number) =>
  db.look(
    `begin; set local session_replication_role = replica; alter table ledger_entries disable trigger append_only;
     update ledger_entries set amount = amount + ${by}
       where id = (select min(id) from ledger_entries where transaction_id = ${id});
     alter table ledger_entries enable always trigger append_only; commit`,
  );
const newest = async () => (await db.look<{ id: number }>('select max(id)::int as id from ledger_transactions'))[0]!.id;

describe('the ledger', () => {
  it('is in balance; a transaction that is not is found, and again until it is mended', async () => {
    await openPayable(db.store, 'books');
    await sold(db.store, 'books');
    const clean = await look();
    expect(clean.books.unbalanced).toBe(0);
    expect(clean.cursor.ledgerChecked).toBe(await newest());
    await sold(db.store, 'books');
    const crooked = await newest();
    await tamper(crooked, 1);
    const found = await look(clean.cursor);
    expect([found.books.unbalanced, found.cursor.unbalanced]).toEqual([1, [crooked]]);
    // Long after, when it is not among the newest any more.
    const later = { ...found.cursor, ledgerChecked: found.cursor.ledgerChecked + 5 * mostTransactions };
    expect((await look(later)).books.unbalanced).toBe(1);
    await tamper(crooked, -1);
    expect((await look(later)).books.unbalanced).toBe(0);
  });
});

describe('differences', () => {
  it('are those that are open, of all tenants, as old as the oldest of them', async () => {
    expect((await books()).differences).toEqual({ count: 0 });
    await db.look(
      `insert into reconciliation_differences
         (tenant_id, day, kind, object_id, seen_by, found_at, closed_at, closed_by, close_reason)
       values ('acme', '2027-01-01', 'hold_left', 'pi_1', 'run', '2027-01-02Z', null, null, null),
         ('globex', '2027-01-01', 'hold_left', 'pi_2', 'run', '2027-01-03Z', null, null, null),
         ('acme', '2027-01-01', 'hold_left', 'pi_3', 'run', '2027-01-01Z', '2027-01-04Z', 'ann', 'explained')`,
    );
    expect((await books()).differences).toEqual({ count: 2, worst: '2027-01-02T00:00:00.000Z' });
  });
});

const by = { actor: 'admin', reason: 'r' };
const record = async (ago: string, blockedForMs: number, more: Partial<LaneStatus> = {}) => {
  await db.store.lanes.recordMetrics([
    {
      lane: 'stripe', settings: untouched, perSecond: 25, concurrent: 10, effectivePerSecond: 25, inFlight: 3,
      lastSecond: 0, granted: 0, blockedUntil: blockedForMs === 0 ? 0 : Date.now() + blockedForMs, waiting: 0,
      expectedWaitMs: 0, breakers: { closed: 0, open: 0, halfOpen: 0 }, ...more,
    },
  ]); // prettier-ignore
  const [row] = await db.look<{ at: Date }>(
    `update rate_limit_metrics set captured_at = now() - $1::interval
     where id = (select max(id) from rate_limit_metrics) returning captured_at as at`,
    [ago],
  );
  return row!.at.toISOString();
};
const stripe = async () => (await look()).lanes.find(({ lane }) => lane === 'stripe')!;

describe('lanes', () => {
  it('that nobody touched run, and were never recorded', async () => {
    const { lanes, books: seen } = await look();
    expect(lanes.map(({ lane }) => lane)).toEqual(['stripe', 'chain', 'email', 'sms', 'webhook', 'alert']);
    expect(await stripe()).toEqual({ lane: 'stripe' });
    expect(seen).not.toHaveProperty('lanesRecordedAt');
  });

  it('are stopped since the first stop that no resume has followed', async () => {
    const { lanes } = db.store;
    for (const action of ['stop', 'resume', 'stop', 'resume', 'stop', 'stop'] as const)
      await lanes.change('stripe', { action }, by);
    await lanes.change('stripe', { action: 'brown-out', percent: 50 }, by);
    await lanes.change('sms', { action: 'stop' }, by);
    const changes = await lanes.changes({ lane: 'stripe' });
    expect((await stripe()).stoppedSince).toBe(changes.find(({ revision }) => revision === 5)!.changedAt);
    await lanes.change('stripe', { action: 'resume' }, by);
    expect(await stripe()).not.toHaveProperty('stoppedSince');
  });

  it('are blocked since the first record of it without an open one after it', async () => {
    await record('400 seconds', 60_000);
    await record('300 seconds', 0);
    const since = await record('200 seconds', 60_000);
    await record('100 seconds', 60_000);
    const recordedAt = await record('20 seconds', -5_000);
    expect(await stripe()).toEqual({ lane: 'stripe', inFlight: 3, recordedAt, blockedSince: since });
    expect((await look()).books.lanesRecordedAt).toBe(recordedAt);
    await record('1 second', 0, { inFlight: 4 });
    expect(await stripe()).not.toHaveProperty('blockedSince');
  });

  it('are not called blocked by a record that is old, unless the provider asked for as long', async () => {
    await record('200 seconds', -100_000);
    expect(await stripe()).not.toHaveProperty('blockedSince');
    const since = await record('150 seconds', 3_600_000);
    expect((await stripe()).blockedSince).toBeDefined();
    expect(Date.parse((await stripe()).blockedSince!)).toBeLessThanOrEqual(Date.parse(since));
  });
});

describe('the records of samples', () => {
  const at = '2027-03-01T12:00:00.000Z';
  const money = { waiting: 60, active: 20, waitingForPerson: 10, completed: 170, failed: 2, oldestSeconds: 12.5 };

  it('are one for each queue and lane, and once', async () => {
    const { queueMetrics, monitorHistory } = db.store;
    const sample = sampleOf(at, money);
    const recorded = await Promise.all([queueMetrics.record(sample), queueMetrics.record(sample)]);
    expect(recorded.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 9]);
    expect(await db.look('select from queue_metrics')).toHaveLength(9);
    const newest = await monitorHistory.newest();
    const of = (name: string) => newest.find(({ queue }) => queue === name);
    expect(of('money')).toEqual({ queue: 'money', ...money, capturedAt: at });
    expect(of('stripe')).toEqual({ queue: 'stripe', waiting: 0, active: 0, oldestSeconds: 0, capturedAt: at });
  });

  it('are nobody else’s; cleanup deletes those of more than 30 days, and reads no numbers', async () => {
    await db.store.queueMetrics.record(sampleOf(new Date(Date.now() - 31 * 86_400_000).toISOString()));
    await db.store.queueMetrics.record(sampleOf(new Date(Date.now() - 29 * 86_400_000).toISOString()));
    expect(await withTenant(db.pool, 'acme', (tx) => tx.rows('select from queue_metrics'))).toEqual([]);
    await expect(asSystem(db.pool, (tx) => tx.rows('select * from queue_metrics'))).rejects.toThrow(
      'permission denied',
    );
    expect(await asSystem(db.pool, (tx) => tx.affected('delete from queue_metrics'))).toBe(9);
    // Reading the lanes' records allows no more of them to be deleted than before.
    await db.look(`insert into rate_limit_metrics (tenant_id, lane, in_flight, last_second, granted, waiting, stopped)
      values ('platform', 'stripe', 0, 0, 0, 0, false)`);
    expect(await asSystem(db.pool, (tx) => tx.affected('delete from rate_limit_metrics'))).toBe(0);
  });
});

it('a look fails when a statement takes longer than it may', async () => {
  await db.look('create function slow() returns boolean language sql as $$ select pg_sleep(5) is null $$');
  await db.look('grant execute on function slow() to boxoffice_system');
  await db.look('create policy slow on disputes as restrictive for select to boxoffice_system using (slow())');
  await db.look(`insert into disputes (tenant_id, dispute_id, payment_key, workflow_id, charge_id, amount, currency, status,
      reason, refundable, withdrawn, fee_share, fee, opened_at)
    select tenant_id, 'dp_slow', payment_key, workflow_id, 'ch', 1, 'USD', 'needs_response', 'r', true, 0, 0, 0, now()
    from payments limit 1`);
  try {
    const begun = Date.now();
    await expect(db.store.monitorReads.look({ statementMs: 100 })).rejects.toThrow(/statement timeout/u);
    expect(Date.now() - begun).toBeLessThan(2_000);
  } finally {
    await db.look('drop policy slow on disputes; drop function slow()');
  }
});
