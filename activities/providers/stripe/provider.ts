/** Stripe behind the few calls that a purchase needs. Adapts shapes and errors; decides nothing, retries nothing. */
import type { Stripe } from 'stripe';
import { asked, createStripeClient, requestTimeoutMs, type StripeConfig } from './client.ts';

/** A payment intent as far as decisions need it. Amounts in minor units, times ISO 8601 UTC. */
export interface Intent {
  intentId: string;
  status: Stripe.PaymentIntent.Status;
  chargeId?: string;
  captureBefore?: string;
  /** While the customer has to act: what they need for it. A secret: never to be logged, or answered to a workflow. */
  clientSecret?: string;
  /** Why the last attempt failed; the bank's word where it gave one. */
  failureCode?: string;
  amountReceived: number;
  /** Present once captured. */
  balance?: { transactionId: string; fee: number; availableOn: string };
}

export interface AuthorizeRequest {
  tenantId: string;
  workflowId: string;
  orderId: string;
  amount: number;
  currency: string;
  paymentMethod: string;
}

export interface CardProvider {
  authorize(request: AuthorizeRequest, providerKey: string): Promise<Intent>;
  capture(intentId: string, providerKey: string): Promise<Intent>;
  cancel(intentId: string, providerKey: string): Promise<Intent>;
  retrieve(intentId: string): Promise<Intent>;
  /**
   * One page of the search for the intent that a workflow created between two moments (epoch milliseconds), newest
   * first. It lists, because Stripe's search lags behind and would call a live intent absent.
   * `next` is the cursor of the next page; neither `intent` nor `next`: there is none.
   */
  find(search: {
    workflowId: string;
    from: number;
    to: number;
    after?: string | undefined;
  }): Promise<{ intent?: Intent; next?: string }>;
  /** A call that got no answer by then has none. Milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Stripe's clock and ours may differ by this much. Milliseconds. */
const clockToleranceMs = 120_000;
const withBalance = { expand: ['latest_charge.balance_transaction'] };
const isoOf = (epochSeconds: number) => new Date(epochSeconds * 1_000).toISOString();

function intentOf(intent: Stripe.PaymentIntent): Intent {
  const charge =
    typeof intent.latest_charge === 'object' && intent.latest_charge !== null ? intent.latest_charge : undefined;
  const chargeId = charge?.id ?? (typeof intent.latest_charge === 'string' ? intent.latest_charge : undefined);
  const captureBefore = charge?.payment_method_details?.card?.capture_before;
  const balance = charge?.balance_transaction;
  const failure = intent.last_payment_error;
  const failureCode = failure?.decline_code ?? failure?.code;
  return {
    intentId: intent.id,
    status: intent.status,
    amountReceived: intent.amount_received,
    ...(chargeId ? { chargeId } : {}),
    ...(captureBefore ? { captureBefore: isoOf(captureBefore) } : {}),
    ...(intent.status === 'requires_action' && intent.client_secret ? { clientSecret: intent.client_secret } : {}),
    ...(failureCode ? { failureCode } : {}),
    ...(typeof balance === 'object' && balance !== null
      ? { balance: { transactionId: balance.id, fee: balance.fee, availableOn: isoOf(balance.available_on) } }
      : {}),
  };
}

export function createCardProvider(config: StripeConfig): CardProvider {
  const stripe = createStripeClient(config);
  return {
    requestTimeoutMs,
    authorize: (request, idempotencyKey) =>
      asked(async () =>
        intentOf(
          await stripe.paymentIntents.create(
            {
              amount: request.amount,
              currency: request.currency.toLowerCase(),
              payment_method: request.paymentMethod,
              allowed_payment_method_types: ['card'],
              confirm: true,
              capture_method: 'manual',
              transfer_group: request.orderId,
              metadata: { tenant: request.tenantId, workflow: request.workflowId, order: request.orderId },
              ...withBalance,
            },
            { idempotencyKey },
          ),
        ),
      ),
    capture: (intentId, idempotencyKey) =>
      asked(async () => intentOf(await stripe.paymentIntents.capture(intentId, withBalance, { idempotencyKey }))),
    cancel: (intentId, idempotencyKey) =>
      asked(async () => intentOf(await stripe.paymentIntents.cancel(intentId, {}, { idempotencyKey }))),
    retrieve: (intentId) => asked(async () => intentOf(await stripe.paymentIntents.retrieve(intentId, withBalance))),
    find: ({ workflowId, from, to, after }) =>
      asked(async () => {
        const created = {
          gte: Math.floor((from - clockToleranceMs) / 1_000),
          lte: Math.ceil((to + requestTimeoutMs + clockToleranceMs) / 1_000),
        };
        const page = await stripe.paymentIntents.list({
          created,
          limit: 100,
          expand: ['data.latest_charge'],
          ...(after ? { starting_after: after } : {}),
        });
        const found = page.data.find((intent) => intent.metadata['workflow'] === workflowId);
        if (found) return { intent: intentOf(found) };
        const last = page.data.at(-1);
        return page.has_more && last ? { next: last.id } : {};
      }),
  };
}
