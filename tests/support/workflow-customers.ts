/** Purchases whose card asks for its holder (3-D Secure), and what the holder does. */
import { expect } from 'vitest';
import { providerEventSignal } from '../../contracts/messages.ts';
import type { CustomerOutside, Twin } from './workflow-twins.ts';
import type { StartedPayment } from './workflow-world.ts';

/** What each look at the intent finds, in order; the last one stays. */
export const customerWho =
  (...looks: CustomerOutside['looks']) =>
  (twin: Twin) => {
    twin.customer = { ...twin.customer, wanted: true, looks };
  };

export const intentIdOf = ({ order }: StartedPayment) => `pi_payment_acme_${order.idempotencyKey}`;

export type CustomerEvent =
  'payment_intent.amount_capturable_updated' | 'payment_intent.payment_failed' | 'payment_intent.canceled';

/** As a verified webhook does. */
export const tell = (purchase: StartedPayment, type: CustomerEvent, objectId = intentIdOf(purchase)) =>
  purchase.handle.signal(providerEventSignal, { provider: 'stripe', eventId: 'evt_1', type, objectId });

export const customerWanted = (purchase: StartedPayment) => ({
  status: 'requires_action',
  moneyMoved: 'none',
  amount: 5_250,
  currency: 'USD',
  intentId: intentIdOf(purchase),
  expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
});
