/** The stages of a refund of a whole purchase, tickets burned, and how to get there. */
import type { Stripe } from 'stripe';
import { refundStatusQuery } from '../../../contracts/messages.ts';
import type { PaymentResult, PurchaseOrder } from '../../../contracts/payment.ts';
import type { OpenRefundStage, RefundRequest } from '../../../contracts/refund.ts';
import { callsOf, simulatorAt } from '../../support/faults.ts';
import { refundWorkflowIdOf } from '../../support/refunding.ts';
import { proxyGate, simulatorGate } from './gates.ts';
import { sell, tokenOf } from './purchase-stages.ts';
import { decide } from './people.ts';
import { eventually, type Stage, waitingAt } from './stage.ts';
import type { RowName } from './table.ts';
import type { StagesWorld } from './world.ts';

/** A venue where every refund needs two people besides the one who asked for it. */
async function guardedPlace({ shop: { boxoffice, venueId, eventId } }: StagesWorld) {
  const place = { venueId: `${venueId}-guarded`, eventId: `${eventId}-guarded` };
  const venue = { name: 'The Guarded Venue', currency: 'USD', feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000 } as const; // prettier-ignore
  await boxoffice.venues.put(place.venueId, { ...venue, refundApproval: { one: 0, two: 0 } });
  await boxoffice.events.put(place.eventId, {
    venueId: place.venueId,
    name: 'The Guarded Event',
    endsAt: '2027-06-01T22:00:00Z',
    salesOpen: true,
  });
  return place;
}

interface Sold {
  order: PurchaseOrder;
  end: PaymentResult;
}

export function refundStages(world: StagesWorld): Record<RowName & `refund ${string}`, Stage> {
  const { shop, desk, chain, books } = world;
  const { stripe } = shop.endpoints;

  const requestOf = ({ order }: Sold, change: Partial<RefundRequest> = {}) =>
    desk.request(order, { tickets: 'burn', ...change });
  const subjectOf = (sold: Sold, request: RefundRequest) => ({
    workflowId: refundWorkflowIdOf(request),
    run: async () => (await desk.start(request)).result(),
    purchase: () => sold,
  });

  const atProvider = async (workflowId: string): Promise<Stripe.Refund> => {
    const refunds = await simulatorAt(stripe).objects<Stripe.Refund>('refunds');
    const found = refunds.find(({ metadata }) => metadata?.['workflow'] === workflowId);
    if (!found) throw new Error(`the provider knows no refund of ${workflowId}`);
    return found;
  };
  const untilStage = async (workflowId: string, wanted: OpenRefundStage) => {
    const handle = shop.client.workflow.getHandle(workflowId);
    const stands = async () => (await handle.query(refundStatusQuery)).stage === wanted;
    await eventually(`${workflowId} ${wanted}`, stands);
  };
  /** The bank decides; it is for the provider to tell us. */
  const settle = async (workflowId: string, outcome: 'succeed' | 'fail') => {
    const { id } = await atProvider(workflowId);
    const answer = await fetch(`${stripe}/_sim/refunds`, { method: 'POST', body: JSON.stringify({ id, outcome }) });
    if (!answer.ok) throw new Error(`the bank cannot: ${await answer.text()}`);
  };
  return {
    'refund reserve': {
      recording: true,
      wave: 3,
      prepare: async (column) => {
        const sold = await sell(world);
        const request = requestOf(sold, column === 'decline' ? { amount: sold.order.amount + 1 } : {});
        const gate = proxyGate(books, [refundWorkflowIdOf(request), 'insert into idempotency_keys']);
        return { ...subjectOf(sold, request), gate };
      },
    },
    'refund approve': {
      wave: 1,
      prepare: async (column) => {
        const sold = await sell(world, await guardedPlace(world));
        const request = requestOf(sold);
        const workflowId = refundWorkflowIdOf(request);
        const act = async () => {
          if (column === 'cancel') return;
          if (column === 'decline') return decide(shop, { workflowId, decision: 'reject', by: 'approver' });
          for (const by of ['approver', 'approver2']) await decide(shop, { workflowId, decision: 'approve', by });
        };
        const next = () => proxyGate(books, [workflowId, 'insert into decisions']);
        const arrived = () => untilStage(workflowId, 'awaiting approval');
        return { ...subjectOf(sold, request), ...waitingAt(column, { arrived, act, next }) };
      },
    },
    'refund refund': {
      wave: 1,
      prepare: async (column) => {
        const sold = await sell(world);
        const request = requestOf(sold);
        const dispute = column === 'decline' ? await desk.dispute(await desk.chargeOf(sold.order)) : undefined;
        const calls = { method: 'POST', keyRegex: callsOf(refundWorkflowIdOf(request), 'refund') };
        const afterwards = async () => dispute?.withdraw();
        return { ...subjectOf(sold, request), gate: simulatorGate(stripe, calls), afterwards };
      },
    },
    'refund follow': {
      wave: 1,
      prepare: async (column) => {
        const sold = await sell(world, { paymentMethod: 'pm_card_pendingRefund' });
        const request = requestOf(sold);
        const workflowId = refundWorkflowIdOf(request);
        const act = () => settle(workflowId, column === 'decline' ? 'fail' : 'succeed');
        const next = async () => {
          const { id } = await atProvider(workflowId);
          return simulatorGate(stripe, { method: 'GET', path: `/v1/refunds/${id}` });
        };
        const arrived = () => untilStage(workflowId, 'pending');
        return { ...subjectOf(sold, request), ...waitingAt(column, { arrived, act, next }) };
      },
    },
    'refund burn': {
      wave: 3,
      prepare: async () => {
        const sold = await sell(world);
        const request = requestOf(sold);
        return { ...subjectOf(sold, request), gate: proxyGate(chain, [tokenOf(sold.order)]) };
      },
    },
  };
}
