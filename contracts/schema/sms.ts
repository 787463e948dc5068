import { Id } from './common.ts';
import { createTemplateValidator, type MessageOf, template } from './templates.ts';

const paymentKey = Id('paymentKey: the purchase that the text is about');

/** What each text message needs besides the number, as in mail-templates.ts. */
export const smsTemplates = {
  'ticket-confirmation': template('ticket-confirmation', { paymentKey }),
  'event-reminder': template('event-reminder', { paymentKey }),
  'event-cancelled': template('event-cancelled', { eventId: Id('eventId: the event that does not take place') }),
  /** Needs a code. */
  verification: template('verification', {
    contentRef: Id('contentRef: stands for the code (POST /message-contents)'),
  }),
} as const;

export type SmsTemplate = keyof typeof smsTemplates;
export type SmsMessage = MessageOf<typeof smsTemplates>;

/** A text message to send. Throws InvalidRequestError; nothing was started then. */
export const validateSmsRequest = createTemplateValidator(
  {
    tenantId: Id('tenantId'),
    messageKey: Id('messageKey: one per business event'),
    phoneRef: Id('phoneRef (contacts.put answers with one)'),
  },
  smsTemplates,
  'a text message to send',
);
export type SmsRequest = ReturnType<typeof validateSmsRequest>;
