/** What a caller sees of a run, be it a purchase or a refund. */
import { problems } from '../contracts/problems.ts';
import { type WebUi, workflowLink } from '../client/web-ui.ts';

export interface Identified {
  /** The caller's own id of it. */
  id: string;
  workflowId: string;
}

export function identityOf({ id, workflowId }: Identified, webUi: WebUi | undefined) {
  return { id, workflowId, ...(webUi ? { webUi: workflowLink(webUi, workflowId) } : {}) };
}

export function viewOf<Status extends { result?: { status: string } }>(
  run: Identified,
  status: Status,
  webUi: WebUi | undefined,
) {
  return { ...identityOf(run, webUi), status: status.result?.status ?? 'live', ...status };
}

export const pendingView = (run: Identified, webUi: WebUi | undefined) => ({
  ...identityOf(run, webUi),
  status: 'pending',
  moneyMoved: 'unknown',
  next: problems.still_running.nextAction,
});
