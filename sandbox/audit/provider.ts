/** What Stripe's simulator says: its objects and its log of calls. */
import type { Stripe } from 'stripe';
import type { CallEntry } from '../sim/call-log.ts';
import type { ProviderFacts } from './record.ts';
import { readJson } from './read-json.ts';

export interface ProviderSnapshot {
  intents: Stripe.PaymentIntent[];
  transactions: Stripe.BalanceTransaction[];
  calls: CallEntry[];
}

export async function readProvider(stripe: string): Promise<ProviderSnapshot> {
  const objects = async <T>(type: string) =>
    (await readJson<{ objects: T[] }>(`${stripe}/_sim/objects/${type}`)).objects;
  const [intents, transactions, { calls }] = await Promise.all([
    objects<Stripe.PaymentIntent>('payment_intents'),
    objects<Stripe.BalanceTransaction>('balance_transactions'),
    readJson<{ calls: CallEntry[] }>(`${stripe}/_sim/log`),
  ]);
  return { intents, transactions, calls };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

export function providerFacts(snapshot: ProviderSnapshot, workflowId: string): ProviderFacts {
  const intents = snapshot.intents.filter(({ metadata }) => metadata['workflow'] === workflowId);
  const taken = intents.filter(({ status }) => status === 'succeeded');
  const charges = new Set(taken.map(({ latest_charge }) => latest_charge));
  const calls = snapshot.calls.filter(
    ({ path, idempotencyKey }) =>
      idempotencyKey?.startsWith(`${workflowId}/`) || intents.some(({ id }) => path.split('/').includes(id)),
  );
  const authorizing = calls.filter(({ method, path }) => method === 'POST' && path === '/v1/payment_intents');
  return {
    intents: intents.length,
    charges: taken.length,
    captured: sum(taken.map(({ amount_received }) => amount_received)),
    held: sum(intents.filter(({ status }) => status === 'requires_capture').map((intent) => intent.amount_capturable)),
    fees: sum(
      snapshot.transactions.filter(({ source }) => charges.has(sourceId(source) ?? null)).map(({ fee }) => fee),
    ),
    authorizeCalls: authorizing.filter(({ replayed, status }) => !replayed && status !== 429).length,
    replays: calls.filter(({ replayed }) => replayed).length,
    calls: calls.length,
  };
}

/** The simulator's objects hold ids where Stripe could expand. */
const sourceId = (source: Stripe.BalanceTransaction['source']) => (typeof source === 'string' ? source : source?.id);

/** Net of fees, per upper-case currency. */
export function providerBalances({ transactions }: ProviderSnapshot): Record<string, number> {
  const balances: Record<string, number> = {};
  for (const { currency, net } of transactions) {
    const code = currency.toUpperCase();
    balances[code] = (balances[code] ?? 0) + net;
  }
  return balances;
}
