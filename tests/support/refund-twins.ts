/** A provider of refunds with memory: one charge, what was given back of it, and faults on demand. */
import { createRefundActivities } from '../../activities/refund.ts';
import type { RefundProvider } from '../../activities/providers/stripe/refunds.ts';
import type { ProviderRefund } from '../../contracts/refund.ts';
import { createSentCallsTwin, lanesOf } from './ledger-twins.ts';
import { createKeyedCalls, faultOf, pageOf, requestTimeoutMs } from './stripe-twin.ts';

interface Stored extends ProviderRefund {
  workflowId: string;
  amount: number;
}

const charge = { chargeId: 'ch_1', amount: 5_250 };

export function createRefundTwin() {
  const refunds: Stored[] = [];
  let status: ProviderRefund['status'] = 'succeeded';
  let disputed = false;
  const byId = (id: string) => {
    const refund = refunds.find(({ providerRefundId }) => providerRefundId === id);
    if (!refund) throw faultOf('declined', 'resource_missing');
    return refund;
  };
  const refundOf = ({ workflowId: _workflow, amount: _amount, ...refund }: Stored): ProviderRefund => refund;
  const left = () => refunds.reduce((rest, { amount }) => rest - amount, charge.amount);
  const { request, looked, ...stripe } = createKeyedCalls((id) => refundOf(byId(id)));

  function add(workflowId: string, amount: number): string {
    const providerRefundId = `re_${refunds.length + 1}`;
    refunds.push({ providerRefundId, status, workflowId, amount });
    return providerRefundId;
  }

  const provider: RefundProvider = {
    requestTimeoutMs,
    create: ({ workflowId, amount }, key) =>
      request('create', key, () => {
        if (disputed) return faultOf('declined', 'charge_disputed');
        if (left() === 0) return faultOf('refused', 'charge_already_refunded');
        if (amount > left()) return faultOf('declined', 'amount_too_large');
        return { id: add(workflowId, amount) };
      }),
    async retrieve(id) {
      looked('retrieve');
      return refundOf(byId(id));
    },
    async find({ workflowId, chargeId, after }) {
      looked('find');
      const listed = chargeId === charge.chargeId ? refunds : [];
      const { page, next } = pageOf(listed, ({ providerRefundId }) => providerRefundId, after);
      const refund = page.find((candidate) => candidate.workflowId === workflowId);
      return refund ? { refund: refundOf(refund) } : next ? { next } : {};
    },
  };

  return {
    provider,
    refunds,
    ...stripe,
    add,
    answerWith: (next: ProviderRefund['status']) => void (status = next),
    dispute: (is: boolean) => void (disputed = is),
    of: (workflowId: string) => refunds.filter((refund) => refund.workflowId === workflowId),
  };
}

export const refundIdentity = { tenantId: 'acme', workflowId: 'refund:acme:r-1', round: 0 };

/** Refund activities over a twin of the provider and of the counted calls. */
export function createRefundWorld() {
  const stripe = createRefundTwin();
  const steps = createSentCallsTwin();
  const booked: ProviderRefund[] = [];
  const books = { refunded: async ({ refund }: { refund: ProviderRefund }) => void booked.push(refund) };
  const activities = createRefundActivities({ provider: stripe.provider, lanes: lanesOf(steps), steps, books });
  const operation = { ...refundIdentity, runId: 'run-1' };
  const now = '2027-01-01T00:00:00.000Z';
  const input = { ...refundIdentity, chargeId: charge.chargeId, amount: 1_000, operation, now };
  return {
    stripe,
    booked,
    create: (change: object = {}) => activities.createRefund({ ...input, ...change }),
    confirmNone: () => activities.confirmNoRefund(input),
    retrieve: (providerRefundId: string) => activities.retrieveRefund({ providerRefundId }),
    stepOf: () => steps.read({ ...refundIdentity, step: 'refund' }),
  };
}
