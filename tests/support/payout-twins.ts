/** A provider of transfers and payouts with memory: one balance for each, and faults on demand. */
import { createPayoutActivities } from '../../activities/payout.ts';
import type { PayoutProvider } from '../../activities/providers/stripe/payouts.ts';
import type { ProviderPayout } from '../../contracts/payout.ts';
import { createSentCallsTwin, lanesOf } from './ledger-twins.ts';
import { createKeyedCalls, faultOf, pageOf, requestTimeoutMs } from './stripe-twin.ts';

interface Made {
  id: string;
  workflowId: string;
  amount: number;
  status: ProviderPayout['status'];
}

export const payoutIdentity = { tenantId: 'acme', workflowId: 'payout:acme:p-1', round: 0 };
export type Kind = 'transfer' | 'payout';

/** Activities of one kind over a twin of the provider and of the counted calls. */
export function createPayoutWorld(kind: Kind) {
  const objects: Made[] = [];
  let balance = 1_000_000;
  let allowed = true;
  const byId = (id: string) => {
    const found = objects.find((object) => object.id === id);
    if (!found) throw faultOf('declined', 'resource_missing');
    return found;
  };
  const { request, looked, ...stripe } = createKeyedCalls(byId);
  const add = (workflowId: string, amount: number): string => {
    const id = `${kind === 'transfer' ? 'tr' : 'po'}_${objects.length + 1}`;
    objects.push({ id, workflowId, amount, status: 'pending' });
    balance -= amount;
    return id;
  };
  const make = ({ workflowId, amount }: { workflowId: string; amount: number }, key: string) =>
    request('create', key, () => {
      if (!allowed) return faultOf('declined', 'payouts_not_allowed');
      if (amount > balance) return faultOf('declined', 'balance_insufficient');
      return { id: add(workflowId, amount) };
    });
  const search = ({ workflowId, after }: { workflowId: string; after?: string | undefined }) => {
    looked('find');
    const { page, next } = pageOf(objects, ({ id }) => id, after);
    const found = page.find((object) => object.workflowId === workflowId);
    return { found, next };
  };
  const payoutOf = ({ id, status }: Made): ProviderPayout => ({ providerPayoutId: id, status });
  const provider: PayoutProvider = {
    requestTimeoutMs,
    transfer: async (order, key) => ({ transferId: (await make(order, key)).id }),
    findTransfer: async (wanted) => {
      const { found, next } = search(wanted);
      return found ? { transfer: { transferId: found.id } } : next ? { next } : {};
    },
    create: async (order, key) => payoutOf(await make(order, key)),
    findPayout: async (wanted) => {
      const { found, next } = search(wanted);
      return found ? { payout: payoutOf(found) } : next ? { next } : {};
    },
    retrieve: async ({ providerPayoutId }) => payoutOf(byId(providerPayoutId)),
  };

  const steps = createSentCallsTwin();
  const activities = createPayoutActivities({ provider, lanes: lanesOf(steps), steps });
  const order = { ...payoutIdentity, payoutId: 'p-1', account: 'acct_1', amount: 1_000, currency: 'USD' };
  return {
    stripe: {
      ...stripe,
      objects,
      add,
      setBalance: (next: number) => void (balance = next),
      allow: (is: boolean) => void (allowed = is),
      of: (workflowId: string) => objects.filter((object) => object.workflowId === workflowId),
    },
    /** Answers the id of what was made. */
    make: async (change: object = {}): Promise<string> => {
      const input = { ...order, ...change };
      if (kind === 'transfer') return (await activities.transferToVenue(input)).transferId;
      return (await activities.createPayout(input)).providerPayoutId;
    },
    confirmNone: () => (kind === 'transfer' ? activities.confirmNoTransfer(order) : activities.confirmNoPayout(order)),
    retrieve: (providerPayoutId: string) => activities.retrievePayout({ account: 'acct_1', providerPayoutId }),
    stepOf: () => steps.read({ ...payoutIdentity, step: kind }),
  };
}
