import { ActivityFailure } from '@temporalio/common';
import { beforeAll, describe, expect, test } from 'vitest';
import { dayOf } from '../../contracts/days.ts';
import { jobStatusQuery } from '../../contracts/messages.ts';
import { backgroundJobsOf } from '../support/workflow-background.ts';
import { failsFor, refuses } from '../support/workflow-behaviours.ts';
import { durationOf, useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld({ queues: ['background'] });
let jobs: ReturnType<typeof backgroundJobsOf>;
beforeAll(() => void (jobs = backgroundJobsOf(world())));

const hour = 3_600_000;
const now = async () => await world().env.currentTimeMs();

describe('an analytics event', () => {
  test('is recorded by one activity, with whose it is', async () => {
    const { handle, twin } = await jobs.analytics();
    expect(await handle.result()).toEqual({ status: 'recorded' });
    expect(twin.inputsOf('recordEvent')).toMatchObject([
      {
        operation: { tenantId: 'acme', workflowId: handle.workflowId },
        event: { type: 'ticket.viewed' },
        now: expect.any(String),
      },
    ]);
    expect(await handle.query(jobStatusQuery)).toMatchObject({ stage: 'recorded' });
  });

  test('is refused where its key is another one’s', async () => {
    const { handle } = await jobs.analytics((twin) => (twin.background.recorded = 'key_reused'));
    expect(await handle.result()).toEqual({ status: 'refused', reason: 'key_reused' });
  });

  test('expires six hours after its start, while nothing answers', async () => {
    const { handle } = await jobs.analytics((twin) => twin.always('recordEvent', failsFor(hour)));
    expect(await handle.result()).toEqual({ status: 'expired' });
    const took = await durationOf(handle);
    expect(took).toBeGreaterThan(4 * hour);
    expect(took).toBeLessThanOrEqual(6 * hour + 60_000);
  });

  test('that the database refuses is a bug, and fails the workflow', async () => {
    const { handle } = await jobs.analytics((twin) => twin.plan('recordEvent', refuses('23514')));
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(ActivityFailure) });
  });
});

describe('a report', () => {
  test('of a day whose books are closed is made', async () => {
    const { handle, twin } = await jobs.report(dayOf(await now(), 2));
    expect(await handle.result()).toMatchObject({ status: 'completed', location: '/reports/arena/2026-01-31' });
    expect(twin.inputsOf('makeReport')).toMatchObject([{ input: { request: { venueId: 'arena' } } }]);
  });

  test('of a day that is not over is refused, and nothing is asked', async () => {
    const { handle, twin } = await jobs.report(dayOf(await now()));
    expect(await handle.result()).toEqual({ status: 'refused', reason: 'day_open' });
    expect(twin.calls).toEqual([]);
  });

  test('of no day at all is refused, however it was started', async () => {
    const { handle } = await jobs.report('someday');
    expect(await handle.result()).toEqual({ status: 'refused', reason: 'day_open' });
  });
});

describe('cleanup', () => {
  test('goes on where the call before stopped, adds up, and shows how far it is', async () => {
    const { handle, twin } = await jobs.cleanup((one) => {
      one.background.cleaned = [
        { deleted: { message_contents: 2, webhook_events: 1_000 }, next: 'webhook_events' },
        { deleted: { webhook_events: 5 } },
      ];
    });
    expect(await handle.result()).toEqual({
      status: 'completed',
      deleted: { message_contents: 2, webhook_events: 1_005 },
    });
    expect(twin.inputsOf('cleanUp')).toEqual([{}, { from: 'webhook_events' }]);
    const details = await handle
      .query<string>('__temporal_workflow_metadata')
      .then((metadata) => JSON.stringify(metadata));
    expect(details).toContain('`webhook_events` 1000; goes on with `webhook_events`');
  });

  test('ends with what it has after six hours', async () => {
    const { handle } = await jobs.cleanup((one) => {
      one.background.cleaned = [{ deleted: { queue_metrics: 9 }, next: 'queue_metrics' }];
      one.plan('cleanUp', (effect) => effect()).always('cleanUp', failsFor(hour));
    });
    expect(await handle.result()).toEqual({ status: 'expired', deleted: { queue_metrics: 9 } });
  });
});

describe('the daily round', () => {
  const arena = { tenantId: 'acme', venueId: 'arena' };
  const club = { tenantId: 'globex', venueId: 'club' };

  test('starts everything in waves, and counts it', async () => {
    const { handle, twin } = await jobs.dailyRound((one) => {
      one.background.venues = [[arena], [club]];
      one.background.tenants = [['acme', 'globex'], ['platform']];
    });
    const today = dayOf((await handle.describe()).startTime.getTime());
    const day = dayOf(Date.parse(today), 1);
    expect(await handle.result()).toEqual({ status: 'started', day, reports: 2, reconciliations: 3 });
    expect(twin.background.started).toEqual([
      `cleanup ${today}`,
      ...[arena, club].map((venue) => `report ${JSON.stringify(venue)}`),
      ...['acme', 'globex', 'platform'].map((tenant) => `reconciliation "${tenant}"`),
    ]);
    expect(twin.inputsOf('startReports')).toEqual([{ day }, { day, after: arena }]);
    expect(twin.inputsOf('startReconciliations')).toEqual([{ day }, { day, after: 'globex' }]);
  });

  test('does not look for ever', async () => {
    const { handle } = await jobs.dailyRound((one) => one.always('startReports', failsFor(hour)));
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.any(ActivityFailure) });
    expect(await durationOf(handle)).toBeLessThan(7 * hour);
  });

  test('goes on where the run before it stopped', async () => {
    const course = { today: '2026-02-01', step: 'reports', venue: arena, reports: 7, reconciliations: 0 } as const;
    const { handle, twin } = await jobs.dailyRound((one) => (one.background.venues = [[club]]), { course });
    expect(await handle.result()).toEqual({ status: 'started', day: '2026-01-31', reports: 8, reconciliations: 0 });
    expect(twin.order).toEqual(['startReports', 'startReconciliations']);
    expect(twin.inputsOf('startReports')).toEqual([{ day: '2026-01-31', after: arena }]);
  });
});
