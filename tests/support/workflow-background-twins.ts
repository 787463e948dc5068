/** Twins of what the background's jobs call, over the worlds of workflow-twins.ts, and their starts. */
import type { WorkflowHandle } from '@temporalio/client';
import type { AnalyticsActivities } from '../../activities/analytics.ts';
import type { CleanupActivities } from '../../activities/cleanup.ts';
import type { DailyRoundActivities } from '../../activities/daily-round.ts';
import type { ReportActivities } from '../../activities/reports.ts';
import { analyticsStart, cleanupStart, dailyRoundStart, reportStart } from '../../client/start-background.ts';
import type { AnalyticsEvent } from '../../contracts/analytics.ts';
import type { DailyRoundInput } from '../../contracts/daily-round.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type { ReportRequest } from '../../contracts/report.ts';
import type { Twin, Twins } from './workflow-twins.ts';
import type { WorkflowWorld } from './workflow-world.ts';

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

type Plan = (twin: Twin) => void;
type Start = { workflowId: string; args: readonly unknown[] } & Omit<
  Parameters<WorkflowWorld['client']['workflow']['start']>[1],
  'args'
>;

let count = 0;

/** As they are started in production; ids of their own. */
export function backgroundJobsOf(world: WorkflowWorld) {
  async function start(type: string, given: Start, plan: Plan | undefined) {
    const workflowId = `${given.workflowId}-${(count += 1)}`;
    const twin = world.twinOf(workflowId);
    plan?.(twin);
    const options = { ...given, workflowId, args: [...given.args] };
    const handle: WorkflowHandle = await world.client.workflow.start(type, options);
    return { handle, twin };
  }
  return {
    analytics: (plan?: Plan) => {
      const event: AnalyticsEvent = {
        tenantId: 'acme', eventKey: 'event', type: 'ticket.viewed', occurredAt: '2026-01-31T12:00:00Z',
        properties: { position: 3 },
      }; // prettier-ignore
      return start(workflowTypes.analyticsEvent, analyticsStart(event, fingerprintOf(event)), plan);
    },
    report: (day: string, plan?: Plan) => {
      const request: ReportRequest = { tenantId: 'acme', venueId: 'arena', day };
      return start(workflowTypes.generateReport, reportStart(request, fingerprintOf(request)), plan);
    },
    cleanup: (plan?: Plan) => start(workflowTypes.cleanup, cleanupStart('2026-01-31'), plan),
    dailyRound: (plan?: Plan, input: DailyRoundInput = {}) =>
      start(workflowTypes.dailyRound, { ...dailyRoundStart(), args: [input] }, plan),
  };
}
