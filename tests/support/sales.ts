/** A venue that sells, and orders for it. */
import { fingerprintOf } from '../../contracts/hashes.ts';
import { paymentWorkflowId } from '../../contracts/ids.ts';
import type { Capture, MintOutcome, PaymentInput, PurchaseOrder } from '../../contracts/payment.ts';
import type { VenueBody } from '../../contracts/schema/setup.ts';
import type { CompletedResult, Operation, Store } from '../../store/index.ts';

export const wallet = `0x${'1a'.repeat(20)}`;
export const hashOf = (digit: string) => `0x${digit.repeat(64)}`;
export const start = '2027-01-01T00:00:00.000Z';

export const venue: VenueBody = {
  name: 'The Venue',
  currency: 'USD',
  feeBasisPoints: 500,
  feeFixed: 0,
  reserveBasisPoints: 1_000,
};

export async function openSale(store: Store, tenantId: string, body: Partial<VenueBody> = {}): Promise<void> {
  await store.venues.put(tenantId, 'venue', { ...venue, ...body });
  await store.events.put(tenantId, 'event', {
    venueId: 'venue',
    name: 'The Event',
    endsAt: '2027-06-01T22:00:00Z',
    salesOpen: true,
  });
}

let count = 0;

/** Nothing of it collides with another one unless a part is given. */
export function orderOf(
  tenantId: string,
  {
    tickets = [`ticket-${(count += 1)}`],
    price = 10_000,
    ...parts
  }: Partial<Omit<PurchaseOrder, 'tickets'>> & {
    tickets?: string[];
    price?: number;
  } = {},
): PurchaseOrder {
  count += 1;
  return {
    tenantId,
    venueId: 'venue',
    eventId: 'event',
    userId: 'user',
    orderId: `order-${count}`,
    idempotencyKey: `key-${count}`,
    currency: 'USD',
    amount: price * tickets.length,
    paymentMethod: 'pm_card_visa',
    lines: tickets.map((ticketId) => ({ kind: 'ticket', ticketId, amount: price })),
    tickets: tickets.map((ticketId) => ({ ticketId, price })),
    buyer: { wallet, emailRef: 'buyer' },
    ...parts,
  };
}

export const inputOf = (order: PurchaseOrder): PaymentInput => ({ order, fingerprint: fingerprintOf(order) });

export const operationOf = ({ tenantId, idempotencyKey }: PurchaseOrder, runId = 'run-1'): Operation => ({
  tenantId,
  workflowId: paymentWorkflowId(tenantId, idempotencyKey),
  runId,
});

/** What `payments.claim` takes for an order. */
export const claimOf = (order: PurchaseOrder, runId?: string) => ({
  operation: operationOf(order, runId),
  key: order.idempotencyKey,
  input: inputOf(order),
  now: start,
});

/** What `customerActions.put` takes for an order. */
export const customerActionOf = (order: PurchaseOrder) => ({
  tenantId: order.tenantId,
  paymentKey: order.idempotencyKey,
  workflowId: operationOf(order).workflowId,
  intentId: `pi_${order.idempotencyKey}`,
  clientSecret: `pi_${order.idempotencyKey}_secret_1`,
  expiresAt: '2027-01-01T00:30:00.000Z',
});

export const captureOf = (order: PurchaseOrder, providerFee = 320): Capture => ({
  intentId: `pi_${order.idempotencyKey}`,
  chargeId: `ch_${order.idempotencyKey}`,
  amount: order.amount,
  balanceTransactionId: `txn_${order.idempotencyKey}`,
  providerFee,
  availableOn: '2027-01-03T00:00:00.000Z',
});

export const mintOf = (order: PurchaseOrder): MintOutcome => ({
  transactionHash: hashOf('a'),
  tickets: order.tickets.map(({ ticketId }, index) => ({ ticketId, tokenId: String(index + 1) })),
});

export const completedOf = (order: PurchaseOrder): CompletedResult => ({
  status: 'completed',
  moneyMoved: order.amount > 0 ? 'captured' : 'none',
  amount: order.amount,
  currency: order.currency,
  ...(order.amount > 0 ? { intentId: captureOf(order).intentId } : {}),
  ...mintOf(order),
  nextAction: 'refund',
});

/** What `payments.settle` takes for an order. */
export const settlementOf = (order: PurchaseOrder, runId?: string) => ({
  operation: operationOf(order, runId),
  key: order.idempotencyKey,
  capture: order.amount > 0 ? captureOf(order) : null,
  mint: mintOf(order),
  result: completedOf(order),
  now: '2027-01-01T00:00:05.000Z',
});
