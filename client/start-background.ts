/** How the background's jobs are started. Nothing personal goes in here, as in start-options.ts. */
import { WorkflowIdReusePolicy } from '@temporalio/client';
import type { AnalyticsEvent } from '../contracts/analytics.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { analyticsWorkflowId, cleanupWorkflowId, dailyRoundId, platform, reportWorkflowId } from '../contracts/ids.ts';
import type { ReportRequest } from '../contracts/report.ts';
import { startedWith } from './start-attributes.ts';
import { fairnessKeyOf, queued, tell } from './start-options.ts';

export function analyticsStart(event: AnalyticsEvent, fingerprint: string) {
  const { tenantId, eventKey, type, venueId, occurredAt } = event;
  return {
    ...tell,
    ...queued('analytics-event', venueId === undefined ? tenantId : fairnessKeyOf(tenantId, venueId)),
    workflowId: analyticsWorkflowId(tenantId, eventKey),
    args: [{ event, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, ...(venueId === undefined ? {} : { venueId }) }),
    staticSummary: `Analytics event ${type}`,
    staticDetails: `\`${type}\` of \`${occurredAt}\`.`,
  };
}

/** One that was refused is not in the way of a later one; what was made, the database knows. */
export function reportStart(request: ReportRequest, fingerprint: string) {
  const { tenantId, venueId, day } = request;
  return {
    ...tell,
    ...queued('generate-report', fairnessKeyOf(tenantId, venueId)),
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowId: reportWorkflowId(tenantId, venueId, day),
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, venueId }),
    staticSummary: `Report of venue ${venueId} for ${day}`,
    staticDetails: `The money of venue \`${venueId}\` on **${day}** (UTC), from the ledger.`,
  };
}

/** A round that is repeated starts again what has failed, and nothing else. */
const unlessDone = { ...tell, workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY } as const;

export function cleanupStart(day: string) {
  const input = { day };
  return {
    ...unlessDone,
    ...queued('cleanup-old-data', platform),
    workflowId: cleanupWorkflowId(day),
    args: [input] as const,
    memo: { fingerprint: fingerprintOf(input) },
    typedSearchAttributes: startedWith({ tenantId: platform }),
    staticSummary: `Cleanup of ${day}`,
    staticDetails: 'Deletes what has expired, of all tenants. It can be terminated: the next one goes on.',
  };
}

/** What the Schedule starts each day. */
export const dailyRoundStart = () => ({
  ...queued('cleanup-old-data', platform),
  workflowId: dailyRoundId,
  args: [{}],
  typedSearchAttributes: startedWith({ tenantId: platform }),
});
