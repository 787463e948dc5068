/** Refunds of a shop's purchases, with the hands of support, bank and cardholder on them. */
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Stripe } from 'stripe';
import { refundStart } from '../../client/start-options.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { disputeWorkflowId, refundWorkflowId } from '../../contracts/ids.ts';
import { providerEventSignal, refundStatusQuery, workflowTypes } from '../../contracts/messages.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundInput, RefundRequest, RefundResult } from '../../contracts/refund.ts';
import { until } from '../../sandbox/processes/until.ts';
import { simulatorAt } from './faults.ts';
import type { Shop } from './purchases.ts';

export type RefundHandle = WorkflowHandle<(input: RefundInput) => Promise<RefundResult>>;

export interface RefundDesk {
  /** A request with an id of its own: all that is left, tickets kept, unless changed. */
  request(order: PurchaseOrder, change?: Partial<RefundRequest>): RefundRequest;
  start(request: RefundRequest): Promise<RefundHandle>;
  /** Asks, and waits for the end. */
  refund(order: PurchaseOrder, change?: Partial<RefundRequest>): Promise<RefundResult>;
  /** All refunds at the provider of a purchase's charge, whatever became of them. */
  atProvider(order: PurchaseOrder): Promise<Stripe.Refund[]>;
  chargeOf(order: PurchaseOrder): Promise<string>;
  /** The next refund at the provider begins like that, and stays so until it is settled. */
  planNext(status: 'pending' | 'requires_action'): Promise<void>;
  /** Asks, and waits until the workflow waits for the provider. */
  untilPending(request: RefundRequest): Promise<{ handle: RefundHandle; refund: Stripe.Refund }>;
  /** The bank decides; the workflow hears of it as from a webhook. */
  settle(
    pending: { handle: RefundHandle; refund: Stripe.Refund },
    outcome: 'succeed' | 'fail' | 'cancel',
  ): Promise<void>;
  /** A dispute of the whole charge, and what ends it so that nobody lost anything. */
  dispute(charge: string): Promise<{ withdraw(): Promise<void> }>;
}

export const refundWorkflowIdOf = ({ tenantId, refundId }: RefundRequest) => refundWorkflowId(tenantId, refundId);

const pendingWithinMs = 30_000;

async function control<T>(stripe: string, name: string, body: object): Promise<T> {
  const response = await fetch(`${stripe}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the simulator refused ${name}: ${await response.text()}`);
  return (await response.json()) as T;
}

export function createRefundDesk({ client, endpoints, tenantId }: Shop): RefundDesk {
  const stripe = simulatorAt(endpoints.stripe);
  let count = 0;

  const request: RefundDesk['request'] = ({ tenantId, idempotencyKey }, change = {}) => {
    count += 1;
    return {
      tenantId, refundId: `r-${idempotencyKey}-${count}`, paymentKey: idempotencyKey, tickets: 'keep',
      reason: 'the event moved', requestedBy: 'support-7', ...change,
    }; // prettier-ignore
  };

  const start: RefundDesk['start'] = async (wanted) => {
    const { args, ...options } = refundStart(wanted, fingerprintOf(wanted));
    return client.workflow.start<(input: RefundInput) => Promise<RefundResult>>(workflowTypes.refund, {
      ...options,
      args: [...args],
    });
  };

  const chargeOf: RefundDesk['chargeOf'] = async ({ tenantId, idempotencyKey }) => {
    const intents = await stripe.objects<Stripe.PaymentIntent>('payment_intents');
    const workflow = `payment:${tenantId}:${idempotencyKey}`;
    const charge = intents.find(({ metadata }) => metadata['workflow'] === workflow)?.latest_charge;
    if (typeof charge !== 'string') throw new Error(`${workflow} has no charge`);
    return charge;
  };

  const atProvider: RefundDesk['atProvider'] = async (order) => {
    const charge = await chargeOf(order);
    return (await stripe.objects<Stripe.Refund>('refunds')).filter((refund) => refund.charge === charge);
  };

  return {
    request,
    start,
    refund: async (order, change) => (await start(request(order, change))).result(),
    atProvider,
    chargeOf,
    planNext: async (next) => void (await control(endpoints.stripe, 'refunds', { next })),
    untilPending: async (wanted) => {
      const handle = await start(wanted);
      const pends = async () => (await handle.query(refundStatusQuery)).stage === 'pending';
      if (!(await until(pends, { withinMs: pendingWithinMs }))) throw new Error(`${wanted.refundId} is not pending`);
      const refund = (await stripe.objects<Stripe.Refund>('refunds')).find(
        ({ metadata }) => metadata?.['workflow'] === handle.workflowId,
      );
      if (!refund) throw new Error(`the provider knows no refund of ${handle.workflowId}`);
      return { handle, refund };
    },
    settle: async ({ handle, refund: { id } }, outcome) => {
      await control(endpoints.stripe, 'refunds', { id, outcome });
      try {
        await handle.signal(providerEventSignal, {
          provider: 'stripe',
          eventId: `evt_${id}`,
          type: 'refund.updated',
          objectId: id,
        });
      } catch (error) {
        // A webhook may have been faster.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    dispute: async (charge) => {
      const { id } = await control<Stripe.Dispute>(endpoints.stripe, 'disputes', { charge });
      return {
        withdraw: async () => {
          await control(endpoints.stripe, 'disputes', { id, outcome: 'withdrawn', feeReturned: true });
          // The books follow by themselves.
          await client.workflow.getHandle(disputeWorkflowId(tenantId, id)).result();
        },
      };
    },
  };
}
