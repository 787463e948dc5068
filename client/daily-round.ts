/** The Temporal Schedule of what happens once a day, and what it starts. */
import { type Client, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { fingerprintOf } from '../contracts/hashes.ts';
import { dailyRoundId } from '../contracts/ids.ts';
import { workflowTypes } from '../contracts/messages.ts';
import type { ReportRequest } from '../contracts/report.ts';
import { IdempotencyConflictError } from './errors.ts';
import { runReconciliation } from './reconciliation.ts';
import { cleanupStart, dailyRoundStart, reportStart } from './start-background.ts';
import { startOnce } from './start-once.ts';
import { translate } from './temporal-errors.ts';

/** In words, for people. */
export const dailyRoundTime = 'every day at 03:00 UTC';

/** The books of the day before are closed by then (contracts/days.ts). One that was missed for longer than a day is left out. */
const schedule = {
  spec: { calendars: [{ hour: 3, minute: 0, comment: dailyRoundTime }], timezone: 'UTC' },
  policies: { overlap: 'SKIP', catchupWindow: '1 day' },
} satisfies Pick<ScheduleOptions, 'spec' | 'policies'>;

/** Creates the Schedule, or brings it up to date; one that people have paused stays paused. */
export async function scheduleDailyRound(client: Client): Promise<'created' | 'was there'> {
  const wanted = {
    ...schedule,
    action: { type: 'startWorkflow' as const, workflowType: workflowTypes.dailyRound, ...dailyRoundStart() },
  };
  try {
    await client.schedule.create({ scheduleId: dailyRoundId, ...wanted });
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw translate(error, dailyRoundId);
  }
  try {
    await client.schedule.getHandle(dailyRoundId).update(({ state }) => ({ ...wanted, state }));
    return 'was there';
  } catch (error) {
    throw translate(error, dailyRoundId);
  }
}

type Start = Parameters<typeof startOnce>[2];

/** True when this very call started it. What was started with other words, by a person, is the same thing. */
async function startDaily(client: Client, type: string, start: Start): Promise<boolean> {
  try {
    return (await startOnce(client, type, start)).created;
  } catch (error) {
    if (error instanceof IdempotencyConflictError) return false;
    throw error;
  }
}

/** `day`: on which it runs, 2027-01-31, in UTC. */
export const startDailyCleanup = (client: Client, day: string) =>
  startDaily(client, workflowTypes.cleanup, cleanupStart(day));

export const startDailyReport = (client: Client, request: ReportRequest) =>
  startDaily(client, workflowTypes.generateReport, reportStart(request, fingerprintOf(request)));

/** Again where one has ended: it may have been asked for before the day was over. */
export const startDailyReconciliation = async (client: Client, input: { tenantId: string; day: string }) =>
  (await runReconciliation(client, input)).created;
