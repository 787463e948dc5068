import { escapeHtml } from '../../../contracts/escape-html.ts';
import { compiledTemplates } from './templates.generated.ts';
import { type View, fill } from './fill.ts';
import {
  type PasswordResetData,
  passwordResetView,
  type VerificationData,
  verificationView,
  type WelcomeData,
  welcomeView,
} from './templates/accounts.ts';
import {
  eventReminderView,
  type OrderReceiptData,
  orderReceiptView,
  ticketPurchaseView,
  type TicketsData,
} from './templates/orders.ts';
import { type RefundConfirmationData, refundConfirmationView } from './templates/refunds.ts';
import { type TicketConfirmationData, ticketConfirmationView } from './templates/ticket-confirmation.ts';
import {
  type MarketplaceListingData,
  marketplaceListingView,
  type TransferNotificationData,
  transferNotificationView,
} from './templates/tickets.ts';

/**
 * One line per template; the rest follows from it. A new one is `templates/{name}.mjml` (compiled by
 * scripts/build-mail.ts), and its data type and view in the file of its family.
 */
export interface MailData {
  'ticket-purchase': TicketsData;
  'ticket-confirmation': TicketConfirmationData;
  'order-receipt': OrderReceiptData;
  'password-reset': PasswordResetData;
  welcome: WelcomeData;
  verification: VerificationData;
  'event-reminder': TicketsData;
  'transfer-notification': TransferNotificationData;
  'refund-confirmation': RefundConfirmationData;
  'marketplace-listing': MarketplaceListingData;
}
export type TemplateName = keyof MailData;

/** A template's name with its data, as one value: `renderMail(content.template, content.data)`. */
export type MailContent = { [Name in TemplateName]: { template: Name; data: MailData[Name] } }[TemplateName];

export interface RenderedMail {
  /** One line, unescaped: a header, not HTML. */
  subject: string;
  html: string;
  text: string;
}

const views: { [Name in TemplateName]: (data: MailData[Name]) => View } = {
  'ticket-purchase': ticketPurchaseView,
  'ticket-confirmation': ticketConfirmationView,
  'order-receipt': orderReceiptView,
  'password-reset': passwordResetView,
  welcome: welcomeView,
  verification: verificationView,
  'event-reminder': eventReminderView,
  'transfer-notification': transferNotificationView,
  'refund-confirmation': refundConfirmationView,
  'marketplace-listing': marketplaceListingView,
};

const plain = (value: string) => value;

/** Pure: the same data gives the same bytes. */
export function renderMail<Name extends TemplateName>(template: Name, data: MailData[Name]): RenderedMail {
  return renderCompiled(compiledTemplates[template], views[template](data));
}

/** For a mail that nobody can ask for by its template's name. */
export function renderCompiled(
  compiled: { readonly subject: string; readonly html: string; readonly text: string },
  view: View,
): RenderedMail {
  return {
    subject: fill(compiled.subject, view, plain),
    html: fill(compiled.html, view, escapeHtml),
    text: fill(compiled.text, view, plain),
  };
}
