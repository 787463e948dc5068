/** Notices that tests send; the twin of what delivers them is in workflow-message-twins.ts. */
import type { WorkflowHandle } from '@temporalio/client';
import { alertStart } from '../../client/alerts.ts';
import type { AlertNotice, AlertResult } from '../../contracts/alerts.ts';
import { workflowTypes } from '../../contracts/messages.ts';
import { incidentOf, noticeOf } from './alert-twins.ts';
import type { Twin } from './workflow-twins.ts';
import type { WorkflowWorld } from './workflow-world.ts';

let count = 0;

/** Of an incident that no other test has; `plan` sets the twin up before anything can call it. */
export async function startAlert(
  { client, twinOf }: WorkflowWorld,
  plan?: (twin: Twin) => void,
  {
    incident,
    ...change
  }: Partial<Omit<AlertNotice, 'incident'>> & { incident?: Partial<AlertNotice['incident']> } = {},
): Promise<{ handle: WorkflowHandle<(notice: AlertNotice) => Promise<AlertResult>>; twin: Twin; notice: AlertNotice }> {
  const notice = noticeOf({ ...change, incident: incidentOf({ alertId: `alert-${(count += 1)}`, ...incident }) });
  const options = alertStart(notice);
  const twin = twinOf(options.workflowId);
  plan?.(twin);
  const handle = await client.workflow.start<(notice: AlertNotice) => Promise<AlertResult>>(
    workflowTypes.alert,
    options,
  );
  return { handle, twin, notice };
}
