/** Runs as Temporal knows them, or as our own row does where their history is gone. */
import { NotFoundError, OperationFailedError, type RunHandle, StillRunningError } from '../client/index.ts';
import type { Identified } from './run-view.ts';
import { ApiProblem } from './problem.ts';

export interface Run<Result, Status> extends Identified {
  handle: RunHandle<Result, Status>;
  record: () => Promise<{ workflowId: string; runId: string; result?: Result } | undefined>;
  closedStatus: (result: Result) => Status;
  /** How a person calls it. */
  noun: string;
}

/** What our own row says of a run that Temporal does not know, or that ended without a result. */
async function remembered<Result>(run: Run<Result, unknown>, error: unknown): Promise<Result> {
  if (!(error instanceof NotFoundError) && !(error instanceof OperationFailedError)) throw error;
  const record = await run.record();
  if (record?.result) return record.result;
  if (record) throw new OperationFailedError(record.workflowId, error);
  if (error instanceof OperationFailedError) throw error;
  throw new ApiProblem('not_found', `There is no ${run.noun} "${run.id}"`);
}

export function statusOf<Result, Status>(run: Run<Result, Status>): Promise<Status> {
  return run.handle.status().catch(async (error: unknown) => run.closedStatus(await remembered(run, error)));
}

/** Undefined: not within the time that the caller waits. */
export const inTime = <Result>(end: Promise<Result>): Promise<Result | undefined> =>
  end.catch((error: unknown) => {
    if (error instanceof StillRunningError) return undefined;
    throw error;
  });

/** The end, or where it stands once `deadlineMs` has passed. */
export async function statusAfter<Result, Status>(run: Run<Result, Status>, deadlineMs: number): Promise<Status> {
  const result = await inTime(run.handle.result({ deadlineMs }).catch((error: unknown) => remembered(run, error)));
  return result === undefined ? statusOf(run) : run.closedStatus(result);
}

/** The end, or undefined when the request is recorded and the end was not there in time. */
export async function cancelled<Result, Status>(
  run: Run<Result, Status>,
  request: { actor: string; reason: string },
  deadlineMs: number,
): Promise<Status | undefined> {
  const cancelling = run.handle.cancel(request, { deadlineMs });
  const result = await inTime(cancelling.catch((error: unknown) => remembered(run, error)));
  return result === undefined ? undefined : run.closedStatus(result);
}

/** Its history is gone and a fresh run gave the stored result: the caller knows this one already. */
export async function isReplay({ record }: Pick<Run<unknown, unknown>, 'record'>, runId: string): Promise<boolean> {
  const known = await record();
  return known !== undefined && known.runId !== runId;
}
