/** What mails say, from the store: one family of facts per file in mail-facts/. */
import type { MailFacts } from '../activities/ports.ts';
import type { Store } from '../store/index.ts';
import { createAccountFacts } from './mail-facts/accounts.ts';
import { createRefundFacts } from './mail-facts/refunds.ts';
import { billOf, confirmationOf, createSaleFacts, ticketOf, ticketsOf } from './mail-facts/sales.ts';

export function createMailFacts(store: Store, supportAddress: string): MailFacts {
  const sales = createSaleFacts(store);
  const refunds = createRefundFacts(store, supportAddress);
  const accounts = createAccountFacts(store, supportAddress);

  const content: MailFacts['content'] = async (tenantId, message, to) => {
    switch (message.template) {
      case 'ticket-confirmation': {
        const found = await sales.sold(tenantId, message.paymentKey);
        return found && { template: message.template, data: confirmationOf(found, supportAddress) };
      }
      case 'order-receipt': {
        const found = await sales.sold(tenantId, message.paymentKey);
        return found && { template: message.template, data: billOf(found, supportAddress) };
      }
      case 'ticket-purchase':
      case 'event-reminder': {
        const found = await sales.sold(tenantId, message.paymentKey);
        return found && { template: message.template, data: ticketsOf(found, supportAddress) };
      }
      case 'transfer-notification': {
        const found = await sales.soldTicket(tenantId, message.paymentKey, message.ticketId);
        return found && { template: message.template, data: ticketOf(found, supportAddress) };
      }
      case 'marketplace-listing': {
        const { template, price } = message;
        const found = await sales.soldTicket(tenantId, message.paymentKey, message.ticketId);
        const currency = found?.sale.currency;
        return found && currency && { template, data: { ...ticketOf(found, supportAddress), price, currency } };
      }
      case 'refund-confirmation': {
        const data = await refunds.confirmation(tenantId, message.refundId);
        return data && { template: message.template, data };
      }
      case 'password-reset':
        return accounts.passwordReset(tenantId, message.contentRef, to);
      case 'verification':
        return accounts.verification(tenantId, message.contentRef, to);
      case 'welcome':
        return accounts.welcome(tenantId, message.venueId, to);
    }
  };

  return {
    contact: async (tenantId, ref) => {
      const contact = await store.contacts.resolve(tenantId, ref);
      return contact?.kind === 'email' ? contact : undefined;
    },
    content,
  };
}
