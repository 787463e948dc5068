import type { DecisionRefusal } from './decisions.ts';

/**
 * What an activity failure says to the workflow. The `type` of every ApplicationFailure is one of these, and its first
 * detail is a `FailureDetail`: decisions are made on these, never on a message's wording.
 */
export const failureTypes = {
  /** A business "no": final. `code` says which. */
  declined: 'Declined',
  /** Our request or configuration is wrong: final, and a person has to look. */
  refused: 'Refused',
  /** Sent without a trustworthy answer, or not sent yet: Temporal tries again. */
  retry: 'Retry',
  /** All sent calls of the budget are used up and the outcome is still open: park. */
  budgetExhausted: 'BudgetExhausted',
  /** The step was fenced off by its own compensation: a late attempt must not act any more. */
  fenced: 'Fenced',
  /** A validator refused a message: same key, other body. */
  keyReused: 'KeyReused',
  /** A message reached a workflow that has its end already. */
  alreadyEnded: 'AlreadyEnded',
  /** A decision without a good proof, or that nothing waits for; the first detail is `{because}`. */
  decisionRefused: 'DecisionRefused',
  /** A message that only counts once it is recorded, and the database does not answer: nothing was changed. */
  notRecorded: 'NotRecorded',
  /** A message's own fields are wrong. */
  invalidMessage: 'InvalidMessage',
} as const;

export type FailureType = (typeof failureTypes)[keyof typeof failureTypes];

export interface FailureDetail {
  provider: string;
  /** The provider's or our own code, e.g. `insufficient_funds`, `ticket_taken`. */
  code: string;
  /** Calls that left this machine for this step so far; 0 means that nothing can have happened. */
  sent: number;
  facts?: Readonly<Record<string, string | number | boolean>>;
}

export interface DecisionRefusedDetail {
  because: DecisionRefusal;
}
