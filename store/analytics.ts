/** Events that services want counted: many in one statement, each once. */
import type { AnalyticsEvent } from '../contracts/analytics.ts';
import { jobTypes } from '../contracts/job-types.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import type { Operation } from './operation.ts';

export interface EventToRecord {
  operation: Operation;
  event: AnalyticsEvent;
  /** Of the request: the same key again is the same event, or refused. */
  fingerprint: string;
  /** Business time, ISO 8601. */
  now: string;
}

export type RecordOutcome = 'recorded' | 'key_reused';

const { queue, resultKeptMs } = jobTypes['analytics-event'];

interface Identity {
  eventKey: string;
  fingerprint: string;
}

/** With each event its claim, settled at once: an event has no other step. Answers those that were not there. */
const insert = `
  with wanted as (
    select * from jsonb_to_recordset($2::jsonb) as wanted (event_key text, type text, venue_id text,
      occurred_at timestamptz, properties jsonb, fingerprint text, workflow_id text, run_id text, now timestamptz)
  ), recorded as (
    insert into analytics_events (tenant_id, event_key, type, venue_id, occurred_at, properties, fingerprint)
    select $1, event_key, type, venue_id, occurred_at, properties, fingerprint from wanted order by event_key
    on conflict (tenant_id, event_key) do nothing returning event_key, fingerprint
  ), claimed as (
    insert into idempotency_keys (tenant_id, kind, key, fingerprint, workflow_id, run_id, status, queue_name, job_type,
      result, claimed_at, processed_at, expires_at)
    select $1, 'analytics', event_key, fingerprint, workflow_id, run_id, 'settled', $3, 'analytics-event',
      '{"status":"recorded"}', now, now, now + $4::float8 * interval '1 ms' from wanted join recorded using (event_key, fingerprint)
    on conflict (tenant_id, kind, key) do nothing
  )
  select event_key as "eventKey", fingerprint from recorded`;

const rowOf = ({ operation, event, fingerprint, now }: EventToRecord) => ({
  event_key: event.eventKey,
  type: event.type,
  venue_id: event.venueId ?? null,
  occurred_at: event.occurredAt,
  properties: event.properties ?? {},
  fingerprint,
  workflow_id: operation.workflowId,
  run_id: operation.runId,
  now,
});

async function recordIn(tx: Tx, tenantId: string, events: readonly EventToRecord[]): Promise<RecordOutcome[]> {
  const rows = JSON.stringify(events.map(rowOf));
  const known = await tx.rows<Identity>(insert, [tenantId, rows, queue, resultKeptMs]);
  const owners = new Map(known.map(({ eventKey, fingerprint }) => [eventKey, fingerprint]));
  const before = events.map(({ event }) => event.eventKey).filter((key) => !owners.has(key));
  if (before.length > 0) {
    const found = await tx.rows<Identity>(
      `select event_key as "eventKey", fingerprint from analytics_events where tenant_id = $1 and event_key = any($2)`,
      [tenantId, before],
    );
    for (const { eventKey, fingerprint } of found) owners.set(eventKey, fingerprint);
  }
  return events.map(({ event, fingerprint }) =>
    owners.get(event.eventKey) === fingerprint ? 'recorded' : 'key_reused',
  );
}

export const createAnalytics = (pool: Pool) => ({
  /**
   * All or none, in one transaction; the answers are in the order of `events`, which are all of `tenantId`. An event that is
   * there already counts as recorded, unless its key is another's.
   */
  record(tenantId: string, events: readonly EventToRecord[]): Promise<RecordOutcome[]> {
    return withTenant(pool, tenantId, (tx) => recordIn(tx, tenantId, events));
  },
});
