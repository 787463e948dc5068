/** What the SDK's and the server's errors mean here. Decided on types and codes, never on a message's wording. */
import {
  isGrpcCancelledError,
  isGrpcDeadlineError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import type { FailureType } from '../contracts/failures.ts';
import { BoxofficeError, OperationFailedError, NotFoundError, UnavailableError } from './errors.ts';

/** Our own deadline passed. The call may have arrived. */
export const isDeadline = (error: unknown) =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  isGrpcDeadlineError(error) ||
  isGrpcCancelledError(error);

/** A validator or handler of ours refused the update with this type. */
export const isRefusedAs = (error: unknown, type: FailureType) =>
  error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure && error.cause.type === type;

/**
 * The run may be closed, so its result has to be looked at: it was closed before (`AlreadyStarted`, not found), closed
 * while the update was on its way, or accepted the update and closed without answering it.
 */
export const mayBeClosed = (error: unknown) =>
  error instanceof WorkflowExecutionAlreadyStartedError ||
  error instanceof WorkflowNotFoundError ||
  error instanceof WorkflowUpdateFailedError;

/** Everything that is left over, as an error of ours. */
export function translate(error: unknown, workflowId: string): Error {
  if (error instanceof BoxofficeError) return error;
  if (error instanceof WorkflowNotFoundError) return new NotFoundError(workflowId);
  if (error instanceof WorkflowFailedError) return new OperationFailedError(workflowId, error);
  if (error instanceof WorkflowUpdateFailedError) return new OperationFailedError(workflowId, error);
  if (error instanceof NamespaceNotFoundError)
    return new UnavailableError(
      `the namespace "${error.namespace}" does not exist (run "boxoffice setup"): Temporal`,
      error,
    );
  return new UnavailableError('Temporal', error);
}
