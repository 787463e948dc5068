/** Twins of what the background's jobs call, over the worlds of workflow-twins.ts. */
import type { AnalyticsActivities } from '../../activities/analytics.ts';
import type { CleanupActivities } from '../../activities/cleanup.ts';
import type { DailyRoundActivities } from '../../activities/daily-round.ts';
import type { ReportActivities } from '../../activities/reports.ts';
import type { Twin, Twins } from './workflow-twins.ts';

type BackgroundActivities = AnalyticsActivities & ReportActivities & CleanupActivities & DailyRoundActivities;

function waveOf<Cursor>(twin: Twin, what: string, waves: Cursor[][]) {
  const wave = waves.shift() ?? [];
  twin.background.started.push(...wave.map((one) => `${what} ${JSON.stringify(one)}`));
  const next = wave.at(-1);
  return { started: wave.length, ...(waves.length > 0 && next !== undefined ? { next } : {}) };
}

export const createBackgroundTwins = (twins: Twins): BackgroundActivities => ({
  recordEvent: (input) => {
    const twin = twins.current;
    return twin.perform('recordEvent', input, () => twin.background.recorded);
  },
  makeReport: (input) => {
    const twin = twins.current;
    return twin.perform('makeReport', input, () => twin.background.report);
  },
  cleanUp: (input) => {
    const twin = twins.current;
    return twin.perform('cleanUp', input, () => twin.background.cleaned.shift() ?? { deleted: {} });
  },
  startCleanup: (input) => {
    const twin = twins.current;
    return twin.perform('startCleanup', input, () => void twin.background.started.push(`cleanup ${input.day}`));
  },
  startReports: (input) => {
    const twin = twins.current;
    return twin.perform('startReports', input, () => waveOf(twin, 'report', twin.background.venues));
  },
  startReconciliations: (input) => {
    const twin = twins.current;
    return twin.perform('startReconciliations', input, () => waveOf(twin, 'reconciliation', twin.background.tenants));
  },
});
