import { Stripe } from 'stripe';
import { platformAccount } from './auth.ts';
import { newId } from './ids.ts';
import { booksOf, type Origin, type World } from './world.ts';

export type IntentEvent =
  | 'payment_intent.created'
  | 'payment_intent.requires_action'
  | 'payment_intent.amount_capturable_updated'
  | 'payment_intent.succeeded'
  | 'payment_intent.payment_failed'
  | 'payment_intent.canceled';

export type ChargeEvent =
  'charge.succeeded' | 'charge.captured' | 'charge.failed' | 'charge.expired' | 'charge.refunded';
export type RefundEvent = 'refund.created' | 'refund.updated' | 'refund.failed';
export type TransferEvent = 'transfer.created' | 'transfer.updated' | 'transfer.reversed';
export type PayoutEvent = 'payout.created' | 'payout.updated' | 'payout.paid' | 'payout.failed' | 'payout.canceled';
export type DisputeEvent =
  | 'charge.dispute.created'
  | 'charge.dispute.updated'
  | 'charge.dispute.closed'
  | 'charge.dispute.funds_withdrawn'
  | 'charge.dispute.funds_reinstated';

function common(world: World, type: string, origin: Origin, account: string = platformAccount) {
  const connect = account !== platformAccount;
  return {
    id: newId('evt'),
    object: 'event' as const,
    ...(connect ? { account } : {}),
    api_version: Stripe.API_VERSION,
    created: world.clock.seconds(),
    livemode: false,
    pending_webhooks: world.webhooks.subscribers(type, connect),
    request: { id: origin.id, idempotency_key: origin.idempotencyKey },
  };
}

/** An event belongs to the account that it happened to. */
function publish(world: World, event: Stripe.Event): void {
  booksOf(world, event.account ?? platformAccount).store.events.add(event);
  world.webhooks.deliver(event);
}

/** Records an event with the object as it is now, and sends it to the endpoints. */
export function intentEvent(world: World, origin: Origin, type: IntentEvent, intent: Stripe.PaymentIntent): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(intent) } });
}

export function chargeEvent(world: World, origin: Origin, type: ChargeEvent, charge: Stripe.Charge): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(charge) } });
}

export function refundEvent(world: World, origin: Origin, type: RefundEvent, refund: Stripe.Refund): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(refund) } });
}

export function disputeEvent(world: World, origin: Origin, type: DisputeEvent, dispute: Stripe.Dispute): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(dispute) } });
}

export function transferEvent(world: World, origin: Origin, type: TransferEvent, transfer: Stripe.Transfer): void {
  publish(world, { ...common(world, type, origin), type, data: { object: structuredClone(transfer) } });
}

/** Of the account that is paid out; a connected account's goes to the Connect endpoints. */
export function payoutEvent(
  world: World,
  origin: Origin,
  type: PayoutEvent,
  { account, payout }: { account: string; payout: Stripe.Payout },
): void {
  publish(world, { ...common(world, type, origin, account), type, data: { object: structuredClone(payout) } });
}

export function accountEvent(world: World, origin: Origin, account: Stripe.Account): void {
  const type = 'account.updated';
  publish(world, { ...common(world, type, origin, account.id), type, data: { object: structuredClone(account) } });
}
