import type { Stripe } from 'stripe';
import { idOf } from '../../sandbox/stripe/store.ts';
import { order } from './sim-stripe-helpers.ts';

export const daySeconds = 24 * 3600;
/** For `POST /_sim/clock`. */
export const days = (count: number) => ({ advance: count * daySeconds * 1000 });

export interface Captured {
  intent: string;
  charge: string;
}

/** A purchase whose money was taken; at Stripe's `pm_card_bypassPending` it is available at once. */
export async function capture(stripe: Stripe, more: Partial<Stripe.PaymentIntentCreateParams> = {}): Promise<Captured> {
  const { id } = await stripe.paymentIntents.create(order(more));
  const { latest_charge } = await stripe.paymentIntents.capture(id);
  return { intent: id, charge: ref(latest_charge) };
}

/** Takes so much that at least `amount` is available after the fee. */
export const fund = (stripe: Stripe, currency = 'usd'): Promise<Captured> =>
  capture(stripe, { amount: 100_000, currency, payment_method: 'pm_card_bypassPending' });

interface Funds {
  available: Record<string, number>;
  pending: Record<string, number>;
}

const byCurrency = (funds: { amount: number; currency: string }[]) =>
  Object.fromEntries(funds.map(({ amount, currency }) => [currency, amount]));

/** The balance of the platform, or of an account, by currency. */
export async function balanceOf(stripe: Stripe, account?: string): Promise<Funds> {
  const { available, pending } = await stripe.balance.retrieve({}, account ? { stripeAccount: account } : {});
  return { available: byCurrency(available), pending: byCurrency(pending) };
}

/** The types of the account's events, the oldest first; `after` an event type, if it is given. */
export async function eventTypes(
  stripe: Stripe,
  { account, after }: { account?: string; after?: string } = {},
): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 }, account ? { stripeAccount: account } : {});
  const types = data.map(({ type }) => type).toReversed();
  return after === undefined ? types : types.slice(types.lastIndexOf(after as Stripe.Event.Type) + 1);
}

/** The transactions of an object, the oldest first. */
export async function transactionsOf(
  stripe: Stripe,
  source: string,
  account?: string,
): Promise<Stripe.BalanceTransaction[]> {
  const options = account ? { stripeAccount: account } : {};
  return (await stripe.balanceTransactions.list({ source }, options)).data.toReversed();
}

/** The id behind a field that could have been expanded. */
export const ref = (reference: string | { id: string } | null | undefined): string => idOf(reference) ?? '';

export const idsOf = (list: { data: { id: string }[] }): string[] => list.data.map(({ id }) => id);
