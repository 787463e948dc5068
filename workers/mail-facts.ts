/** What mails say, from the store. */
import type { MailFacts } from '../activities/ports.ts';
import type { TicketConfirmationData } from '../activities/providers/mail/templates/ticket-confirmation.ts';
import type { Store } from '../store/index.ts';

export function createMailFacts(store: Store, supportAddress: string): MailFacts {
  async function ticketConfirmation(tenantId: string, paymentKey: string): Promise<TicketConfirmationData | undefined> {
    const payment = await store.payments.get(tenantId, paymentKey);
    const { sale, result } = payment ?? {};
    if (!payment?.endedAt || !sale || result?.status !== 'completed') return undefined;
    const [venue, event] = await Promise.all([
      store.venues.get(tenantId, sale.venueId),
      store.events.get(tenantId, sale.eventId),
    ]);
    if (!venue || !event) return undefined;
    const tokens = new Map(result.tickets.map(({ ticketId, tokenId }) => [ticketId, tokenId]));
    return {
      venueName: venue.name,
      eventName: event.name,
      eventEndsAt: event.endsAt,
      orderId: sale.orderId,
      paidAt: payment.endedAt,
      currency: sale.currency,
      amount: sale.amount,
      tickets: sale.tickets.map((ticket) => ({ ...ticket, tokenId: tokens.get(ticket.ticketId) ?? '' })),
      charges: sale.lines.flatMap(({ kind, amount }) => (kind === 'ticket' ? [] : [{ kind, amount }])),
      transactionHash: result.transactionHash,
      supportAddress,
    };
  }

  return {
    contact: (tenantId, ref) => store.contacts.resolve(tenantId, ref),
    content: async (tenantId, { template, paymentKey }) => {
      const data = await ticketConfirmation(tenantId, paymentKey);
      return data && { template, data };
    },
  };
}
