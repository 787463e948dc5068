/** An event of its own with paid purchases, cancelled; its refunds by the outside's records. */
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import { eventRefundIdOf } from '../../contracts/hashes.ts';
import { refundWorkflowId } from '../../contracts/ids.ts';
import type { OrderChange, Shop } from './purchases.ts';

export interface Sold {
  order: PurchaseOrder;
  end: PaymentResult;
}

/** Puts an event at the shop's venue. */
export async function openEvent({ boxoffice, venueId }: Shop, eventId: string): Promise<void> {
  await boxoffice.events.put(eventId, { venueId, name: 'The Other', endsAt: '2027-06-01T22:00:00Z', salesOpen: true });
}

export async function sell(shop: Shop, change: OrderChange): Promise<Sold> {
  const order = shop.order(change);
  const handle = await shop.boxoffice.payments.purchase(order, { deadlineMs: 60_000 });
  return { order, end: await handle.result() };
}

/** `atOnce` at a time: more of them would only wait for each other. */
export async function sellMany(shop: Shop, count: number, change: OrderChange, atOnce = 25): Promise<Sold[]> {
  const sold: Sold[] = [];
  let begun = 0;
  const buyer = async () => {
    while (begun < count) {
      begun += 1;
      sold.push(await sell(shop, change));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, buyer));
  return sold;
}

/** The refund that the cancellation of its event gives a purchase back with. */
export const eventRefundOf = ({ tenantId, eventId, idempotencyKey }: PurchaseOrder) =>
  refundWorkflowId(tenantId, eventRefundIdOf(eventId, idempotencyKey));
