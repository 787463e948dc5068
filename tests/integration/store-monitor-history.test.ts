import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());
beforeEach(() => db.look('truncate queue_metrics, alert_history, dead_letter_jobs'));

const history = () => db.store.monitorHistory;

/** Waiting is the number of the sample, so that each can be told. */
const sampled = (queue: string, at: string, ends: [completed: number, failed: number] | undefined, waiting = 1) =>
  db.look(
    `insert into queue_metrics (tenant_id, queue_name, waiting_count, active_count, waiting_for_person, completed_count,
       failed_count, oldest_seconds, captured_at)
     values ('platform', $1, $2, 0, $3, $4, $5, 1.5, $6)`,
    [queue, waiting, ends ? 0 : null, ends?.[0] ?? null, ends?.[1] ?? null, `2027-01-01T${at}Z`],
  );

const at = (time: string) => `2027-01-01T${time}:00.000Z`;

describe('samples', () => {
  it('the newest of each queue, lanes with what they have', async () => {
    expect(await history().newest()).toEqual([]);
    await sampled('stripe', '10:00:00', undefined, 7);
    await sampled('money', '10:00:00', [1, 0], 8);
    await sampled('money', '10:00:30', [2, 1], 9);
    const common = { active: 0, oldestSeconds: 1.5 };
    expect(await history().newest()).toEqual([
      {
        queue: 'money', waiting: 9, waitingForPerson: 0, completed: 2, failed: 1, ...common,
        capturedAt: '2027-01-01T10:00:30.000Z',
      },
      { queue: 'stripe', waiting: 7, ...common, capturedAt: '2027-01-01T10:00:00.000Z' },
    ]); // prettier-ignore
  });

  it('throughput by hour and minute, of the queues that are asked for, from then on', async () => {
    await sampled('money', '09:59:59', [100, 100]);
    await sampled('money', '10:00:00', [1, 0]);
    await sampled('money', '10:59:30', [2, 1]);
    await sampled('money', '11:00:00', [4, 0]);
    await sampled('background', '10:30:00', [8, 0]);
    await sampled('stripe', '10:30:00', undefined);
    const since = '2027-01-01T10:00:00.000Z';
    expect(await history().throughput({ queues: ['money', 'background'], per: 'hour', since })).toEqual([
      { queue: 'background', from: at('10:00'), completed: 8, failed: 0 },
      { queue: 'money', from: at('10:00'), completed: 3, failed: 1 },
      { queue: 'money', from: at('11:00'), completed: 4, failed: 0 },
    ]);
    const minutes = await history().throughput({ queues: ['money'], per: 'minute', since });
    expect(minutes.map(({ from, completed }) => [from, completed])).toEqual([
      [at('10:00'), 1],
      [at('10:59'), 2],
      [at('11:00'), 4],
    ]);
    expect(await history().ends(since)).toEqual([
      { queue: 'money', completed: 7, failed: 1 },
      { queue: 'communication', completed: 0, failed: 0 },
      { queue: 'background', completed: 8, failed: 0 },
    ]);
  });
});

const alert = (id: string, severity: string, subject: string, endedAt: string | null = null) =>
  db.look(
    `insert into alert_history (tenant_id, alert_id, severity, alert_type, subject, message, metric_value,
       threshold_value, last_value, reopened, notices, escalated, created_at, ended_at, looked_at)
     values ('platform', $1, $2, 'queue-depth', $3, 'm', 60, 50, 60, 0, 1, false, now(), $4, now())`,
    [id, severity, subject, endedAt],
  );

it('counts the incidents that go on, by severity', async () => {
  expect(await history().openAlerts()).toEqual({ info: 0, warning: 0, critical: 0 });
  await alert('a1', 'critical', 'money');
  await alert('a2', 'warning', 'communication');
  await alert('a3', 'warning', 'background');
  await alert('a4', 'critical', 'money', '2027-01-01T00:00:00Z');
  expect(await history().openAlerts()).toEqual({ info: 0, warning: 2, critical: 1 });
});

it("groups a tenant's dead letters by job and error, the most frequent first, and nobody else's", async () => {
  const letter = (tenant: string, workflowId: string, error: string, { at = '10:00', resolved = false } = {}) =>
    db.look(
      `insert into dead_letter_jobs (tenant_id, workflow_id, run_id, queue_name, job_type, step, error, attempts,
         money_moved, job_data, failed_at, resolved_at, outcome)
       values ($1, $2, 'run', 'money', 'payment-process', 'mint', $3, 5, 'held', '{}', $4, $5, $6)`,
      [tenant, workflowId, error, `2027-01-01T${at}:00Z`, resolved ? 'now' : null, resolved ? 'answered' : null],
    );
  await letter('acme', 'payment:acme:k1', 'budget_exhausted', { resolved: true });
  await letter('acme', 'payment:acme:k2', 'budget_exhausted', { at: '11:00' });
  await letter('acme', 'payment:acme:k3', 'not_held');
  await letter('acme', 'payment:acme:k4', 'not_held', { at: '08:00' });
  await letter('globex', 'payment:globex:k1', 'not_held');
  const common = { queue: 'money', jobType: 'payment-process' };
  const since = '2027-01-01T09:00:00.000Z';
  expect(await db.store.failures.byError('acme', since)).toEqual([
    { ...common, error: 'budget_exhausted', count: 2, open: 1, newest: '2027-01-01T11:00:00.000Z' },
    { ...common, error: 'not_held', count: 1, open: 1, newest: '2027-01-01T10:00:00.000Z' },
  ]);
  expect(await db.store.failures.byError('globex', since)).toMatchObject([{ error: 'not_held', count: 1 }]);
  expect(await db.store.failures.byError('initech', since)).toEqual([]);
});
