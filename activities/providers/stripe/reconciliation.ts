/**
 * What Stripe has, for whoever compares: lists by the time of creation, one page a call, and single objects. Never its
 * search, which lags. Adapts shapes and errors; decides nothing, retries nothing, changes nothing.
 */
import type { Stripe } from 'stripe';
import { ProviderFault } from '../../../contracts/provider-fault.ts';
import type {
  Labels,
  ObjectKind,
  ProviderObject,
  TheirDispute,
  TheirMovement,
  TheirPayment,
  TheirPayout,
  TheirRefund,
  TheirTransfer,
} from '../../../contracts/reconciliation.ts';
import { asked, createStripeClient, type StripeConfig } from './client.ts';
import { disputeStatusOf } from './disputes.ts';
import { payoutStatusOf } from './payouts.ts';
import { refundStatusOf } from './refunds.ts';

/** `returns`: payouts that came back, by the time at which they did. `movements`: objects whose money moved. */
export type ProviderList = 'payments' | 'refunds' | 'disputes' | 'transfers' | 'payouts' | 'returns' | 'movements';

export interface ListRequest {
  /** Half-open, ISO 8601, whole seconds. */
  from: string;
  to: string;
  /** `next` of the page before. */
  after?: string | undefined;
  /** The connected account whose payouts they are. */
  account?: string | undefined;
}

/** Newest first. Without `next` it was the last page. */
export interface ProviderPage {
  objects: ProviderObject[];
  next?: string;
  /** When the last object of the page was created; absent where there is none. ISO 8601. */
  oldest?: string;
}

export interface ReconciliationProvider {
  list(what: ProviderList, request: ListRequest): Promise<ProviderPage>;
  /** Undefined: Stripe says that there is none. `account`: of a payout. */
  retrieve(kind: ObjectKind, id: string, account?: string): Promise<ProviderObject | undefined>;
}

const secondsOf = (iso: string) => Math.floor(Date.parse(iso) / 1_000);
const isoOf = (seconds: number) => new Date(seconds * 1_000).toISOString();
const idOf = (object: string | { id: string } | null | undefined) =>
  typeof object === 'string' ? object : (object?.id ?? undefined);

/** An object that was expanded; undefined where Stripe gave its id only, or nothing. */
const expanded = <T extends object>(object: string | T | null | undefined): T | undefined =>
  typeof object === 'object' && object !== null ? object : undefined;

function labelsOf(metadata: Stripe.Metadata | null | undefined, hangsOn: Partial<Labels>): Labels {
  const labels = { tenant: metadata?.['tenant'], workflow: metadata?.['workflow'], ...hangsOn };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== undefined));
}

const base = ({ id, created, currency }: { id: string; created: number; currency: string }) => ({
  id,
  createdAt: isoOf(created),
  currency: currency.toUpperCase(),
});

function paymentOf(intent: Stripe.PaymentIntent): TheirPayment {
  const charge = expanded(intent.latest_charge);
  const balance = expanded(charge?.balance_transaction);
  const state = intent.status === 'succeeded' ? 'captured' : intent.status === 'requires_capture' ? 'held' : 'none';
  const amount = state === 'captured' ? intent.amount_received : intent.amount_capturable;
  const chargeId = idOf(intent.latest_charge);
  return {
    kind: 'payment',
    ...base(intent),
    labels: labelsOf(intent.metadata, { intentId: intent.id, ...(chargeId ? { chargeId } : {}) }),
    state,
    amount,
    ...(state === 'captured' && balance ? { fee: balance.fee } : {}),
  };
}

/** What a charge brought. One without an intent is one that nobody here made. */
function paymentOfCharge(charge: Stripe.Charge, balance: Stripe.BalanceTransaction | undefined): TheirPayment {
  const intentId = idOf(charge.payment_intent);
  return {
    kind: 'payment',
    ...base(charge),
    id: intentId ?? charge.id,
    labels: labelsOf(charge.metadata, { chargeId: charge.id, ...(intentId ? { intentId } : {}) }),
    state: charge.captured ? 'captured' : 'none',
    amount: charge.amount_captured,
    ...(balance ? { fee: balance.fee } : {}),
  };
}

function refundOf(refund: Stripe.Refund): TheirRefund {
  const [chargeId, intentId] = [idOf(refund.charge), idOf(refund.payment_intent)];
  return {
    kind: 'refund',
    ...base(refund),
    labels: labelsOf(refund.metadata, { ...(chargeId ? { chargeId } : {}), ...(intentId ? { intentId } : {}) }),
    status: refundStatusOf(refund.status),
    amount: refund.amount,
  };
}

/** It has no metadata of ours: those of the purchase's intent say whose it is, and its charge does. */
function disputeOf(dispute: Stripe.Dispute): TheirDispute {
  const intent = expanded(dispute.payment_intent);
  const [chargeId, intentId] = [idOf(dispute.charge), idOf(dispute.payment_intent)];
  const moved = dispute.balance_transactions;
  const tenant = intent?.metadata['tenant'];
  return {
    kind: 'dispute',
    ...base(dispute),
    labels: labelsOf(tenant === undefined ? {} : { tenant }, {
      ...(chargeId ? { chargeId } : {}),
      ...(intentId ? { intentId } : {}),
    }),
    status: disputeStatusOf(dispute.status),
    amount: dispute.amount,
    withdrawn: moved.reduce((sum, { amount }) => sum - amount, 0),
    fee: moved.reduce((sum, { fee }) => sum + fee, 0),
  };
}

function transferOf(transfer: Stripe.Transfer): TheirTransfer {
  const account = idOf(transfer.destination);
  return {
    kind: 'transfer',
    ...base(transfer),
    labels: labelsOf(transfer.metadata, account ? { account } : {}),
    amount: transfer.amount,
    reversed: transfer.amount_reversed,
  };
}

const payoutOf = (payout: Stripe.Payout, account: string | undefined): TheirPayout => ({
  kind: 'payout',
  ...base(payout),
  labels: labelsOf(payout.metadata, account ? { account } : {}),
  status: payoutStatusOf(payout.status),
  amount: payout.amount,
});

const movementOf = (transaction: Stripe.BalanceTransaction): TheirMovement => ({
  kind: 'movement',
  ...base(transaction),
  labels: {},
  type: transaction.type,
  net: transaction.net,
});

const ofCharges = new Set<Stripe.BalanceTransaction.Type>(['charge', 'payment']);

/** The object that the money moved for: the comparison is of objects, not of their movements. */
function sourceOf(transaction: Stripe.BalanceTransaction): ProviderObject {
  const source = expanded<Stripe.BalanceTransactionSource>(transaction.source);
  if (source?.object === 'charge' && ofCharges.has(transaction.type)) return paymentOfCharge(source, transaction);
  if (source?.object === 'refund') return refundOf(source);
  if (source?.object === 'dispute') return disputeOf(source);
  if (source?.object === 'transfer') return transferOf(source);
  const transfer = source?.object === 'transfer_reversal' ? expanded(source.transfer) : undefined;
  return transfer ? transferOf(transfer) : movementOf(transaction);
}

/** Undefined where Stripe says that the object does not exist. */
async function orNone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ProviderFault && error.code === 'resource_missing') return undefined;
    throw error;
  }
}

const pageSize = 100;
const withBalance = 'latest_charge.balance_transaction';

function pageOf<T extends { id: string; created: number }>(
  { data, has_more: more }: Stripe.ApiList<T>,
  adapt: (object: T) => ProviderObject | undefined,
): ProviderPage {
  const last = data.at(-1);
  return {
    objects: data.flatMap((object) => adapt(object) ?? []),
    ...(more && last ? { next: last.id } : {}),
    ...(last ? { oldest: isoOf(last.created) } : {}),
  };
}

const page = ({ from, to, after }: ListRequest) => ({
  created: { gte: secondsOf(from), lt: secondsOf(to) },
  limit: pageSize,
  ...(after ? { starting_after: after } : {}),
});
const options = ({ account }: ListRequest) => (account ? { stripeAccount: account } : {});

export function createReconciliationProvider(config: StripeConfig): ReconciliationProvider {
  const stripe = createStripeClient(config);

  const lists: Record<ProviderList, (request: ListRequest) => Promise<ProviderPage>> = {
    payments: async (request) =>
      pageOf(await stripe.paymentIntents.list({ ...page(request), expand: [`data.${withBalance}`] }), paymentOf),
    refunds: async (request) => pageOf(await stripe.refunds.list(page(request)), refundOf),
    disputes: async (request) =>
      pageOf(await stripe.disputes.list({ ...page(request), expand: ['data.payment_intent'] }), disputeOf),
    transfers: async (request) => pageOf(await stripe.transfers.list(page(request)), transferOf),
    payouts: async (request) =>
      pageOf(await stripe.payouts.list(page(request), options(request)), (one) => payoutOf(one, request.account)),
    returns: async (request) => {
      const query = { ...page(request), expand: ['data.source'] };
      return pageOf(await stripe.balanceTransactions.list(query, options(request)), ({ type, source }) => {
        const payout = expanded<Stripe.BalanceTransactionSource>(source);
        const back = type === 'payout_failure' || type === 'payout_cancel';
        return back && payout?.object === 'payout' ? payoutOf(payout, request.account) : undefined;
      });
    },
    movements: async (request) => {
      const expand = ['data.source', 'data.source.payment_intent', 'data.source.transfer'];
      return pageOf(await stripe.balanceTransactions.list({ ...page(request), expand }), sourceOf);
    },
  };

  const retrievers: Record<ObjectKind, (id: string, account?: string) => Promise<ProviderObject>> = {
    payment: async (id) => {
      if (id.startsWith('pi_')) return paymentOf(await stripe.paymentIntents.retrieve(id, { expand: [withBalance] }));
      const charge = await stripe.charges.retrieve(id, { expand: ['balance_transaction'] });
      return paymentOfCharge(charge, expanded(charge.balance_transaction));
    },
    refund: async (id) => refundOf(await stripe.refunds.retrieve(id)),
    dispute: async (id) => disputeOf(await stripe.disputes.retrieve(id, { expand: ['payment_intent'] })),
    transfer: async (id) => transferOf(await stripe.transfers.retrieve(id)),
    payout: async (id, account) =>
      payoutOf(await stripe.payouts.retrieve(id, undefined, account ? { stripeAccount: account } : {}), account),
    movement: async (id) =>
      sourceOf(await stripe.balanceTransactions.retrieve(id, { expand: ['source', 'source.transfer'] })),
  };

  return {
    list: (what, request) => asked(() => lists[what](request)),
    retrieve: (kind, id, account) => orNone(asked(() => retrievers[kind](id, account))),
  };
}
