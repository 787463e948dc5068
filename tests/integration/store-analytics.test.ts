import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AnalyticsEvent } from '../../contracts/analytics.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { analyticsWorkflowId } from '../../contracts/ids.ts';
import type { EventToRecord } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => void (db = await startTestDatabase()));
afterAll(() => db.stop());

const now = '2027-01-01T12:00:00.000Z';

function eventOf(tenantId: string, eventKey: string, change: Partial<AnalyticsEvent> = {}): EventToRecord {
  const event = { tenantId, eventKey, type: 'ticket.viewed', occurredAt: '2027-01-01T11:59:00Z', ...change };
  const operation = { tenantId, workflowId: analyticsWorkflowId(tenantId, eventKey), runId: 'run-1' };
  return { operation, event, fingerprint: fingerprintOf(event), now };
}

const rowsOf = (tenantId: string) =>
  db.look(
    `select event_key as key, type, venue_id as venue, properties from analytics_events where tenant_id = $1 order by 1`,
    [tenantId],
  );

it('records many at once, each with its claim, which is kept for seven days', async () => {
  const properties = { position: 3, seat: 'a-1', member: true };
  const events = [eventOf('many', 'b', { venueId: 'arena', properties }), eventOf('many', 'a')];
  expect(await db.store.analytics.record('many', events)).toEqual(['recorded', 'recorded']);
  expect(await rowsOf('many')).toEqual([
    { key: 'a', type: 'ticket.viewed', venue: null, properties: {} },
    { key: 'b', type: 'ticket.viewed', venue: 'arena', properties },
  ]);
  expect(
    await db.look(`select key, status, result, workflow_id as workflow, expires_at = '2027-01-08T12:00:00Z' as seven_days
      from idempotency_keys where tenant_id = 'many' and kind = 'analytics' order by 1`),
  ).toEqual(
    ['a', 'b'].map((key) => ({
      key, status: 'settled', result: { status: 'recorded' }, workflow: `analytics:many:${key}`, seven_days: true,
    })), // prettier-ignore
  );
});

it('records an event once: with others, twice at once, and long after its claim is gone', async () => {
  const [event, other] = [eventOf('once', 'a'), eventOf('once', 'b')];
  const outcomes = await Promise.all([
    db.store.analytics.record('once', [event, event]),
    db.store.analytics.record('once', [other, event]),
  ]);
  expect(outcomes).toEqual([
    ['recorded', 'recorded'],
    ['recorded', 'recorded'],
  ]);
  await db.look(`delete from idempotency_keys where tenant_id = 'once'`);
  expect(await db.store.analytics.record('once', [event])).toEqual(['recorded']);
  expect(await rowsOf('once')).toHaveLength(2);
});

it('refuses a key that is another event’s, and records the others; another tenant may have it', async () => {
  await db.store.analytics.record('reused', [eventOf('reused', 'a')]);
  const again = [eventOf('reused', 'b'), eventOf('reused', 'a', { type: 'ticket.sold' }), eventOf('reused', 'c')];
  expect(await db.store.analytics.record('reused', again)).toEqual(['recorded', 'key_reused', 'recorded']);
  expect(await rowsOf('reused')).toMatchObject(['a', 'b', 'c'].map((key) => ({ key, type: 'ticket.viewed' })));
  expect(await db.store.analytics.record('elsewhere', [eventOf('elsewhere', 'a', { type: 'ticket.sold' })])).toEqual([
    'recorded',
  ]);
});

it.each<[string, Partial<AnalyticsEvent>]>([
  ['a type that is none', { type: 'Ada Lovelace' }],
  ['a venue that is no id', { venueId: 'ada@example.org' }],
  ['a day that does not exist', { occurredAt: '2027-02-30T00:00:00Z' }],
  ['very much', { properties: { text: 'x'.repeat(9_000) } }],
])('keeps out %s, whoever let it in, and the batch with it', async (_, change) => {
  const events = [eventOf('bad', 'good'), eventOf('bad', 'bad', change)];
  await expect(db.store.analytics.record('bad', events)).rejects.toMatchObject({
    code: expect.stringMatching(/^2[23]/u),
  });
  expect(await rowsOf('bad')).toEqual([]);
});
