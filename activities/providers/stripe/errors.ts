/**
 * Stripe's errors in our words; the only place that knows them.
 * Sources: Stripe's "Error handling", "Error codes" and "Idempotent requests"; retried are 429, 409, connection errors
 * and 5xx, never card_error, invalid_request_error, authentication, permission or idempotency_error.
 */
import { Stripe } from 'stripe';
import { ProviderFault, type FaultClass } from '../../../contracts/provider-fault.ts';
import { neverConnected, retryAfterMs, type SystemError } from '../http-faults.ts';

/** By Stripe's `code`; what an invalid request means when it is not our fault. */
const byCode: Readonly<Record<string, FaultClass>> = {
  lock_timeout: 'rate_limited',
  rate_limit: 'rate_limited',
  idempotency_key_in_use: 'busy',
  // The intent is in another state than the call expects: the caller looks at it and decides.
  payment_intent_unexpected_state: 'declined',
  // The caller's card id or amount, not our configuration.
  resource_missing: 'declined',
  amount_too_small: 'declined',
  amount_too_large: 'declined',
  // A refund that the provider will not make, however often it is asked.
  charge_disputed: 'declined',
  refund_disputed_payment: 'declined',
  charge_not_refundable: 'declined',
  // A payout that the account's balance does not cover (yet), or that the account cannot be paid.
  balance_insufficient: 'declined',
  insufficient_capabilities_for_transfer: 'declined',
  payouts_not_allowed: 'declined',
  // The connected account is gone, or not ours any more.
  account_invalid: 'declined',
};

/** By the SDK's error class, where the code does not say. */
const byType: Readonly<Record<string, FaultClass>> = {
  StripeCardError: 'declined',
  StripeInvalidRequestError: 'refused',
  StripeAuthenticationError: 'refused',
  StripePermissionError: 'refused',
  StripeIdempotencyError: 'refused',
  StripeRateLimitError: 'rate_limited',
  StripeAPIError: 'unknown',
  StripeConnectionError: 'unknown',
};

const systemError = (error: Stripe.errors.StripeError) => error.detail as SystemError | undefined;

function connectionCode(error: Stripe.errors.StripeError): string | undefined {
  const detail = systemError(error);
  return detail?.code ?? detail?.cause?.code;
}

function kindOf(error: Stripe.errors.StripeError): FaultClass {
  if (error.statusCode === 429) return 'rate_limited';
  if (error instanceof Stripe.errors.StripeConnectionError) {
    return neverConnected(systemError(error)) ? 'not_sent' : 'unknown';
  }
  const known = error.code === undefined ? undefined : byCode[error.code];
  if (known) return known;
  if (error.statusCode !== undefined && error.statusCode >= 500) return 'unknown';
  if (error.statusCode === 409) return 'busy';
  return byType[error.type] ?? 'unknown';
}

/** Any error of the SDK as a {@link ProviderFault}; others (our bugs) pass as they are. */
export function stripeFault(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const code = error.decline_code ?? error.code ?? connectionCode(error) ?? error.type;
  return new ProviderFault({
    provider: 'stripe',
    kind: kindOf(error),
    code,
    // The SDK's message may quote a parameter's value, so ours is made of codes only.
    message: `Stripe: ${code}${error.statusCode ? ` (HTTP ${error.statusCode})` : ''}`,
    retryAfterMs: retryAfterMs(error.headers?.['retry-after'], Date.now(), error.headers?.['date']),
    facts: {
      ...(error.requestId ? { requestId: error.requestId } : {}),
      ...(error.param ? { param: error.param } : {}),
      ...(error.payment_intent ? { intentId: error.payment_intent.id, intentStatus: error.payment_intent.status } : {}),
      ...(error.headers?.['idempotent-replayed'] === 'true' ? { replayed: true } : {}),
    },
    cause: error,
  });
}
