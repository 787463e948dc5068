/** Incidents, over the API, which knows who the person is; and sending a notice of one, which needs Temporal only. */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { channelsOf } from '../contracts/alert-channels.ts';
import type { AlertPageView, AlertView } from '../contracts/alert-records.ts';
import { headlineOf } from '../contracts/alert-words.ts';
import type { AlertNotice, Severity } from '../contracts/alerts.ts';
import { alertWorkflowId, platform } from '../contracts/ids.ts';
import { priorities } from '../contracts/job-types.ts';
import { workflowTypes } from '../contracts/messages.ts';
import type { AlertsQuery } from '../contracts/schema/alerts.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';
import { startedWith } from './start-attributes.ts';
import { tell } from './start-options.ts';
import { translate } from './temporal-errors.ts';

/**
 * @throws ApiError with code `invalid_request`, `forbidden` or `not_found`: nothing was changed.
 * @throws UnavailableError: unknown whether it was.
 */
export interface AlertCalls {
  /** Newest first; 50 where `limit` is absent, 200 at most. */
  list(filter?: AlertsQuery): Promise<AlertPageView>;
  /** As the subject of the API's token. It is told no more; the first one who says so stays. */
  acknowledge(alertId: string): Promise<AlertView>;
  /** A real alert, to see that alerts arrive. */
  test(severity: Severity): Promise<{ id: string; workflowId: string }>;
}

export interface AlertSending {
  /** Starts the notice's workflow, once however often it is called. Resolves with its id. */
  notify(notice: AlertNotice): Promise<string>;
}

export function createAlertCalls(access: ApiAccess | undefined): AlertCalls {
  return {
    list: async (filter = {}) => (await callApi(access, 'GET', withQuery('/alerts', filter))) as AlertPageView,
    acknowledge: async (alertId) =>
      (await callApi(access, 'POST', `/alerts/${encodeURIComponent(alertId)}/acknowledge`)) as AlertView,
    test: async (severity) =>
      (await callApi(access, 'POST', '/alerts/test', { severity })) as { id: string; workflowId: string },
  };
}

const priorityOf = { critical: priorities.critical, warning: priorities.high, info: priorities.normal } as const;

/** How a notice's workflow is started, by whomever. */
export const alertStart = (notice: AlertNotice) => ({
  ...tell,
  taskQueue: 'monitoring',
  priority: { priorityKey: priorityOf[notice.incident.severity], fairnessKey: platform },
  workflowId: alertWorkflowId(notice.incident.alertId, notice.number),
  args: [notice] as [AlertNotice],
  typedSearchAttributes: startedWith({ tenantId: platform }),
  staticSummary: `Alert: ${headlineOf(notice.incident)}`,
  staticDetails: `Notice ${notice.number} (${notice.kind}) of incident \`${notice.incident.alertId}\`, by ${channelsOf(notice).join(', ')}.`,
});

export const createAlertSending = (client: Client): AlertSending => ({
  notify: async (notice) => {
    const options = alertStart(notice);
    try {
      await client.workflow.start(workflowTypes.alert, options);
    } catch (error) {
      // It is on its way, or was sent: the same incident and number is the same notice.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw translate(error, options.workflowId);
    }
    return options.workflowId;
  },
});
