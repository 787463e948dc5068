/** The card provider's simulator under a scenario's hands: faults for one purchase's calls only. */
import { paymentWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { until } from '../processes/until.ts';
import type { CallEntry } from '../sim/call-log.ts';

/** Calls that move money. */
export type MoneyStep = 'authorize' | 'capture';

export interface ProviderControl {
  /** The next such call has its effect, and its answer never arrives. */
  loseAnswer(order: PurchaseOrder, step: MoneyStep): Promise<void>;
  /** The next such call has its effect, and its answer waits until the caller is gone. */
  holdAnswer(order: PurchaseOrder, step: MoneyStep): Promise<void>;
  /** The next such call is refused as if our key were wrong; nothing is done. */
  refuseKey(order: PurchaseOrder, step: MoneyStep): Promise<void>;
  /** What the customer of an intent that requires action does with their bank's challenge (3-D Secure). */
  authenticate(intentId: string, outcome: 'succeed' | 'fail'): Promise<void>;
  /** Resolves when the call has had its effect and its answer is being held. @throws Error after 30 s. */
  untilHeld(order: PurchaseOrder): Promise<void>;
  /** The cardholder disputes all of the purchase's charge. Answers with the dispute's id. */
  openDispute(order: PurchaseOrder): Promise<string>;
  /** The bank decides. */
  decideDispute(disputeId: string, outcome: 'won' | 'lost'): Promise<void>;
  /** The bank has the money of the venue's payouts. @throws Error when none is made within 30 s. */
  payToBank(account: string): Promise<void>;
  /** All that was transferred to a venue's account, and all that its bank got, in minor units. */
  venueMoney(account: string): Promise<{ transferred: number; atBank: number }>;
}

const patience = 30_000;
const askMs = 1_000;

/** Provider keys begin with the workflow's id and the step. */
const keyRegexOf = ({ tenantId, idempotencyKey }: PurchaseOrder, step: MoneyStep | '') =>
  `^${paymentWorkflowId(tenantId, idempotencyKey)}/${step}`;

const sum = (all: readonly { amount: number }[]) => all.reduce((total, { amount }) => total + amount, 0);

export function createProviderControl(stripe: string): ProviderControl {
  const call = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(`${stripe}/_sim/${path}`, init);
    if (!response.ok) throw new Error(`the simulator refused ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const fault = async (kind: object, order: PurchaseOrder, step: MoneyStep): Promise<void> => {
    await call('faults', {
      method: 'POST',
      body: JSON.stringify({ ...kind, match: { method: 'POST', keyRegex: keyRegexOf(order, step) } }),
    });
  };
  const objects = async <T>(type: string) => (await call<{ objects: T[] }>(`objects/${type}`)).objects;
  const chargeOf = async ({ tenantId, idempotencyKey }: PurchaseOrder): Promise<string> => {
    const workflow = paymentWorkflowId(tenantId, idempotencyKey);
    const intents = await objects<{ latest_charge: string; metadata: Record<string, string> }>('payment_intents');
    const found = intents.find(({ metadata }) => metadata['workflow'] === workflow);
    if (!found) throw new Error(`the simulator knows no charge of ${workflow}`);
    return found.latest_charge;
  };
  const dispute = (body: object) => call<{ id: string }>('disputes', { method: 'POST', body: JSON.stringify(body) });
  const payoutsOf = async (account: string) =>
    (await objects<{ id: string; account: string; amount: number; status: string }>('payouts')).filter(
      (payout) => payout.account === account,
    );
  return {
    async payToBank(account) {
      const made = async () => (await payoutsOf(account)).length > 0;
      if (!(await until(made, { withinMs: patience }))) throw new Error(`the provider made no payout of ${account}`);
      for (const { id } of await payoutsOf(account))
        await call('payouts', { method: 'POST', body: JSON.stringify({ id, outcome: 'pay' }) });
    },
    async venueMoney(account) {
      const transfers = await objects<{ destination: string; amount: number }>('transfers');
      const paid = (await payoutsOf(account)).filter(({ status }) => status === 'paid');
      return { transferred: sum(transfers.filter(({ destination }) => destination === account)), atBank: sum(paid) };
    },
    openDispute: async (order) => (await dispute({ charge: await chargeOf(order) })).id,
    decideDispute: async (id, outcome) => void (await dispute({ id, outcome })),
    loseAnswer: (order, step) => fault({ kind: 'lose_answer' }, order, step),
    holdAnswer: (order, step) => fault({ kind: 'hold' }, order, step),
    refuseKey: (order, step) => fault({ kind: 'status', status: 401 }, order, step),
    async authenticate(intentId, outcome) {
      await call('authenticate', { method: 'POST', body: JSON.stringify({ payment_intent: intentId, outcome }) });
    },
    async untilHeld(order) {
      const ours = new RegExp(keyRegexOf(order, ''));
      for (const deadline = Date.now() + patience; Date.now() < deadline;) {
        const { calls } = await call<{ calls: CallEntry[] }>(`held?waitMs=${askMs}`);
        if (calls.some(({ idempotencyKey }) => ours.test(idempotencyKey ?? ''))) return;
      }
      throw new Error(`no call of ${order.idempotencyKey} was held within ${patience / 1_000} s`);
    },
  };
}
