import type { Stripe } from 'stripe';
import { checkAmount } from '../../currencies.ts';
import { invalidRequest } from '../../errors.ts';
import {
  currency,
  flag,
  hash,
  integer,
  list,
  metadata,
  type Named,
  notSimulated,
  oneOf,
  type Param,
  required,
  text,
} from '../../params.ts';

/** Gone since API version 2026-09-30.endive; https://docs.stripe.com/changelog/endive */
const removedTypes: Param<never> = {
  read(_value, name) {
    throw invalidRequest(
      'The `payment_method_types` parameter is no longer supported on this API version. Use `allowed_payment_method_types` or dynamic payment methods instead.',
      { code: 'payment_method_types_no_longer_supported', param: name },
    );
  },
};

interface Removed {
  payment_method_types: string[];
}
const removed = { payment_method_types: removedTypes } satisfies Named<Removed>;

const card = hash({
  capture_method: oneOf('manual'),
  request_three_d_secure: oneOf('any', 'automatic', 'challenge'),
});

const confirmation = {
  error_on_requires_action: flag,
  off_session: flag,
  payment_method: text(),
  payment_method_options: hash({ card }),
  receipt_email: text(),
  return_url: text(),
  use_stripe_sdk: flag,
};

const unsupported = {
  customer: notSimulated,
  payment_method_data: notSimulated,
  setup_future_usage: notSimulated,
  shipping: notSimulated,
};

export const createParams = {
  ...unsupported,
  ...confirmation,
  mandate: notSimulated,
  mandate_data: notSimulated,
  allowed_payment_method_types: list(text()),
  amount: required(integer()),
  application_fee_amount: notSimulated,
  automatic_payment_methods: hash({ enabled: required(flag), allow_redirects: oneOf('always', 'never') }),
  capture_method: oneOf('automatic', 'automatic_async', 'manual'),
  confirm: flag,
  confirmation_method: oneOf('automatic', 'manual'),
  currency: required(currency),
  description: text(1000),
  metadata,
  on_behalf_of: notSimulated,
  statement_descriptor: text(22),
  statement_descriptor_suffix: text(22),
  transfer_data: notSimulated,
  transfer_group: text(),
  ...removed,
} satisfies Named<Stripe.PaymentIntentCreateParams & Removed>;

export const confirmParams = {
  ...confirmation,
  mandate: notSimulated,
  mandate_data: notSimulated,
  payment_method_data: notSimulated,
  setup_future_usage: notSimulated,
  shipping: notSimulated,
  ...removed,
} satisfies Named<Stripe.PaymentIntentConfirmParams & Removed>;

export const captureParams = {
  amount_to_capture: integer({ min: 1 }),
  application_fee_amount: notSimulated,
  final_capture: flag,
  metadata,
  statement_descriptor: text(22),
  statement_descriptor_suffix: text(22),
} satisfies Named<Stripe.PaymentIntentCaptureParams>;

export const cancelParams = {
  cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
} satisfies Named<Stripe.PaymentIntentCancelParams>;

export const updateParams = {
  ...unsupported,
  amount: integer(),
  currency,
  description: text(1000),
  metadata,
  payment_method: text(),
  receipt_email: text(),
  statement_descriptor: text(22),
  statement_descriptor_suffix: text(22),
  transfer_group: text(),
  ...removed,
} satisfies Named<Stripe.PaymentIntentUpdateParams & Removed>;

interface CreateInput {
  amount: number;
  currency: string;
  confirm?: boolean;
  payment_method?: string;
  allowed_payment_method_types?: string[];
  automatic_payment_methods?: { enabled: boolean; allow_redirects?: 'always' | 'never' };
  return_url?: string;
  off_session?: boolean;
  error_on_requires_action?: boolean;
}

/** Whether the intent may send the customer to another page: the default since API version 2023-08-16. */
function mayRedirect({ allowed_payment_method_types: allowed, automatic_payment_methods }: CreateInput): boolean {
  if (allowed !== undefined) return allowed.some((type) => type !== 'card');
  const { enabled, allow_redirects } = automatic_payment_methods ?? { enabled: true };
  return enabled && allow_redirects !== 'never';
}

export function redirectNeedsReturnUrl() {
  return invalidRequest(
    'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you do not want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
  );
}

/** The rules that take more than one parameter of a creation. */
export function checkCreation(input: CreateInput): void {
  checkAmount(input.amount, input.currency);
  if (input.allowed_payment_method_types !== undefined && input.automatic_payment_methods !== undefined) {
    throw invalidRequest(
      'You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.',
      { code: 'parameters_exclusive' },
    );
  }
  if (input.allowed_payment_method_types?.includes('card') === false) {
    throw invalidRequest('The simulator has cards only: allowed_payment_method_types must include card.', {
      param: 'allowed_payment_method_types',
    });
  }
  for (const name of ['off_session', 'error_on_requires_action', 'return_url'] as const) {
    if (input[name] !== undefined && input.confirm !== true) {
      throw invalidRequest(`${name} can only be specified when confirm is true.`, { param: name });
    }
  }
  if (input.confirm === true && input.return_url === undefined && mayRedirect(input)) throw redirectNeedsReturnUrl();
}
