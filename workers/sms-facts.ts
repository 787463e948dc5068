/** What text messages say, from the store. */
import type { SmsFacts } from '../activities/ports.ts';
import type { SmsContent } from '../activities/providers/sms/texts.ts';
import type { Store } from '../store/index.ts';
import { createSaleFacts } from './mail-facts/sales.ts';

const minuteMs = 60_000;

export function createSmsFacts(store: Store): SmsFacts {
  const sales = createSaleFacts(store);

  async function aboutSale(
    template: 'ticket-confirmation' | 'event-reminder',
    tenantId: string,
    paymentKey: string,
  ): Promise<SmsContent | undefined> {
    const found = await sales.sold(tenantId, paymentKey);
    if (!found) return undefined;
    const { sale, event } = found;
    const tickets = sale.tickets.length;
    return template === 'ticket-confirmation'
      ? { template, data: { eventName: event.name, tickets, orderId: sale.orderId } }
      : { template, data: { eventName: event.name, eventEndsAt: event.endsAt, tickets } };
  }

  async function cancelled(tenantId: string, eventId: string): Promise<SmsContent | undefined> {
    const event = await store.events.get(tenantId, eventId);
    const venue = event && (await store.venues.get(tenantId, event.venueId));
    return venue && { template: 'event-cancelled', data: { eventName: event.name, venueName: venue.name } };
  }

  async function verification(tenantId: string, contentRef: string): Promise<SmsContent | undefined> {
    const content = await store.contents.read(tenantId, contentRef);
    if (content?.code === undefined) return undefined;
    const minutes = Math.max(1, Math.round((Date.parse(content.expiresAt) - Date.now()) / minuteMs));
    return { template: 'verification', data: { code: content.code, minutes } };
  }

  return {
    contact: async (tenantId, ref) => {
      const contact = await store.contacts.resolve(tenantId, ref);
      return contact?.kind === 'phone' ? contact : undefined;
    },
    content: async (tenantId, message) => {
      switch (message.template) {
        case 'ticket-confirmation':
        case 'event-reminder':
          return aboutSale(message.template, tenantId, message.paymentKey);
        case 'event-cancelled':
          return cancelled(tenantId, message.eventId);
        case 'verification':
          return verification(tenantId, message.contentRef);
      }
    },
  };
}
