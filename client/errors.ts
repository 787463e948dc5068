/** What the client throws. Each error says what moved, whether the same call can succeed later, and what to do next. */
import { type FieldFault, InvalidRequestError } from '../contracts/schema/validate.ts';
import type { MoneyMoved } from '../contracts/payment.ts';
import { type ProblemCode, problems } from '../contracts/problems.ts';

/** Also thrown as it is, for what the API refuses: its `code` is one of contracts/problems.ts. */
export class BoxofficeError extends Error {
  readonly code: ProblemCode;
  readonly moneyMoved: MoneyMoved;
  readonly nextAction: string;
  readonly retryable: boolean;
  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    const { moneyMoved, nextAction, retryable } = problems[code];
    super(`${detail}. ${nextAction}.`, options);
    this.name = new.target.name;
    this.code = code;
    this.moneyMoved = moneyMoved;
    this.nextAction = nextAction;
    this.retryable = retryable;
  }
}

/** Fields are wrong; nothing was started. */
export class InvalidOrderError extends BoxofficeError {
  readonly faults: readonly FieldFault[];
  constructor(faults: readonly FieldFault[], cause: Error) {
    super('invalid_request', cause.message, { cause });
    this.faults = faults;
  }
}

/** Same key, other body. */
export class IdempotencyConflictError extends BoxofficeError {
  readonly workflowId: string;
  constructor(workflowId: string) {
    super('key_reused', `${workflowId} was started with another body`);
    this.workflowId = workflowId;
  }
}

/** No run within the engine's retention. The API still knows ended purchases and refunds; this client knows Temporal only. */
export class NotFoundError extends BoxofficeError {
  constructor(workflowId: string) {
    super('not_found', `Temporal knows no ${workflowId}`);
  }
}

/** The call's own deadline passed first. */
export class StillRunningError extends BoxofficeError {
  constructor(workflowId: string) {
    super('still_running', `${workflowId} is still running`);
  }
}

/** Failed, timed out or terminated: never a business end. */
export class OperationFailedError extends BoxofficeError {
  constructor(workflowId: string, cause: unknown) {
    super('operation_failed', `${workflowId} ended without a result`, { cause });
  }
}

/** Temporal or the API gave no answer: whether the request arrived is unknown, and repeating it is safe. */
export class UnavailableError extends BoxofficeError {
  constructor(what: string, cause: unknown) {
    super('unavailable', `${what} gave no answer`, { cause });
  }
}

/** Runs a check of contracts/ and throws its refusal as one of ours. */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvalidRequestError) throw new InvalidOrderError(error.faults, error);
    throw error;
  }
}
