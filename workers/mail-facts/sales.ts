/** Facts of purchases, for the mails about them. */
import type { MailData } from '../../activities/providers/mail/render.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import type { Event, PaymentRecord, Sale, Store, Venue } from '../../store/index.ts';

export interface Sold {
  payment: PaymentRecord & { endedAt: string };
  result: Extract<PaymentResult, { status: 'completed' }>;
  sale: Sale;
  venue: Venue;
  event: Event;
}

export function createSaleFacts(store: Store) {
  /** A purchase that is paid for; undefined where there is nothing to say of it. */
  async function sold(tenantId: string, paymentKey: string): Promise<Sold | undefined> {
    const payment = await store.payments.get(tenantId, paymentKey);
    const { sale, result, endedAt } = payment ?? {};
    if (!payment || !endedAt || !sale || result?.status !== 'completed') return undefined;
    const [venue, event] = await Promise.all([
      store.venues.get(tenantId, sale.venueId),
      store.events.get(tenantId, sale.eventId),
    ]);
    return venue && event && { payment: { ...payment, endedAt }, result, sale, venue, event };
  }

  /** One ticket of a purchase. */
  async function soldTicket(tenantId: string, paymentKey: string, ticketId: string) {
    const found = await sold(tenantId, paymentKey);
    const ticket = found?.sale.tickets.find((one) => one.ticketId === ticketId);
    return found && ticket && { ...found, ticket };
  }

  return { sold, soldTicket };
}

const placeOf = ({ venue, event, sale }: Sold) => ({
  venueName: venue.name,
  eventName: event.name,
  eventEndsAt: event.endsAt,
  orderId: sale.orderId,
});

const paidOf = ({ payment, sale }: Sold) => ({
  paidAt: payment.endedAt,
  currency: sale.currency,
  amount: sale.amount,
  charges: sale.lines.flatMap(({ kind, amount }) => (kind === 'ticket' ? [] : [{ kind, amount }])),
});

export function confirmationOf(found: Sold, supportAddress: string): MailData['ticket-confirmation'] {
  const { sale, result } = found;
  const tokens = new Map(result.tickets.map(({ ticketId, tokenId }) => [ticketId, tokenId]));
  return {
    ...placeOf(found),
    ...paidOf(found),
    tickets: sale.tickets.map((ticket) => ({ ...ticket, tokenId: tokens.get(ticket.ticketId) ?? '' })),
    transactionHash: result.transactionHash,
    supportAddress,
  };
}

export const billOf = (found: Sold, supportAddress: string): MailData['order-receipt'] => ({
  ...placeOf(found),
  ...paidOf(found),
  tickets: found.sale.tickets,
  supportAddress,
});

export const ticketsOf = (found: Sold, supportAddress: string): MailData['ticket-purchase'] => ({
  ...placeOf(found),
  tickets: found.sale.tickets,
  supportAddress,
});

/** Of a ticket that was sold, and then given on or offered. */
export const ticketOf = (found: Sold & { ticket: Sale['tickets'][number] }, supportAddress: string) => ({
  ...placeOf(found),
  ticket: found.ticket,
  supportAddress,
});
