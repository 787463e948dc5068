import { ScheduleAlreadyRunning } from '@temporalio/client';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  scheduleDailyRound,
  startDailyCleanup,
  startDailyReconciliation,
  startDailyReport,
} from '../../client/index.ts';
import { FakeTemporal } from '../support/fake-temporal.ts';

let temporal: FakeTemporal;
beforeEach(() => void (temporal = new FakeTemporal()));

describe('the Schedule of the daily round', () => {
  it('is created once, brought up to date after that, and stays paused where it was', async () => {
    let kept: Record<string, unknown> | undefined;
    const schedule = {
      create: async ({ scheduleId, ...given }: { scheduleId: string }) => {
        if (kept) throw new ScheduleAlreadyRunning('exists', scheduleId);
        kept = { scheduleId, ...given };
      },
      getHandle: () => ({
        update: async (change: (before: object) => object) => void (kept = { ...change({ state: { paused: true } }) }),
      }),
    };
    const client = Object.create(temporal.client, { schedule: { value: schedule } }) as typeof temporal.client;
    expect(await scheduleDailyRound(client)).toBe('created');
    const wanted = {
      spec: { calendars: [{ hour: 3, minute: 0 }], timezone: 'UTC' },
      action: {
        type: 'startWorkflow',
        workflowType: 'dailyRound',
        taskQueue: 'background',
        workflowId: 'daily-round:platform',
      },
      policies: { overlap: 'SKIP', catchupWindow: '1 day' },
    };
    expect(kept).toMatchObject({ scheduleId: 'daily-round:platform', ...wanted });
    expect(await scheduleDailyRound(client)).toBe('was there');
    expect(kept).toMatchObject({ ...wanted, state: { paused: true } });
  });
});

describe('what the round starts', () => {
  const day = '2026-01-31';
  const venue = { tenantId: 'acme', venueId: 'arena', day };

  it.each([
    ['cleanup:platform:2026-01-31', 'cleanup', () => startDailyCleanup(temporal.client, day)],
    ['report:acme:arena:2026-01-31', 'generateReport', () => startDailyReport(temporal.client, venue)],
    [
      'reconciliation:acme:2026-01-31',
      'reconciliation',
      () => startDailyReconciliation(temporal.client, { tenantId: 'acme', day }),
    ],
  ])('%s is started once', async (workflowId, type, start) => {
    expect([await start(), await start()]).toEqual([true, false]);
    expect(temporal.run(workflowId).request).toMatchObject({
      workflowType: { name: type },
      taskQueue: { name: 'background' },
    });
    expect(temporal.runs.size).toBe(1);
  });

  it('gives a reconciliation its tenant and day alone', async () => {
    await startDailyReconciliation(temporal.client, { tenantId: 'acme', day });
    expect(temporal.run('reconciliation:acme:2026-01-31').input).toEqual({ tenantId: 'acme', day });
  });
});
