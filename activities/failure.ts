/** Failures that an activity finds itself, after looking; what a provider answered is mapped in lanes/call.ts. */
import { ApplicationFailure } from '@temporalio/activity';
import { failureTypes, type FailureDetail, type FailureType } from '../contracts/failures.ts';

type Facts = Record<string, string | number | boolean>;

export const detailOf = (error: unknown): FailureDetail | undefined =>
  error instanceof ApplicationFailure ? (error.details?.[0] as FailureDetail | undefined) : undefined;

export const typeOf = (error: unknown) => (error instanceof ApplicationFailure ? error.type : undefined);

function failure(type: FailureType, provider: string, code: string, sent: number, facts: Facts, retry: object) {
  const detail: FailureDetail = { provider, code, sent, facts };
  return ApplicationFailure.create({ type, message: `${provider}: ${code}`, details: [detail], ...retry });
}

/** `createFailures('stripe').decline('card_declined')`: the four words that an activity can say. */
export const createFailures = (provider: string) => ({
  /** A business "no". Final. */
  decline: (code: string, facts: Facts = {}) =>
    failure(failureTypes.declined, provider, code, 1, facts, { nonRetryable: true }),
  /** A person has to look. */
  refuse: (code: string, facts: Facts = {}) =>
    failure(failureTypes.refused, provider, code, 1, facts, { nonRetryable: true }),
  /** Not known yet: Temporal asks again after `milliseconds`. */
  retryIn: (milliseconds: number, code: string, sent = 0) =>
    failure(failureTypes.retry, provider, code, sent, {}, { nextRetryDelay: milliseconds }),
});
