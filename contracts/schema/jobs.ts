import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';

/** What each mail template needs besides the recipient. Opaque ids and amounts; the activity looks names up. */
export const TicketConfirmation = Type.Object(
  {
    template: Type.Literal('ticket-confirmation'),
    paymentKey: Id('paymentKey: the purchase that the mail confirms'),
  },
  { additionalProperties: false, description: 'ticket-confirmation' },
);

export const EmailRequest = Type.Object(
  {
    tenantId: Id('tenantId'),
    messageKey: Id('messageKey: one per business event'),
    emailRef: Id('emailRef'),
    message: TicketConfirmation,
  },
  { additionalProperties: false, description: 'a mail to send' },
);
export type EmailRequest = Static<typeof EmailRequest>;

export const MintRequest = Type.Object(
  {
    tenantId: Id('tenantId'),
    venueId: Id('venueId'),
    eventId: Id('eventId'),
    ticketId: Id('ticketId'),
    mintKey: Id('mintKey'),
    wallet: Type.String({ pattern: '^0x[0-9a-fA-F]{40}$', description: 'wallet: 0x and 40 hex digits' }),
    reason: Text('reason', 200),
  },
  { additionalProperties: false, description: 'a ticket to mint outside a purchase' },
);
export type MintRequest = Static<typeof MintRequest>;
