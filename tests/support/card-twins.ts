/** A card provider with memory: intents, idempotency keys as Stripe keeps them, and faults on demand. */
import { createCardActivities } from '../../activities/card.ts';
import type { AuthorizationLedger, CustomerActionLedger } from '../../activities/ports.ts';
import type { CardProvider, Intent } from '../../activities/providers/stripe/provider.ts';
import { createSentCallsTwin, lanesOf } from './ledger-twins.ts';
import { createKeyedCalls, faultOf, pageOf, requestTimeoutMs } from './stripe-twin.ts';

export type { Fault } from './stripe-twin.ts';

interface Stored extends Intent {
  workflowId: string;
  createdAt: number;
}

const unexpected = () => faultOf('declined', 'payment_intent_unexpected_state');

export function createCardTwin() {
  const intents: Stored[] = [];
  let nextStatus: Intent['status'] | 'declined' = 'requires_capture';

  const byId = (intentId: string): Stored => {
    const intent = intents.find((candidate) => candidate.intentId === intentId);
    if (!intent) throw faultOf('declined', 'resource_missing');
    return intent;
  };
  const { request, looked, ...stripe } = createKeyedCalls((intentId): Intent => ({ ...byId(intentId) }));

  const provider: CardProvider = {
    requestTimeoutMs,
    authorize: ({ workflowId }, key) =>
      request('authorize', key, () => {
        if (nextStatus === 'declined') return faultOf('declined', 'insufficient_funds');
        return { id: add(workflowId, nextStatus) };
      }),
    capture: (intentId, key) =>
      request('capture', key, () => {
        const intent = byId(intentId);
        if (intent.status !== 'requires_capture') return unexpected();
        intent.status = 'succeeded';
        intent.amountReceived = 5_250;
        intent.balance = { transactionId: 'txn_1', fee: 182, availableOn: '2027-01-03T00:00:00.000Z' };
        return { id: intentId };
      }),
    cancel: (intentId, key) =>
      request('cancel', key, () => {
        const intent = byId(intentId);
        if (intent.status === 'succeeded' || intent.status === 'canceled') return unexpected();
        intent.status = 'canceled';
        return { id: intentId };
      }),
    async retrieve(intentId) {
      looked('retrieve');
      return { ...byId(intentId) };
    },
    async find({ workflowId, from, to, after }) {
      looked('find');
      const listed = intents.filter(({ createdAt }) => createdAt >= from && createdAt <= to + requestTimeoutMs);
      const { page, next } = pageOf(listed, ({ intentId }) => intentId, after);
      const intent = page.find((candidate) => candidate.workflowId === workflowId);
      return intent ? { intent: { ...intent } } : next ? { next } : {};
    },
  };

  function add(workflowId: string, status: Intent['status']): string {
    const intentId = `pi_${intents.length + 1}`;
    intents.push({
      intentId,
      workflowId,
      status,
      createdAt: Date.now(),
      amountReceived: 0,
      chargeId: `ch_${intents.length + 1}`,
      captureBefore: new Date(Date.now() + 7 * 86_400_000).toISOString(),
      ...(status === 'requires_action' ? { clientSecret: `pi_${intents.length + 1}_secret_x` } : {}),
    });
    return intentId;
  }

  return {
    provider,
    intents,
    ...stripe,
    add,
    answerWith: (status: typeof nextStatus) => void (nextStatus = status),
    held: () => intents.filter(({ status }) => status === 'requires_capture' || status === 'requires_action'),
  };
}

/** Rows by payment key. */
export function createCustomerActionTwin() {
  const rows = new Map<string, Omit<Parameters<CustomerActionLedger['put']>[0], 'tenantId' | 'paymentKey'>>();
  return {
    rows,
    put: async (action: Parameters<CustomerActionLedger['put']>[0]) => {
      const { paymentKey, workflowId, intentId, clientSecret, expiresAt } = action;
      rows.set(paymentKey, { workflowId, intentId, clientSecret, expiresAt });
    },
    drop: async ({ paymentKey }: { paymentKey: string }) => void rows.delete(paymentKey),
  } satisfies CustomerActionLedger & { rows: unknown };
}

/** When each hold ends, by payment key. */
export function createAuthorizationTwin() {
  const ends = new Map<string, string>();
  return {
    ends,
    away: false,
    async held({ paymentKey, captureBefore }: Parameters<AuthorizationLedger['held']>[0]): Promise<void> {
      if (this.away) throw new Error('the database is away');
      ends.set(paymentKey, captureBefore);
    },
  };
}

export const identity = { tenantId: 'acme', workflowId: 'payment:acme:key-1', round: 0 };
export const order = { orderId: 'order-1', amount: 5_250, currency: 'USD', paymentMethod: 'pm_card_visa' };

/** Card activities over a twin of the provider and of the counted calls. */
export function createCardWorld() {
  const card = createCardTwin();
  const steps = createSentCallsTwin();
  const customers = createCustomerActionTwin();
  const authorizations = createAuthorizationTwin();
  const lanes = lanesOf(steps);
  const activities = createCardActivities({ provider: card.provider, lanes, steps, customers, authorizations });
  const stepOf = (step: string) => steps.read({ ...identity, step });
  return { card, steps, customers, authorizations, stepOf, ...activities, input: { ...identity, ...order } };
}
