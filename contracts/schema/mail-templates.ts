/**
 * What each mail needs besides the recipient: opaque ids and amounts. Names, links and codes are looked up when the mail is
 * written, so none of them passes through a workflow. The names are the legacy contract's.
 */
import { Amount, Id } from './common.ts';
import { type MessageOf, template } from './templates.ts';

const paymentKey = Id('paymentKey: the purchase that the mail is about');
const ticketId = Id('ticketId: the ticket of that purchase');
const contentRef = Id('contentRef: stands for the link or code (POST /message-contents)');

export const mailTemplates = {
  /** What was bought, without prices. */
  'ticket-purchase': template('ticket-purchase', { paymentKey }),
  /** The receipt that every purchase ends with. */
  'ticket-confirmation': template('ticket-confirmation', { paymentKey }),
  /** The bill: lines and total. */
  'order-receipt': template('order-receipt', { paymentKey }),
  /** Needs a link. */
  'password-reset': template('password-reset', { contentRef }),
  welcome: template('welcome', { venueId: Id('venueId: who welcomes') }),
  /** Needs a code; shows a link where there is one. */
  verification: template('verification', { contentRef }),
  'event-reminder': template('event-reminder', { paymentKey }),
  /** To whoever bought a ticket that has another owner now. */
  'transfer-notification': template('transfer-notification', { paymentKey, ticketId }),
  'refund-confirmation': template('refund-confirmation', { refundId: Id('refundId: the refund that has ended') }),
  /** To the seller: a notice of what they did, no advertising. */
  'marketplace-listing': template('marketplace-listing', {
    paymentKey,
    ticketId,
    price: Amount("price, in the purchase's currency"),
  }),
} as const;

export type MailTemplate = keyof typeof mailTemplates;
export type MailMessage = MessageOf<typeof mailTemplates>;
