import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LaneChange, type LaneStatus, untouched } from '../../contracts/lane-control.ts';
import { asSystem, withTenant } from '../../infrastructure/postgres.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());
beforeEach(() => db.look('truncate lane_settings, lane_changes, rate_limit_metrics'));

const by = { actor: 'admin-1', reason: 'Stripe is slow' };
const change = (what: LaneChange, lane: 'stripe' | 'email' = 'stripe') => db.store.lanes.change(lane, what, by);

describe('a lane', () => {
  it('that nobody touched is as configured', async () => {
    expect(await db.store.lanes.read('stripe')).toEqual(untouched);
  });

  it('is what all changes together made of it, and the others are not', async () => {
    await change({ action: 'limits', perSecond: 12.5 });
    await change({ action: 'limits', concurrent: 4 });
    await change({ action: 'brown-out', percent: 50 });
    await change({ action: 'adaptive', on: false });
    await change({ action: 'weights', weights: { 'acme:arena': 2.5 } });
    const answer = await change({ action: 'stop' });
    const now = { revision: 6, stopped: true, percent: 50, adaptive: false, perSecond: 12.5, concurrent: 4 };
    expect([answer, await db.store.lanes.read('stripe')]).toEqual([now, now]);
    expect(await db.store.lanes.read('email')).toEqual(untouched);
    await change({ action: 'reset' });
    expect(await db.store.lanes.read('stripe')).toEqual({ ...untouched, revision: 7, stopped: true });
  });

  it('gives changes at the same moment revisions of their own, and loses none', async () => {
    const changes = Array.from({ length: 10 }, (_, index) =>
      change(index % 2 ? { action: 'limits', concurrent: index } : { action: 'limits', perSecond: 10 + index }),
    );
    const revisions = (await Promise.all(changes)).map(({ revision }) => revision);
    expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    const recorded = await db.store.lanes.changes({ lane: 'stripe' });
    expect(recorded.map(({ revision }) => revision)).toEqual(Array.from({ length: 10 }, (_, index) => 10 - index));
    expect(await db.store.lanes.read('stripe')).toEqual(recorded[0]!.settings);
    expect(recorded.map(({ changedAt }) => changedAt)).toEqual(
      recorded.map(({ changedAt }) => changedAt).toSorted((a, b) => b.localeCompare(a)),
    );
  });
});

describe('the changes', () => {
  it('say who, why, what and what came of it, newest first', async () => {
    await db.store.lanes.change('stripe', { action: 'limits', perSecond: 0.5 }, { actor: 'admin-1', reason: 'a\0b' });
    await change({ action: 'stop' }, 'email');
    const changedAt = expect.stringMatching(/^\d{4}-.*Z$/u);
    const first = {
      lane: 'stripe', revision: 1, change: { action: 'limits', perSecond: 0.5 }, actor: 'admin-1', reason: 'a\u{FFFD}b',
      settings: { ...untouched, revision: 1, perSecond: 0.5 }, changedAt,
    }; // prettier-ignore
    const second = {
      lane: 'email', revision: 1, change: { action: 'stop' }, ...by,
      settings: { ...untouched, revision: 1, stopped: true }, changedAt,
    }; // prettier-ignore
    expect(await db.store.lanes.changes()).toEqual([second, first]);
    expect(await db.store.lanes.changes({ lane: 'stripe' })).toEqual([first]);
    expect(await db.store.lanes.changes({ limit: 1 })).toEqual([second]);
  });

  it('can be neither changed nor deleted, and settings not deleted', async () => {
    await change({ action: 'stop' });
    for (const sql of [
      `update lane_changes set reason = 'another'`,
      'delete from lane_changes',
      'truncate lane_changes',
      'delete from lane_settings',
      `update lane_settings set lane = 'email'`,
      'update rate_limit_metrics set waiting = 0',
      'delete from rate_limit_metrics',
    ])
      await expect(
        withTenant(db.pool, 'platform', (tx) => tx.rows(sql)),
        sql,
      ).rejects.toThrow('permission denied');
  });

  it('do not stay where the settings do not', async () => {
    await expect(change({ action: 'limits', concurrent: 0 })).rejects.toThrow('lane_settings_concurrent_check');
    expect([await db.store.lanes.read('stripe'), await db.store.lanes.changes()]).toEqual([untouched, []]);
  });
});

const status: LaneStatus = {
  lane: 'stripe', settings: { ...untouched, stopped: true }, perSecond: 25, concurrent: 10, effectivePerSecond: 12.5,
  inFlight: 3, lastSecond: 12, granted: 5_000_000_000, blockedUntil: Date.UTC(2027, 0, 1), waiting: 7,
  expectedWaitMs: Infinity, breakers: { closed: 1, open: 0, halfOpen: 0 },
}; // prettier-ignore
const unpaced: LaneStatus = {
  ...status, lane: 'email', settings: untouched, perSecond: Infinity, effectivePerSecond: Infinity, blockedUntil: 0,
}; // prettier-ignore

describe('samples', () => {
  it('have what was seen, and nothing for what has no end', async () => {
    await db.store.lanes.recordMetrics([status, unpaced]);
    const rows = await db.look<Record<string, unknown>>(
      `select lane, in_flight, last_second, granted::float8, waiting, effective_per_second, configured_per_second,
         blocked_until::text, stopped, captured_at = max(captured_at) over () as together
       from rate_limit_metrics order by lane desc`,
    );
    expect(rows).toMatchObject([
      {
        lane: 'stripe', in_flight: 3, last_second: 12, granted: 5_000_000_000, waiting: 7, effective_per_second: 12.5,
        configured_per_second: 25, stopped: true, together: true,
      },
      { lane: 'email', effective_per_second: null, configured_per_second: null, blocked_until: null, stopped: false },
    ]); // prettier-ignore
    expect(rows[0]!['blocked_until']).toContain('2027-01-01');
  });

  it('of more than 30 days are found by cleanup, and no other', async () => {
    await db.store.lanes.recordMetrics([status, unpaced]);
    await db.look(`update rate_limit_metrics set captured_at = now() - interval '31 days' where lane = 'email'`);
    const deleted = await asSystem(db.pool, (tx) => tx.rows('delete from rate_limit_metrics returning lane'));
    expect(deleted).toEqual([{ lane: 'email' }]);
    await expect(asSystem(db.pool, (tx) => tx.rows('select * from lane_changes'))).rejects.toThrow('permission denied');
  });
});

it('tenants see nothing of it and write nothing into it, not even in its name', async () => {
  await change({ action: 'stop' });
  await db.store.lanes.recordMetrics([status]);
  for (const table of ['lane_settings', 'lane_changes', 'rate_limit_metrics'])
    expect(await withTenant(db.pool, 'acme', (tx) => tx.rows(`select tenant_id from ${table}`)), table).toEqual([]);
  expect(await withTenant(db.pool, 'acme', (tx) => tx.affected('update lane_settings set stopped = false'))).toBe(0);
  const insert = (tenantId: string) =>
    withTenant(db.pool, 'acme', (tx) =>
      tx.affected(
        `insert into lane_settings (tenant_id, lane, revision, stopped, percent, adaptive)
         values ($1, 'chain', 9, false, 100, true)`,
        [tenantId],
      ),
    );
  await expect(insert('platform')).rejects.toThrow('row-level security');
  await expect(insert('acme')).rejects.toThrow('lane_settings_tenant_id_check');
});
