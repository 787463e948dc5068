/** The background's jobs as they are started in production, in a world of twins. */
import type { WorkflowHandle } from '@temporalio/client';
import { analyticsStart, cleanupStart, dailyRoundStart, reportStart } from '../../client/start-background.ts';
import type { AnalyticsEvent } from '../../contracts/analytics.ts';
import type { DailyRoundInput } from '../../contracts/daily-round.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import type { ReportRequest } from '../../contracts/report.ts';
import type { Twin } from './workflow-twins.ts';
import type { WorkflowWorld } from './workflow-world.ts';

type Plan = (twin: Twin) => void;
type Start = { workflowId: string; args: readonly unknown[] } & Omit<
  Parameters<WorkflowWorld['client']['workflow']['start']>[1],
  'args'
>;

let count = 0;

/** Each has an id of its own. */
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
