/** The activities of the background's own queue, served by the store and by Temporal. */
import type { Client } from '@temporalio/client';
import { createAnalyticsActivities } from '../activities/analytics.ts';
import { createCleanupActivities } from '../activities/cleanup.ts';
import { createDailyRoundActivities } from '../activities/daily-round.ts';
import { createReportActivities } from '../activities/reports.ts';
import { startDailyCleanup, startDailyReconciliation, startDailyReport } from '../client/index.ts';
import { cleanedTables, type Store } from '../store/index.ts';

export const backgroundActivities = (store: Store, temporal: Client) => ({
  ...createAnalyticsActivities(store),
  ...createReportActivities(store),
  ...createCleanupActivities({ cleanup: store.cleanup, tables: cleanedTables }),
  ...createDailyRoundActivities({
    rounds: store.dailyRounds,
    startCleanup: (day) => startDailyCleanup(temporal, day),
    startReport: (request) => startDailyReport(temporal, request),
    startReconciliation: (input) => startDailyReconciliation(temporal, input),
  }),
});
