/** Stripe's refunds. Adapts shapes and errors; decides nothing, retries nothing. */
import type { Stripe } from 'stripe';
import type { ProviderRefund } from '../../../contracts/refund.ts';
import { asked, createStripeClient, requestTimeoutMs, type StripeConfig } from './client.ts';

export interface CreateRefundRequest {
  tenantId: string;
  workflowId: string;
  chargeId: string;
  /** Minor units of the charge's currency. */
  amount: number;
}

export interface RefundProvider {
  create(request: CreateRefundRequest, providerKey: string): Promise<ProviderRefund>;
  retrieve(providerRefundId: string): Promise<ProviderRefund>;
  /**
   * One page of the charge's refunds, newest first, searched for the one that a workflow asked for. `next` is the cursor
   * of the next page; neither `refund` nor `next`: there is none.
   */
  find(search: {
    workflowId: string;
    chargeId: string;
    after?: string | undefined;
  }): Promise<{ refund?: ProviderRefund; next?: string }>;
  /** A call that got no answer by then has none. Milliseconds. */
  readonly requestTimeoutMs: number;
}

const statuses = new Set<ProviderRefund['status']>(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']);
const isStatus = (status: string | null): status is ProviderRefund['status'] =>
  (statuses as ReadonlySet<string | null>).has(status);

/** A status that we do not know is no end: it is looked at again. */
export const refundStatusOf = (status: string | null): ProviderRefund['status'] =>
  isStatus(status) ? status : 'pending';

function refundOf(refund: Stripe.Refund): ProviderRefund {
  const { id, status, failure_reason: failureCode, balance_transaction: balance } = refund;
  const balanceTransactionId = typeof balance === 'string' ? balance : balance?.id;
  return {
    providerRefundId: id,
    status: refundStatusOf(status),
    ...(failureCode ? { failureCode } : {}),
    ...(balanceTransactionId ? { balanceTransactionId } : {}),
  };
}

export function createRefundProvider(config: StripeConfig): RefundProvider {
  const stripe = createStripeClient(config);
  return {
    requestTimeoutMs,
    create: ({ tenantId, workflowId, chargeId, amount }, idempotencyKey) =>
      asked(async () =>
        refundOf(
          // Never `reverse_transfer`: the venue's balance goes negative instead, and its next payout nets it.
          await stripe.refunds.create(
            { charge: chargeId, amount, metadata: { tenant: tenantId, workflow: workflowId } },
            { idempotencyKey },
          ),
        ),
      ),
    retrieve: (providerRefundId) => asked(async () => refundOf(await stripe.refunds.retrieve(providerRefundId))),
    find: ({ workflowId, chargeId, after }) =>
      asked(async () => {
        const page = await stripe.refunds.list({
          charge: chargeId,
          limit: 100,
          ...(after ? { starting_after: after } : {}),
        });
        const found = page.data.find(({ metadata }) => metadata?.['workflow'] === workflowId);
        if (found) return { refund: refundOf(found) };
        const last = page.data.at(-1);
        return page.has_more && last ? { next: last.id } : {};
      }),
  };
}
