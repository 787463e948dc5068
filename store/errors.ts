/** What the store refuses. A fault of the connection or of the server comes through as pg's own error. */

export { BudgetExhaustedError, StepFencedError } from '../contracts/step-errors.ts';

/** The claim is somebody else's, or there is none: whoever asks must not record an end. */
export class ClaimLostError extends Error {
  constructor(kind: string, key: string, owner: string | undefined) {
    super(`the claim on ${kind} ${key} ${owner === undefined ? 'does not exist' : `belongs to ${owner}`}`);
    this.name = 'ClaimLostError';
  }
}

/** What the provider says it captured is not what the purchase costs: a person has to look. */
export class CaptureMismatchError extends Error {
  constructor(key: string, captured: number, amount: number, currency: string) {
    super(`payment ${key}: captured ${captured}, but its amount is ${amount} (minor units of ${currency})`);
    this.name = 'CaptureMismatchError';
  }
}

/** The mints of an operation are not in a state that allows this. */
export class MintStateError extends Error {
  constructor(workflowId: string, wanted: string, found: string) {
    super(`the mints of ${workflowId} cannot be ${wanted}: ${found}`);
    this.name = 'MintStateError';
  }
}

/** What is to be recorded of a refund contradicts what was: a person has to look. */
export class RefundStateError extends Error {
  constructor(refundId: string, wanted: string, found: string) {
    super(`refund ${refundId} cannot be ${wanted}: ${found}`);
    this.name = 'RefundStateError';
  }
}

/** What is to be recorded of a payout contradicts what was: a person has to look. */
export class PayoutStateError extends Error {
  constructor(payoutId: string, wanted: string, found: string) {
    super(`payout ${payoutId} cannot be ${wanted}: ${found}`);
    this.name = 'PayoutStateError';
  }
}

/** What is to be recorded of a ticket's transfer or burn contradicts what was: a person has to look. */
export class MoveStateError extends Error {
  constructor(workflowId: string, wanted: string, found: string) {
    super(`${workflowId} cannot be ${wanted}: ${found}`);
    this.name = 'MoveStateError';
  }
}

/** What the provider says of a dispute does not fit the payment in our books: a person has to look. */
export class DisputeStateError extends Error {
  constructor(disputeId: string, wanted: string, found: string) {
    super(`dispute ${disputeId} cannot be ${wanted}: ${found}`);
    this.name = 'DisputeStateError';
  }
}
