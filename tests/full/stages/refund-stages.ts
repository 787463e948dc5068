/** The stages of a refund of a whole purchase, tickets burned, and how to get there. */
import type { Stripe } from 'stripe';
import { refundStatusQuery } from '../../../contracts/messages.ts';
import type { PaymentResult, PurchaseOrder } from '../../../contracts/payment.ts';
import type { RefundRequest } from '../../../contracts/refund.ts';
import { until } from '../../../sandbox/processes/until.ts';
import { callsOf, simulatorAt } from '../../support/faults.ts';
import { refundWorkflowIdOf } from '../../support/refunding.ts';
import { type Gate, proxyGate, simulatorGate } from './gates.ts';
import { patienceMs, sell, tokenOf } from './purchase-stages.ts';
import type { Stage, Subject } from './stage.ts';
import type { Column, RowName } from './table.ts';
import type { StagesWorld } from './world.ts';

const nothing = () => Promise.resolve();

interface Sold {
  order: PurchaseOrder;
  end: PaymentResult;
}

export function refundStages(world: StagesWorld): Record<RowName & `refund ${string}`, Stage> {
  const { shop, desk, chain, books } = world;
  const { stripe } = shop.endpoints;

  const requestOf = ({ order }: Sold, change: Partial<RefundRequest> = {}) =>
    desk.request(order, { tickets: 'burn', ...change });
  const subjectOf = (sold: Sold, request: RefundRequest, gate: Gate, more: Partial<Subject> = {}): Subject => ({
    workflowId: refundWorkflowIdOf(request),
    gate,
    run: async () => (await desk.start(request)).result(),
    purchase: () => sold,
    ...more,
  });

  const atProvider = async (workflowId: string): Promise<Stripe.Refund> => {
    const refunds = await simulatorAt(stripe).objects<Stripe.Refund>('refunds');
    const found = refunds.find(({ metadata }) => metadata?.['workflow'] === workflowId);
    if (!found) throw new Error(`the provider knows no refund of ${workflowId}`);
    return found;
  };
  const untilPending = async (workflowId: string) => {
    const handle = shop.client.workflow.getHandle(workflowId);
    const pends = async () => (await handle.query(refundStatusQuery)).stage === 'pending';
    if (!(await until(pends, { withinMs: patienceMs }))) throw new Error(`${workflowId} is not pending`);
  };
  /** The bank decides; it is for the provider to tell us. */
  const settle = async (workflowId: string, outcome: 'succeed' | 'fail') => {
    const { id } = await atProvider(workflowId);
    const answer = await fetch(`${stripe}/_sim/refunds`, { method: 'POST', body: JSON.stringify({ id, outcome }) });
    if (!answer.ok) throw new Error(`the bank cannot: ${await answer.text()}`);
  };
  /** It stands there by itself until the bank decides. */
  const pendingGate = (workflowId: string): Gate => ({
    stand: async () => ({ reached: () => untilPending(workflowId), release: () => settle(workflowId, 'succeed') }),
    lose: nothing,
    storm: nothing,
  });
  /** While it is pending the bank decides, and what can go wrong is the next look at it. */
  const decide = async (workflowId: string, column: Column) => {
    await untilPending(workflowId);
    const { id } = await atProvider(workflowId);
    const looks = simulatorGate(stripe, { method: 'GET', path: `/v1/refunds/${id}` });
    if (column === 'lost answer') await looks.lose();
    if (column === '5xx storm') await looks.storm();
    await settle(workflowId, column === 'decline' ? 'fail' : 'succeed');
  };

  return {
    'refund reserve': {
      recording: true,
      wave: 3,
      prepare: async (column) => {
        const sold = await sell(world);
        const request = requestOf(sold, column === 'decline' ? { amount: sold.order.amount + 1 } : {});
        const gate = proxyGate(books, [refundWorkflowIdOf(request), 'insert into idempotency_keys']);
        return subjectOf(sold, request, gate);
      },
    },
    'refund refund': {
      wave: 1,
      prepare: async (column) => {
        const sold = await sell(world);
        const request = requestOf(sold);
        const dispute = column === 'decline' ? await desk.dispute(await desk.chargeOf(sold.order)) : undefined;
        const calls = { method: 'POST', keyRegex: callsOf(refundWorkflowIdOf(request), 'refund') };
        const more = dispute ? { afterwards: () => dispute.withdraw() } : {};
        return subjectOf(sold, request, simulatorGate(stripe, calls), more);
      },
    },
    'refund follow': {
      wave: 1,
      prepare: async (column) => {
        const sold = await sell(world, { paymentMethod: 'pm_card_pendingRefund' });
        const request = requestOf(sold);
        const workflowId = refundWorkflowIdOf(request);
        return subjectOf(sold, request, pendingGate(workflowId), { meanwhile: () => decide(workflowId, column) });
      },
    },
    'refund burn': {
      wave: 3,
      prepare: async () => {
        const sold = await sell(world);
        const request = requestOf(sold);
        return subjectOf(sold, request, proxyGate(chain, [tokenOf(sold.order)]));
      },
    },
  };
}
