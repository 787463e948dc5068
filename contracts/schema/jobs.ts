import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';
import { mailTemplates } from './mail-templates.ts';
import { createTemplateValidator } from './templates.ts';

/** A mail to send. Throws InvalidRequestError; nothing was started then. */
export const validateEmailRequest = createTemplateValidator(
  {
    tenantId: Id('tenantId'),
    messageKey: Id('messageKey: one per business event'),
    emailRef: Id('emailRef'),
  },
  mailTemplates,
  'a mail to send',
);
export type EmailRequest = ReturnType<typeof validateEmailRequest>;

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
