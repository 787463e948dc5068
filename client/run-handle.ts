/** A run that exists, of whatever kind: read it, wait for it, cancel it. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import { Type } from 'typebox';
import { fingerprintOf } from '../contracts/hashes.ts';
import { type CancelRequest, cancelSignal } from '../contracts/messages.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import { Text } from '../contracts/schema/common.ts';
import { createValidator } from '../contracts/schema/validate.ts';
import { type Attention, attentions, searchAttributes } from '../contracts/search-attributes.ts';
import { checked, StillRunningError } from './errors.ts';
import { isDeadline, mayBeClosed, translate } from './temporal-errors.ts';

export interface RunHandle<Result, Status> {
  readonly workflowId: string;
  /** Waits for the end: however long it takes, or until `deadlineMs` has passed and `StillRunningError` is thrown. */
  result(options?: { deadlineMs?: number }): Promise<Result>;
  /** Where no worker answers within `deadlineMs` (5000): what the server itself knows. */
  status(options?: { deadlineMs?: number }): Promise<Status>;
  /**
   * Cancels as long as it is not too late, and answers with the end: `completed` when it was. With `deadlineMs` the request
   * is left behind durably when that passes, and `StillRunningError` is thrown.
   */
  cancel(request: CancelRequest, options?: { deadlineMs?: number }): Promise<Result>;
}

/** `Money`: how its kind says where the money is. */
interface RunStatus<Stage extends string, Result, Money extends string = MoneyMoved> {
  stage: Stage;
  attention: Attention;
  moneyMoved: Money | 'unknown';
  next: string;
  result?: Result;
}

/** What is a kind's own: its messages and its words. */
export interface RunKind<Stage extends string, Result, Money extends string = MoneyMoved> {
  statusQuery: QueryDefinition<RunStatus<Stage, Result, Money>>;
  cancelUpdate: UpdateDefinition<Result, [CancelRequest]>;
  /** The first one is where every run begins. */
  openStages: readonly [Stage, ...Stage[]];
  closedStatus: (result: Result) => RunStatus<Stage, Result, Money>;
}

/** Milliseconds that a single question to Temporal may take. */
const askMs = 5_000;

export const checkCancel = createValidator(
  Type.Object({ actor: Text('actor', 200), reason: Text('reason', 500) }, { description: 'actor and reason' }),
);

export const isClosed = (run: WorkflowExecutionDescription) =>
  run.status.name !== 'RUNNING' && run.status.name !== 'PAUSED';

interface Wait {
  runId?: string;
  deadlineMs?: number | undefined;
}

/** The end of a run as its result; the SDK waits where the run is open. @throws StillRunningError after `deadlineMs` */
export async function resultOf<Result>(
  client: Client,
  workflowId: string,
  { runId, deadlineMs }: Wait = {},
): Promise<Result> {
  const wait = () => client.workflow.result<() => Promise<Result>>(workflowId, runId);
  try {
    return await (deadlineMs === undefined ? wait() : client.withDeadline(Date.now() + deadlineMs, wait));
  } catch (error) {
    if (deadlineMs !== undefined && isDeadline(error)) throw new StillRunningError(workflowId);
    throw translate(error, workflowId);
  }
}

export function createRunHandle<Stage extends string, Result, Money extends string = MoneyMoved>(
  client: Client,
  workflowId: string,
  kind: RunKind<Stage, Result, Money>,
): RunHandle<Result, RunStatus<Stage, Result, Money>> {
  return {
    workflowId,
    result: (options) => resultOf<Result>(client, workflowId, options),
    status: ({ deadlineMs = askMs } = {}) => statusOf(client, workflowId, kind, deadlineMs),
    cancel: (request, { deadlineMs } = {}) => cancel(client, workflowId, kind, request, deadlineMs),
  };
}

async function statusOf<Stage extends string, Result, Money extends string>(
  client: Client,
  workflowId: string,
  { statusQuery, openStages, closedStatus }: RunKind<Stage, Result, Money>,
  deadlineMs: number,
): Promise<RunStatus<Stage, Result, Money>> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const run = await client.withDeadline(Date.now() + askMs, () => handle.describe());
    if (isClosed(run)) return closedStatus(await resultOf<Result>(client, workflowId, { runId: run.runId }));
    return await client
      .withDeadline(Date.now() + deadlineMs, () => handle.query(statusQuery))
      .catch(() => unheard(run, openStages));
  } catch (error) {
    throw translate(error, workflowId);
  }
}

const oneOf = <T extends string>(known: readonly T[], text: string | undefined) => known.find((one) => one === text);

/** No worker answers the query: what the server itself knows of the run. */
function unheard<Stage extends string>(
  run: WorkflowExecutionDescription,
  openStages: readonly [Stage, ...Stage[]],
): RunStatus<Stage, never, never> {
  return {
    stage: oneOf(openStages, run.typedSearchAttributes.get(searchAttributes.stage)) ?? openStages[0],
    attention: oneOf(attentions, run.typedSearchAttributes.get(searchAttributes.attention)) ?? 'none',
    moneyMoved: 'unknown',
    next: 'No worker answers at the moment; it goes on by itself as soon as one runs.',
  };
}

async function cancel<Result>(
  client: Client,
  workflowId: string,
  { cancelUpdate }: { cancelUpdate: UpdateDefinition<Result, [CancelRequest]> },
  given: CancelRequest,
  deadlineMs: number | undefined,
): Promise<Result> {
  const request = checked(() => checkCancel(given));
  const handle = client.workflow.getHandle(workflowId);
  // Equal requests share one update: only ten may be in flight at a run.
  const updateId = `cancel:${fingerprintOf({ ...request })}`;
  const update = () => handle.executeUpdate(cancelUpdate, { args: [request], updateId });
  try {
    return await (deadlineMs === undefined ? update() : client.withDeadline(Date.now() + deadlineMs, update));
  } catch (error) {
    if (mayBeClosed(error)) return resultOf<Result>(client, workflowId);
    if (!isDeadline(error)) throw translate(error, workflowId);
  }
  // An update that no worker has accepted is forgotten with the connection; a signal is kept.
  try {
    await client.withDeadline(Date.now() + askMs, () => handle.signal(cancelSignal, request));
  } catch (error) {
    if (mayBeClosed(error)) return resultOf<Result>(client, workflowId);
    throw translate(error, workflowId);
  }
  throw new StillRunningError(workflowId);
}
