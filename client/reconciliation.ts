/** A day's reconciliation: started here, read and decided over the API, which has its rows. */
import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { reconciliationWorkflowId } from '../contracts/ids.ts';
import { priorities } from '../contracts/job-types.ts';
import { cancelReconciliationUpdate, reconciliationStatusQuery, workflowTypes } from '../contracts/messages.ts';
import {
  type DifferenceRecord,
  openReconciliationStages,
  type ReconciledDay,
  type ReconciliationRequest,
  type ReconciliationResult,
  type ReconciliationStatus,
} from '../contracts/reconciliation.ts';
import { closedReconciliationStatus } from '../contracts/reconciliation-words.ts';
import { checkDay, ReconciliationRequestSchema } from '../contracts/schema/reconciliation.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { checked } from './errors.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';
import { createRunHandle, type RunHandle, type RunKind } from './run-handle.ts';
import { startedWith } from './start-attributes.ts';
import { translate } from './temporal-errors.ts';

/** Its `cancel` stops it where it is; what it found stays. */
export interface ReconciliationHandle extends RunHandle<ReconciliationResult, ReconciliationStatus> {
  readonly day: string;
}

export interface StartedReconciliation extends ReconciliationHandle {
  /** True when this very call started it; false when one of the day is running. */
  readonly created: boolean;
  readonly runId: string;
}

export interface DifferenceFilter {
  day?: string;
  /** True unless given: those that nobody has closed. */
  open?: boolean;
  /** 1 to 200; 50 unless given. */
  limit?: number;
  /** `nextCursor` of the page before. */
  cursor?: string;
}

/** Newest first. */
export interface ReconciliationPage {
  /** The last runs, by day. */
  days: ReconciledDay[];
  differences: DifferenceRecord[];
  nextCursor?: string;
}

/** `list` and `close` need the API. `close` keeps who did it, and why: a token with the role approver or admin. */
export interface ReconciliationCalls {
  /** Compares a day that has begun; again, as often as one likes. `platform`: what belongs to no tenant. */
  run(request: ReconciliationRequest): Promise<StartedReconciliation>;
  get(tenantId: string, day: string): ReconciliationHandle;
  list(filter?: DifferenceFilter): Promise<ReconciliationPage>;
  /** It stays closed for as long as both sides say what they say now. */
  close(id: number, reason: string): Promise<DifferenceRecord>;
}

const kind: RunKind<ReconciliationStatus['stage'], ReconciliationResult, 'none'> = {
  statusQuery: reconciliationStatusQuery,
  cancelUpdate: cancelReconciliationUpdate,
  openStages: openReconciliationStages,
  closedStatus: closedReconciliationStatus,
};
const checkRequest = createValidator(ReconciliationRequestSchema);

/** A day may be compared again once its reconciliation has ended. */
export function reconciliationStart({ tenantId, day }: ReconciliationRequest) {
  return {
    taskQueue: 'background',
    priority: { priorityKey: priorities.background, fairnessKey: tenantId },
    workflowId: reconciliationWorkflowId(tenantId, day),
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    args: [{ tenantId, day }] as const,
    typedSearchAttributes: startedWith({ tenantId }),
    staticSummary: `Reconciliation of ${day}`,
    staticDetails: `Compares the books of \`${tenantId}\` with the card provider and the chain, for ${day} (UTC), both ways. It books nothing and moves no money; what differs is listed by \`boxoffice reconciliation list\`.`,
  };
}

function createHandle(client: Client, given: ReconciliationRequest): ReconciliationHandle {
  const { tenantId, day } = checked(() => checkRequest(given));
  return { day, ...createRunHandle(client, reconciliationWorkflowId(tenantId, day), kind) };
}

/** Starts it, or finds the one that runs. @throws InvalidOrderError for a day that has not begun. */
export async function runReconciliation(client: Client, given: ReconciliationRequest): Promise<StartedReconciliation> {
  const request = checked(() => {
    const valid = checkRequest(given);
    checkDay(valid.day, Date.now());
    return valid;
  });
  const { args, ...options } = reconciliationStart(request);
  const handle = createHandle(client, request);
  try {
    const started = await client.workflow.start(workflowTypes.reconciliation, { ...options, args: [...args] });
    return { ...handle, created: true, runId: started.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw translate(error, options.workflowId);
  }
  try {
    const { runId } = await client.workflow.getHandle(options.workflowId).describe();
    return { ...handle, created: false, runId };
  } catch (error) {
    throw translate(error, options.workflowId);
  }
}

export function createReconciliationCalls(client: Client, access: ApiAccess | undefined): ReconciliationCalls {
  return {
    run: (request) => runReconciliation(client, request),
    get: (tenantId, day) => createHandle(client, { tenantId, day }),
    ...createReconciliationReads(access),
  };
}

/** The API's part alone. */
export function createReconciliationReads(access: ApiAccess | undefined): Pick<ReconciliationCalls, 'list' | 'close'> {
  return {
    list: async ({ day, open, limit, cursor } = {}) =>
      (await callApi(access, 'GET', withQuery('/reconciliation', { day, open, limit, cursor }))) as ReconciliationPage,
    close: async (id, reason) =>
      (await callApi(access, 'POST', `/reconciliation/differences/${id}/close`, { reason })) as DifferenceRecord,
  };
}
