/** What the outcome of a call means to Temporal. Nothing else throws ApplicationFailure for a provider's error. */
import { ApplicationFailure } from '@temporalio/activity';
import { failureTypes, type FailureDetail } from '../contracts/failures.ts';
import { ProviderFault } from '../contracts/provider-fault.ts';
import { BudgetExhaustedError, StepFencedError } from '../contracts/step-errors.ts';

export const isFault = (error: unknown, kind: ProviderFault['kind']): error is ProviderFault =>
  error instanceof ProviderFault && error.kind === kind;

export const notSent = (provider: string, code: string, message: string, retryAfterMs?: number) =>
  new ProviderFault({ provider, kind: 'not_sent', code, message, retryAfterMs });

function failureOf(
  type: (typeof failureTypes)[keyof typeof failureTypes],
  message: string,
  detail: FailureDetail,
  retry: { nonRetryable: true } | { nextRetryDelay: number },
): ApplicationFailure {
  return ApplicationFailure.create({ type, message, details: [detail], ...retry });
}

export function retryLater(fault: ProviderFault, sent: number, delayMs: number): ApplicationFailure {
  const detail = { provider: fault.provider, code: fault.code, sent, facts: fault.facts };
  return failureOf(failureTypes.retry, fault.message, detail, { nextRetryDelay: delayMs });
}

/** From what went wrong to what Temporal does next; anything unforeseen passes as it is and is tried again. */
export function toFailure(error: unknown, sent: number, delayMs: number): unknown {
  if (error instanceof StepFencedError) {
    return failureOf(
      failureTypes.fenced,
      error.message,
      { provider: 'boxoffice', code: 'fenced', sent },
      { nonRetryable: true },
    );
  }
  if (error instanceof BudgetExhaustedError) {
    const detail = { provider: 'boxoffice', code: 'budget_exhausted', sent: error.sent };
    return failureOf(failureTypes.budgetExhausted, error.message, detail, { nonRetryable: true });
  }
  if (!(error instanceof ProviderFault)) return error;
  const detail = { provider: error.provider, code: error.code, sent, facts: error.facts };
  switch (error.kind) {
    case 'declined':
      return failureOf(failureTypes.declined, error.message, detail, { nonRetryable: true });
    case 'refused':
      return failureOf(failureTypes.refused, error.message, detail, { nonRetryable: true });
    case 'not_sent':
    case 'unknown':
    case 'busy':
    case 'rate_limited':
      return retryLater(error, sent, error.retryAfterMs ?? delayMs);
  }
}
