import type { Stripe } from 'stripe';

/** The `error` object of an answer: the same schema (`api_errors`) as an intent's `last_payment_error`. */
export type StripeErrorBody = Stripe.PaymentIntent.LastPaymentError & { message: string };

/** What ends a call with an error. */
export class StripeFailure extends Error {
  override name = 'StripeFailure';
  readonly status: number;
  readonly error: StripeErrorBody;
  readonly headers: Record<string, string>;

  constructor(status: number, error: StripeErrorBody, headers: Record<string, string> = {}) {
    super(error.message);
    this.status = status;
    this.error = error.code === undefined ? error : { ...error, doc_url: docUrl(error.code) };
    this.headers = headers;
  }
}

const docUrl = (code: string): string => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;

export function invalidRequest(message: string, more: Partial<StripeErrorBody> = {}, status = 400): StripeFailure {
  return new StripeFailure(status, { type: 'invalid_request_error', message, ...more });
}

/** 404 for the object of the address, 400 for one that a parameter names. */
export function missingResource(kind: string, id: string, param: string, status: 400 | 404): StripeFailure {
  return invalidRequest(`No such ${kind}: '${id}'`, { code: 'resource_missing', param }, status);
}

/** The 403 of an account that does not exist or is not connected. `key`: what may be shown of the secret key. */
export function accountInvalid(account: string, key = 'sk_test_****'): StripeFailure {
  return invalidRequest(
    `The provided key '${key}' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
    { code: 'account_invalid' },
    403,
  );
}

export type RateLimitReason = 'global-rate' | 'global-concurrency' | 'endpoint-rate' | 'endpoint-concurrency';

export function rateLimited(reason: RateLimitReason, retryAfter: number | null): StripeFailure {
  return new StripeFailure(
    429,
    {
      type: 'invalid_request_error',
      code: 'rate_limit',
      message: 'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
    },
    {
      'stripe-rate-limited-reason': reason,
      ...(retryAfter === null ? {} : { 'retry-after': String(retryAfter) }),
    },
  );
}

export function lockTimeout(retryAfter: number | null = null): StripeFailure {
  return new StripeFailure(
    429,
    {
      type: 'invalid_request_error',
      code: 'lock_timeout',
      message:
        'This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request. If you see this error frequently and are making multiple concurrent requests to a single object, make your requests serially or at a lower rate.',
    },
    {
      'stripe-should-retry': 'true',
      ...(retryAfter === null ? {} : { 'retry-after': String(retryAfter) }),
    },
  );
}

/** A failure of Stripe's own. A replay would be the same, so the header asks not to retry where it is stored. */
export function apiError(status: number, stored: boolean): StripeFailure {
  return new StripeFailure(
    status,
    { type: 'api_error', message: 'An unknown error occurred' },
    stored ? { 'stripe-should-retry': 'false' } : {},
  );
}
