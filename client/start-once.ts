/** Starts what has a fixed id of its own, so that asking twice does it once. */
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { IdempotencyConflictError } from './errors.ts';
import { translate } from './temporal-errors.ts';

type StartOptions = Omit<WorkflowStartOptions, 'args' | 'memo'> & {
  args: readonly unknown[];
  memo: { fingerprint: string };
};

export interface Started {
  /** True when this very call started it. */
  created: boolean;
  /** The run that was started, or found. */
  runId: string;
}

/** @throws IdempotencyConflictError when the same id was used for another request. */
export async function startOnce(client: Client, type: string, options: StartOptions): Promise<Started> {
  const { workflowId } = options;
  try {
    const handle = await client.workflow.start(type, { ...options, args: [...options.args] });
    return { created: true, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw translate(error, workflowId);
    return { created: false, runId: await sameRequest(client, options) };
  }
}

/** The id of the run that the same request had started. @throws NotFoundError, IdempotencyConflictError */
export async function sameRequest(
  client: Client,
  { workflowId, memo }: Pick<StartOptions, 'memo'> & { workflowId: string },
): Promise<string> {
  try {
    const run = await client.workflow.getHandle(workflowId).describe();
    if (run.memo?.['fingerprint'] !== memo.fingerprint) throw new IdempotencyConflictError(workflowId);
    return run.runId;
  } catch (error) {
    throw translate(error, workflowId);
  }
}
