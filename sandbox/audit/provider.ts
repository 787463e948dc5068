/** What Stripe's simulator says: its objects and its log of calls. */
import type { Stripe } from 'stripe';
import type { CallEntry } from '../sim/call-log.ts';
import type { ProviderFacts } from './record.ts';
import { readJson } from './read-json.ts';

export interface ProviderSnapshot {
  intents: Stripe.PaymentIntent[];
  refunds: Stripe.Refund[];
  disputes: Stripe.Dispute[];
  transactions: Stripe.BalanceTransaction[];
  calls: CallEntry[];
}

export async function readProvider(stripe: string): Promise<ProviderSnapshot> {
  const objects = async <T>(type: string) =>
    (await readJson<{ objects: T[] }>(`${stripe}/_sim/objects/${type}`)).objects;
  const [intents, refunds, disputes, transactions, { calls }] = await Promise.all([
    objects<Stripe.PaymentIntent>('payment_intents'),
    objects<Stripe.Refund>('refunds'),
    objects<Stripe.Dispute>('disputes'),
    objects<Stripe.BalanceTransaction>('balance_transactions'),
    readJson<{ calls: CallEntry[] }>(`${stripe}/_sim/log`),
  ]);
  return { intents, refunds, disputes, transactions, calls };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** The simulator's objects hold ids where Stripe could expand. */
const idOf = (object: string | { id: string } | null) => (typeof object === 'string' ? object : (object?.id ?? null));

const isPending = ({ status }: Stripe.Refund) => status === 'pending' || status === 'requires_action';
const stands = ({ status }: Stripe.Refund) => status !== 'failed' && status !== 'canceled';

/** Provider keys begin with the workflow's id. */
const callsAbout = ({ calls }: ProviderSnapshot, workflowIds: readonly string[], objects: readonly { id: string }[]) =>
  calls.filter(
    ({ path, idempotencyKey }) =>
      workflowIds.some((workflowId) => idempotencyKey?.startsWith(`${workflowId}/`)) ||
      objects.some(({ id }) => path.split('/').includes(id)),
  );

export function providerFacts(snapshot: ProviderSnapshot, workflowId: string): ProviderFacts {
  const intents = snapshot.intents.filter(({ metadata }) => metadata['workflow'] === workflowId);
  const taken = intents.filter(({ status }) => status === 'succeeded');
  const charges = new Set(taken.map(({ latest_charge }) => idOf(latest_charge)));
  const refunds = snapshot.refunds.filter(({ charge }) => charges.has(idOf(charge)));
  const disputes = new Set(snapshot.disputes.filter(({ charge }) => charges.has(idOf(charge))).map(({ id }) => id));
  const moved = snapshot.transactions.filter(({ source }) => disputes.has(idOf(source) ?? ''));
  const calls = callsAbout(
    snapshot,
    [workflowId, ...refunds.flatMap(({ metadata }) => metadata?.['workflow'] ?? [])],
    [...intents, ...refunds],
  );
  const authorizing = calls.filter(({ method, path }) => method === 'POST' && path === '/v1/payment_intents');
  return {
    intents: intents.length,
    charges: taken.length,
    captured: sum(taken.map(({ amount_received }) => amount_received)),
    held: sum(intents.filter(({ status }) => status === 'requires_capture').map((intent) => intent.amount_capturable)),
    fees: sum(snapshot.transactions.filter(({ source }) => charges.has(idOf(source))).map(({ fee }) => fee)),
    refunds: refunds.length,
    refunded: sum(refunds.filter(stands).map(({ amount }) => amount)),
    refundsPending: sum(refunds.filter(isPending).map(({ amount }) => amount)),
    disputed: sum(moved.map(({ amount }) => -amount)),
    disputeFees: sum(moved.map(({ fee }) => fee)),
    authorizeCalls: authorizing.filter(({ replayed, status }) => !replayed && status !== 429).length,
    replays: calls.filter(({ replayed }) => replayed).length,
    calls: calls.length,
  };
}

const byCurrency = (amounts: readonly { currency: string; amount: number }[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { currency, amount } of amounts) {
    const code = currency.toUpperCase();
    sums[code] = (sums[code] ?? 0) + amount;
  }
  return sums;
};

/** Net of fees, per upper-case currency. A refund is taken from it when it is asked for, and comes back when it fails. */
export const providerBalances = ({ transactions }: ProviderSnapshot): Record<string, number> =>
  byCurrency(transactions.map(({ currency, net }) => ({ currency, amount: net })));

/** What the provider kept, disputes' fees included, per upper-case currency. */
export const providerFees = ({ transactions }: ProviderSnapshot): Record<string, number> =>
  byCurrency(transactions.map(({ currency, fee }) => ({ currency, amount: fee })));
