/** A card provider with memory: intents, idempotency keys as Stripe keeps them, and faults on demand. */
import { createCardActivities } from '../../activities/card.ts';
import type { CardProvider, Intent } from '../../activities/providers/stripe/provider.ts';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import { createSentCallsTwin, lanesOf } from './ledger-twins.ts';

export type Fault =
  /** The effect happens, the answer does not arrive. */
  | 'lost'
  /** No effect, no answer. */
  | 'dropped'
  /** 500 without effect, stored under the key. */
  | 'stored 500'
  /** 500 after the effect, stored under the key. */
  | 'late 500'
  /** The effect comes so many milliseconds later; the caller's time-out ends first or last. */
  | { effectAfterMs: number }
  | { kind: FaultClass; code: string; retryAfterMs?: number };

interface Call {
  name: 'authorize' | 'capture' | 'cancel' | 'retrieve' | 'find';
  key?: string;
  at: number;
}

interface Stored extends Intent {
  workflowId: string;
  createdAt: number;
}

type Answer = { intentId: string } | ProviderFault;

export const requestTimeoutMs = 20_000;

const faultOf = (kind: FaultClass, code: string, facts: Record<string, boolean> = {}, retryAfterMs?: number) =>
  new ProviderFault({ provider: 'stripe', kind, code, message: code, facts, retryAfterMs });

const unexpected = () => faultOf('declined', 'payment_intent_unexpected_state');

export function createCardTwin() {
  const intents: Stored[] = [];
  const keys = new Map<string, Answer>();
  const underWay = new Set<string>();
  const faults: Record<string, Fault[]> = { authorize: [], capture: [], cancel: [] };
  const calls: Call[] = [];
  let nextStatus: Intent['status'] | 'declined' = 'requires_capture';

  const byId = (intentId: string): Stored => {
    const intent = intents.find((candidate) => candidate.intentId === intentId);
    if (!intent) throw faultOf('declined', 'resource_missing');
    return intent;
  };
  const answered = (answer: Answer, replayed: boolean): Intent => {
    if (!(answer instanceof ProviderFault)) return { ...byId(answer.intentId) };
    throw replayed ? faultOf(answer.kind, answer.code, { replayed }) : answer;
  };

  /** What the provider does with a request under its key, once. */
  function perform(key: string, effect: () => Answer): Intent {
    const known = keys.get(key);
    if (known) return answered(known, true);
    const answer = effect();
    keys.set(key, answer);
    return answered(answer, false);
  }

  async function request(name: 'authorize' | 'capture' | 'cancel', key: string, effect: () => Answer): Promise<Intent> {
    calls.push({ name, key, at: Date.now() });
    if (underWay.has(key)) throw faultOf('busy', 'idempotency_key_in_use');
    const fault = keys.has(key) ? undefined : faults[name]!.shift();
    if (fault === undefined) return perform(key, effect);
    if (fault === 'stored 500') return perform(key, () => faultOf('unknown', 'api_error'));
    if (fault === 'late 500') {
      effect();
      return perform(key, () => faultOf('unknown', 'api_error'));
    }
    if (typeof fault === 'object' && 'kind' in fault) throw faultOf(fault.kind, fault.code, {}, fault.retryAfterMs);
    if (fault === 'lost') perform(key, effect);
    if (typeof fault === 'object') {
      underWay.add(key);
      setTimeout(() => {
        underWay.delete(key);
        keys.set(key, effect());
      }, fault.effectAfterMs);
      await new Promise((resolve) => setTimeout(resolve, requestTimeoutMs));
    }
    throw faultOf('unknown', 'ETIMEDOUT');
  }

  const provider: CardProvider = {
    requestTimeoutMs,
    authorize: ({ workflowId }, key) =>
      request('authorize', key, () => {
        if (nextStatus === 'declined') return faultOf('declined', 'insufficient_funds');
        return { intentId: add(workflowId, nextStatus) };
      }),
    capture: (intentId, key) =>
      request('capture', key, () => {
        const intent = byId(intentId);
        if (intent.status !== 'requires_capture') return unexpected();
        intent.status = 'succeeded';
        intent.amountReceived = 5_250;
        intent.balance = { transactionId: 'txn_1', fee: 182, availableOn: '2027-01-03T00:00:00.000Z' };
        return { intentId };
      }),
    cancel: (intentId, key) =>
      request('cancel', key, () => {
        const intent = byId(intentId);
        if (intent.status === 'succeeded' || intent.status === 'canceled') return unexpected();
        intent.status = 'canceled';
        return { intentId };
      }),
    async retrieve(intentId) {
      calls.push({ name: 'retrieve', at: Date.now() });
      return { ...byId(intentId) };
    },
    async find({ workflowId, from, to, after }) {
      calls.push({ name: 'find', at: Date.now() });
      const listed = intents.filter(({ createdAt }) => createdAt >= from && createdAt <= to + requestTimeoutMs);
      const newest = listed.toReversed();
      const start = after === undefined ? 0 : newest.findIndex(({ intentId }) => intentId === after) + 1;
      const page = newest.slice(start, start + 2);
      const intent = page.find((candidate) => candidate.workflowId === workflowId);
      const last = page.at(-1);
      return intent ? { intent: { ...intent } } : newest.length > start + 2 && last ? { next: last.intentId } : {};
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
    });
    return intentId;
  }

  return {
    provider,
    intents,
    calls,
    add,
    fail: (name: keyof typeof faults, ...next: Fault[]) => void faults[name]!.push(...next),
    answerWith: (status: typeof nextStatus) => void (nextStatus = status),
    /** Stripe may after 24 hours. */
    forgetKeys: () => keys.clear(),
    keysOf: (name: Call['name']) => calls.flatMap((call) => (call.name === name && call.key ? [call.key] : [])),
    held: () => intents.filter(({ status }) => status === 'requires_capture' || status === 'requires_action'),
  };
}

export const identity = { tenantId: 'acme', workflowId: 'payment:acme:key-1', round: 0 };
export const order = { orderId: 'order-1', amount: 5_250, currency: 'USD', paymentMethod: 'pm_card_visa' };

/** Card activities over a twin of the provider and of the counted calls. */
export function createCardWorld() {
  const card = createCardTwin();
  const steps = createSentCallsTwin();
  const activities = createCardActivities({ provider: card.provider, lanes: lanesOf(steps), steps });
  const stepOf = (step: string) => steps.read({ ...identity, step });
  return { card, steps, stepOf, ...activities, input: { ...identity, ...order } };
}
