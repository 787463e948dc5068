/** Stripe's transfers to connected accounts and their payouts. Adapts shapes and errors; decides nothing, retries nothing. */
import type { Stripe } from 'stripe';
import type { ProviderPayout, ProviderTransfer } from '../../../contracts/payout.ts';
import { asked, createStripeClient, requestTimeoutMs, type StripeConfig } from './client.ts';

interface Order {
  tenantId: string;
  workflowId: string;
  /** The venue's account, `acct_…`. */
  account: string;
  /** Minor units. */
  amount: number;
  /** ISO 4217, in upper case. */
  currency: string;
}

export interface CreateTransferRequest extends Order {
  /** Groups the transfer with whatever else is made for this payout. */
  payoutId: string;
}
export type CreatePayoutRequest = Order;

export interface PayoutProvider {
  /** From our balance to the venue's account. */
  transfer(request: CreateTransferRequest, providerKey: string): Promise<ProviderTransfer>;
  /**
   * One page of the group's transfers, newest first, searched for the one that a workflow asked for. `next` is the cursor of
   * the next page; neither `transfer` nor `next`: there is none.
   */
  findTransfer(search: {
    workflowId: string;
    payoutId: string;
    after?: string | undefined;
  }): Promise<{ transfer?: ProviderTransfer; next?: string }>;
  /** From the venue's account to its bank. */
  create(request: CreatePayoutRequest, providerKey: string): Promise<ProviderPayout>;
  retrieve(payout: { account: string; providerPayoutId: string }): Promise<ProviderPayout>;
  /** As `findTransfer`, among the account's payouts created between two moments (epoch milliseconds). */
  findPayout(search: {
    workflowId: string;
    account: string;
    from: number;
    to: number;
    after?: string | undefined;
  }): Promise<{ payout?: ProviderPayout; next?: string }>;
  /** A call that got no answer by then has none. Milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Stripe's clock and ours may differ by this much. Milliseconds. */
const clockToleranceMs = 120_000;

const statuses = new Set<ProviderPayout['status']>(['pending', 'in_transit', 'paid', 'failed', 'canceled']);
const isStatus = (status: string): status is ProviderPayout['status'] => (statuses as ReadonlySet<string>).has(status);

/** A status that we do not know is no end: it is looked at again. */
export const payoutStatusOf = (status: string): ProviderPayout['status'] => (isStatus(status) ? status : 'pending');

const payoutOf = ({ id, status, failure_code: failureCode }: Stripe.Payout): ProviderPayout => ({
  providerPayoutId: id,
  status: payoutStatusOf(status),
  ...(failureCode ? { failureCode } : {}),
});

const metadataOf = ({ tenantId, workflowId }: Order) => ({ tenant: tenantId, workflow: workflowId });

/** The object that a workflow asked for, or where to look on. */
function searched<T extends { id: string; metadata: Stripe.Metadata | null }>(
  { data, has_more: more }: { data: T[]; has_more: boolean },
  workflowId: string,
): { found?: T; next?: string } {
  const found = data.find(({ metadata }) => metadata?.['workflow'] === workflowId);
  if (found) return { found };
  const last = data.at(-1);
  return more && last ? { next: last.id } : {};
}

export function createPayoutProvider(config: StripeConfig): PayoutProvider {
  const stripe = createStripeClient(config);
  return {
    requestTimeoutMs,
    transfer: (request, idempotencyKey) =>
      asked(async () => {
        const { id } = await stripe.transfers.create(
          {
            amount: request.amount,
            currency: request.currency.toLowerCase(),
            destination: request.account,
            transfer_group: request.payoutId,
            metadata: metadataOf(request),
          },
          { idempotencyKey },
        );
        return { transferId: id };
      }),
    findTransfer: ({ workflowId, payoutId, after }) =>
      asked(async () => {
        const page = await stripe.transfers.list({
          transfer_group: payoutId,
          limit: 100,
          ...(after ? { starting_after: after } : {}),
        });
        // The group is the payout's id, which another tenant may use as well; the workflow's id is ours alone.
        const { found, next } = searched(page, workflowId);
        return { ...(found ? { transfer: { transferId: found.id } } : {}), ...(next ? { next } : {}) };
      }),
    create: (request, idempotencyKey) =>
      asked(async () =>
        payoutOf(
          await stripe.payouts.create(
            {
              amount: request.amount,
              currency: request.currency.toLowerCase(),
              metadata: metadataOf(request),
            },
            { idempotencyKey, stripeAccount: request.account },
          ),
        ),
      ),
    retrieve: ({ account, providerPayoutId }) =>
      asked(async () =>
        payoutOf(await stripe.payouts.retrieve(providerPayoutId, undefined, { stripeAccount: account })),
      ),
    findPayout: ({ workflowId, account, from, to, after }) =>
      asked(async () => {
        const created = {
          gte: Math.floor((from - clockToleranceMs) / 1_000),
          lte: Math.ceil((to + requestTimeoutMs + clockToleranceMs) / 1_000),
        };
        const page = await stripe.payouts.list(
          { created, limit: 100, ...(after ? { starting_after: after } : {}) },
          { stripeAccount: account },
        );
        const { found, next } = searched(page, workflowId);
        return { ...(found ? { payout: payoutOf(found) } : {}), ...(next ? { next } : {}) };
      }),
  };
}
