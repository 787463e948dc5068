/** What has to exist before a purchase: the venue, its event, and where mail goes. */
import { Type, type Static } from 'typebox';
import { Amount, CurrencyCode, Id, Text } from './common.ts';

const BasisPoints = (description: string) =>
  Type.Integer({ minimum: 0, maximum: 10_000, description: `${description}: basis points, 0 to 10000` });

/** More than `one` minor units need one approver, more than `two` need two; `one` is not more than `two` (validate-venue.ts). */
const ApprovalLimits = (description: string) =>
  Type.Object(
    { one: Amount(`${description}.one`), two: Amount(`${description}.two`) },
    { additionalProperties: false, description: `${description}: {one, two}, one not more than two` },
  );

export const VenueBody = Type.Object(
  {
    name: Text('name', 200),
    currency: CurrencyCode,
    connectedAccount: Type.Optional(
      Type.String({ pattern: '^acct_[A-Za-z0-9]{1,60}$', description: 'connectedAccount: acct_…' }),
    ),
    feeBasisPoints: BasisPoints('feeBasisPoints'),
    feeFixed: Amount('feeFixed'),
    reserveBasisPoints: BasisPoints('reserveBasisPoints'),
    reserveDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 365,
        description: "reserveDays: days of 24 hours after the event's end at which its reserve is released, 0 to 365",
      }),
    ),
    payoutApproval: Type.Optional(ApprovalLimits('payoutApproval')),
    refundApproval: Type.Optional(ApprovalLimits('refundApproval')),
    frozen: Type.Optional(Type.Boolean({ description: 'frozen: true stops sales and payouts' })),
    payoutsEnabled: Type.Optional(Type.Boolean({ description: 'payoutsEnabled: true or false' })),
  },
  { additionalProperties: false, description: 'a venue' },
);
export type VenueBody = Static<typeof VenueBody>;

export const EventBody = Type.Object(
  {
    venueId: Id('venueId'),
    name: Text('name', 200),
    endsAt: Type.String({
      pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$',
      description: 'endsAt: a UTC time such as 2027-06-01T22:00:00Z',
    }),
    salesOpen: Type.Boolean({ description: 'salesOpen: true or false' }),
  },
  { additionalProperties: false, description: 'an event' },
);
export type EventBody = Static<typeof EventBody>;

export const ContactBody = Type.Object(
  {
    kind: Type.Enum(['email', 'phone'], { description: 'kind: email or phone' }),
    value: Type.String({
      pattern: '^([^\\s@<>(),;:"]{1,64}@[^\\s@<>(),;:"]{1,190}|\\+[1-9]\\d{6,14})$',
      description: 'value: an e-mail address, name@host; or a phone number in E.164, e.g. +4915112345678',
    }),
    name: Type.Optional(Text('name', 200)),
  },
  { additionalProperties: false, description: 'where a person can be reached' },
);
export type ContactBody = Static<typeof ContactBody>;

/** A schema cannot say that one field depends on another. */
export const isOfItsKind = ({ kind, value }: ContactBody) => (kind === 'phone') === value.startsWith('+');
