/** Disputes of a shop's purchases, with the hands of cardholder and bank on them. */
import type { Stripe } from 'stripe';
import type { OpenDisputeStage } from '../../contracts/dispute.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { until } from '../../sandbox/processes/until.ts';
import type { DisputeHandle } from '../../client/index.ts';
import type { Shop } from './purchases.ts';
import { createRefundDesk } from './refunding.ts';

export interface Opening {
  amount?: number;
  status?: 'needs_response' | 'warning_needs_response';
  dueInSeconds?: number;
}

export interface OpenDispute {
  id: string;
  handle: DisputeHandle;
  /** Waits until the workflow shows it. */
  until(stage: OpenDisputeStage): Promise<void>;
  decide(outcome: 'won' | 'lost' | 'withdrawn' | 'escalated', feeReturned?: boolean): Promise<void>;
}

const shownWithinMs = 30_000;

export function createDisputeDesk(shop: Shop) {
  const { endpoints, boxoffice, tenantId } = shop;
  const refunds = createRefundDesk(shop);

  async function control<T>(name: string, body: object): Promise<T> {
    const response = await fetch(`${endpoints.stripe}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the simulator refused ${name}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  return {
    refunds,

    async open(order: PurchaseOrder, opening: Opening = {}): Promise<OpenDispute> {
      const charge = await refunds.chargeOf(order);
      const { id } = await control<Stripe.Dispute>('disputes', { charge, ...opening });
      const handle = boxoffice.disputes.get(tenantId, id);
      return {
        id,
        handle,
        until: async (stage) => {
          const shown = async () => (await handle.status()).stage === stage;
          if (!(await until(shown, { withinMs: shownWithinMs }))) throw new Error(`${id} never was "${stage}"`);
        },
        decide: async (outcome, feeReturned = false) =>
          void (await control('disputes', { id, outcome, ...(feeReturned ? { feeReturned } : {}) })),
      };
    },

    /** What the provider sends while `run` runs is treated like that; then it delivers as ever. */
    async withWebhooks<T>(
      settings: { mode?: 'hold' | 'drop'; copies?: number },
      run: (release: (order: 'forward' | 'reverse') => Promise<void>) => Promise<T>,
    ): Promise<T> {
      await control('webhooks', settings);
      try {
        return await run(async (order) => void (await control('webhooks/release', { order })));
      } finally {
        await control('webhooks', { mode: 'deliver', copies: 1 });
      }
    },

    /** The bank could not give a refund on to the cardholder, though it had said so. */
    failLater: async (refundId: string) => void (await control('refunds', { id: refundId, outcome: 'fail' })),

    /** As reconciliation does where no webhook came. */
    async startByHand({ idempotencyKey: paymentKey }: PurchaseOrder, { id }: OpenDispute): Promise<void> {
      const event = { provider: 'stripe', eventId: 'evt_none', type: 'reconciliation', objectId: id } as const;
      await boxoffice.disputes.deliver({ tenantId, disputeId: id, paymentKey }, event);
    },
  };
}
