import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asSystem, withTenant } from '../../infrastructure/postgres.ts';
import { at, incidentOf, trackedOf } from '../support/incidents.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());
beforeEach(() => db.look('truncate alert_history, monitor_changes'));

const money = trackedOf();
const mail = trackedOf({ incident: { subject: 'communication', severity: 'warning', value: 6_000, threshold: 5_000 } });
const rows = () => db.look<{ alert_id: string }>('select * from alert_history order by id');
const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString();
const ended = (tracked: typeof money, seconds: number) => ({ ...tracked, endedAt: at(seconds) });

describe('syncing incidents', () => {
  it('writes a row for each with the legacy columns, once however often it is done', async () => {
    expect(await db.store.alerts.sync([money, mail], at(0))).toEqual([money, mail]);
    expect(await db.store.alerts.sync([money, mail], at(0))).toEqual([money, mail]);
    const [first, second] = await rows();
    expect(first).toMatchObject({
      tenant_id: 'platform', severity: 'critical', alert_type: 'queue-depth', message: 'money: 60 jobs wait, more than 50',
      queue_name: 'money', metric_value: 60, threshold_value: 50, acknowledged: false, acknowledged_by: null,
      acknowledged_at: null, ended_at: null, created_at: new Date(at(0)),
    }); // prettier-ignore
    expect(second).toMatchObject({ severity: 'warning', queue_name: 'communication' });
    await db.store.alerts.sync([trackedOf({ incident: { type: 'database-away', subject: 'platform' } })], at(1));
    expect((await rows())[2]).toMatchObject({ subject: 'platform', queue_name: null });
  });

  it('follows an incident to its end and back again, in the same row', async () => {
    await db.store.alerts.sync([money], at(0));
    const worse = { ...money, lastValue: 90, notices: 2, noticedAt: at(300), escalated: true };
    expect(await db.store.alerts.sync([worse], at(300))).toEqual([worse]);
    expect(await rows()).toMatchObject([{ metric_value: 60, last_value: 90, notices: 2, escalated: true }]);
    expect(await db.store.alerts.sync([ended(worse, 330)], at(330))).toEqual([ended(worse, 330)]);
    const back = { ...worse, reopened: 1 };
    expect(await db.store.alerts.sync([back], at(360))).toEqual([back]);
    expect(await rows()).toMatchObject([{ reopened: 1, ended_at: null, looked_at: new Date(at(360)) }]);
  });

  it('changes nothing by what comes late from an earlier look', async () => {
    await db.store.alerts.sync([money], at(0));
    await db.store.alerts.sync([ended(money, 60)], at(60));
    await db.store.alerts.sync([{ ...money, lastValue: 70 }], at(30));
    expect(await rows()).toMatchObject([{ last_value: 60, ended_at: new Date(at(60)) }]);
  });

  it('writes what opened and ended while the database was away', async () => {
    const later = trackedOf({ incident: { openedAt: at(900) } });
    expect(await db.store.alerts.sync([ended(money, 60), later], at(900))).toEqual([ended(money, 60), later]);
    expect(await rows()).toHaveLength(2);
  });

  it('answers the open row of an earlier monitor instead of a second one for the same', async () => {
    const earlier = { ...money, notices: 3, noticedAt: at(10) };
    await db.store.alerts.sync([earlier], at(10));
    await db.store.alerts.acknowledge(earlier.incident.alertId, { by: 'ann', at: at(20) });
    const anew = trackedOf({ incident: { openedAt: at(600) } });
    const standing = [{ ...earlier, acknowledged: { by: 'ann', at: at(20) } }];
    expect(await db.store.alerts.sync([anew], at(600))).toEqual(standing);
    expect(await rows()).toHaveLength(1);
    // Once that one is over there is room for the other.
    expect(await db.store.alerts.sync([ended(earlier, 630), anew], at(630))).toHaveLength(2);
    expect(await rows()).toMatchObject([{ ended_at: new Date(at(630)) }, { ended_at: null }]);
  });

  it('brings no row back that another one has taken the place of', async () => {
    await db.store.alerts.sync([ended(money, 10)], at(10));
    const other = trackedOf({ incident: { openedAt: at(20) } });
    await db.store.alerts.sync([other], at(20));
    await db.store.alerts.sync([{ ...money, reopened: 1 }], at(30));
    expect(await rows()).toMatchObject([{ reopened: 0, ended_at: new Date(at(10)) }, { ended_at: null }]);
  });

  it('by two at once leaves one open row', async () => {
    const rivals = [0, 1, 2, 3].map((second) => trackedOf({ incident: { openedAt: at(second) } }));
    await Promise.all(rivals.map((rival) => db.store.alerts.sync([rival], at(10))));
    expect(await rows()).toHaveLength(1);
  });
});

describe('acknowledging', () => {
  it('is the first one who did, also after the end, and nobody where there is no such alert', async () => {
    const { alertId } = money.incident;
    await db.store.alerts.sync([money], at(0));
    const acknowledged = { by: 'ann', at: at(60) };
    expect(await db.store.alerts.acknowledge(alertId, acknowledged)).toMatchObject({ acknowledged });
    expect(await db.store.alerts.acknowledge(alertId, { by: 'bob', at: at(70) })).toMatchObject({ acknowledged });
    expect(await db.store.alerts.get(alertId)).toEqual({
      ...money,
      acknowledged,
      message: 'money: 60 jobs wait, more than 50',
    });
    await db.store.alerts.sync([ended(mail, 5)], at(5));
    expect(await db.store.alerts.acknowledge(mail.incident.alertId, acknowledged)).toMatchObject({ acknowledged });
    expect(await db.store.alerts.acknowledge('none-such', acknowledged)).toBeUndefined();
    expect(await db.store.alerts.get('none-such')).toBeUndefined();
  });

  it('reaches the monitor with what it writes next, and is not undone by that', async () => {
    await db.store.alerts.sync([money], at(0));
    const acknowledged = { by: 'ann', at: at(60) };
    await db.store.alerts.acknowledge(money.incident.alertId, acknowledged);
    expect(await db.store.alerts.sync([money], at(90))).toEqual([{ ...money, acknowledged }]);
    expect(await rows()).toMatchObject([{ acknowledged: true, acknowledged_by: 'ann' }]);
  });
});

describe('the list', () => {
  it('is newest first, in pages, by severity and by whether it goes on', async () => {
    await db.store.alerts.sync([ended(money, 10), mail], at(10));
    const test = incidentOf({ type: 'test', subject: 'platform', severity: 'info', openedAt: at(20) });
    await db.store.alerts.recordTest(test);
    await db.store.alerts.recordTest(test);
    await db.store.alerts.recordTest({ ...test, alertId: 'test-2' });
    const listed = async (filter?: Parameters<typeof db.store.alerts.list>[0]) =>
      (await db.store.alerts.list(filter)).alerts.map(({ incident }) => incident.alertId);
    const [last, third, second, first] = ['test-2', test.alertId, mail.incident.alertId, money.incident.alertId];
    expect(await listed()).toEqual([last, third, second, first]);
    expect(await listed({ severity: 'critical' })).toEqual([first]);
    expect(await listed({ open: true })).toEqual([second]);
    expect(await listed({ open: false })).toEqual([last, third, first]);
    const page = await db.store.alerts.list({ limit: 2 });
    expect(await listed({ limit: 2, cursor: page.nextCursor! })).toEqual([second, first]);
    await expect(db.store.alerts.list({ cursor: 'x' })).rejects.toThrow('cursor "x" is not one');
    // A test is nothing that the monitor would go on with.
    expect((await db.store.alerts.sync([], at(30))).map(({ incident }) => incident.alertId)).toEqual([second]);
  });
});

it('is deleted by cleanup seven days after its end, and not before', async () => {
  await db.store.alerts.sync(
    [
      { ...money, endedAt: days(7.01) },
      { ...mail, endedAt: days(6.99) },
    ],
    at(0),
  );
  const open = trackedOf({ incident: { type: 'queue-age', openedAt: days(40) } });
  await db.store.alerts.sync([open], at(0));
  const seen = await asSystem(db.pool, (tx) => tx.rows('select alert_id from alert_history'));
  expect(seen).toEqual([{ alert_id: money.incident.alertId }]);
  expect(await asSystem(db.pool, (tx) => tx.affected('delete from alert_history'))).toBe(1);
  await expect(asSystem(db.pool, (tx) => tx.rows('select message from alert_history'))).rejects.toThrow(
    'permission denied',
  );
});

describe('what people set on the monitor', () => {
  it('is recorded once each, newest first, and never changed', async () => {
    const request = { actor: 'ann', reason: 'summer\0sale', settings: { moneyDepth: 80, moneyFailed: null } };
    const change = { changeId: 'change-1', request, overrides: { moneyDepth: 80 }, now: at(0) };
    await db.store.monitorChanges.record(change);
    await db.store.monitorChanges.record(change);
    await db.store.monitorChanges.record({ ...change, changeId: 'change-2', now: at(1) });
    const recorded = { ...request, reason: 'summer\u{FFFD}sale' };
    expect(await db.store.monitorChanges.list()).toEqual([
      { ...recorded, changedAt: at(1) },
      { ...recorded, changedAt: at(0) },
    ]);
    await expect(
      withTenant(db.pool, 'platform', (tx) => tx.affected(`update monitor_changes set actor = 'bob'`)),
    ).rejects.toThrow('permission denied');
  });
});
