/** How a failed activity reads to a workflow. Pure: decided by types and details, never by a message's wording. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { failureTypes, type FailureDetail } from '../contracts/failures.ts';

/** The step's time is over. What it may have done is still open, so its undo is due. */
export class DeadlinePassed extends Error {
  readonly step: string;
  constructor(step: string) {
    super(`the time for step "${step}" is over`);
    this.name = 'DeadlinePassed';
    this.step = step;
  }
}

/** People had to approve it: one of them said no, or nobody said anything in time. */
export class NotApproved extends Error {
  readonly by: { actor: string } | 'expired';
  constructor(by: { actor: string } | 'expired') {
    super(by === 'expired' ? 'nobody approved it in time' : `rejected by ${by.actor}`);
    this.name = 'NotApproved';
    this.by = by;
  }
}

/** A person has said that the step has no effect and shall not be tried again. */
export class MarkedFailed extends Error {
  constructor(step: string) {
    super(`step "${step}" was marked as failed`);
    this.name = 'MarkedFailed';
  }
}

export interface StepFailure {
  /** A business "no"; the step's time is over; or a person has to look. */
  kind: 'declined' | 'deadline' | 'person';
  code: string;
  sent: number;
}

const causeOf = (error: unknown): unknown => (error instanceof ActivityFailure ? error.cause : error);

function timedOut(error: unknown): boolean {
  if (error instanceof DeadlinePassed) return true;
  const cause = causeOf(error);
  if (cause instanceof TimeoutFailure) return cause.timeoutType === 'SCHEDULE_TO_CLOSE';
  // The next retry would have come after schedule-to-close: the server does not wait for it.
  return error instanceof ActivityFailure && error.retryState === 'TIMEOUT';
}

export function readFailure(error: unknown): StepFailure {
  if (error instanceof MarkedFailed) return { kind: 'declined', code: 'marked_failed', sent: 0 };
  const cause = causeOf(error);
  const detail = cause instanceof ApplicationFailure ? (cause.details?.[0] as FailureDetail | undefined) : undefined;
  const code = detail?.code ?? (cause instanceof Error ? cause.name : 'unexpected');
  const sent = detail?.sent ?? 0;
  if (cause instanceof ApplicationFailure && cause.type === failureTypes.declined)
    return { kind: 'declined', code, sent };
  if (timedOut(error)) return { kind: 'deadline', code: 'time_over', sent };
  return { kind: 'person', code, sent };
}
