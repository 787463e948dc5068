import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';

/** Money to a venue: `amount`, or all that is available. */
export const PayoutRequest = Type.Object(
  {
    tenantId: Id('tenantId'),
    payoutId: Id("payoutId: the payout's own id; a correction in the same period is another payout"),
    venueId: Id('venueId'),
    amount: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: "amount: an integer in the currency's minor unit, 1 or more; or absent for all that is available",
      }),
    ),
    reason: Text('reason', 500),
    requestedBy: Id('requestedBy: who asks, an opaque id'),
  },
  { additionalProperties: false, description: 'a payout' },
);
export type PayoutRequest = Static<typeof PayoutRequest>;

/** Body of `POST /venues/:id/payouts`: tenant and requester from the token, the venue from the path. */
export const PayoutBody = Type.Omit(PayoutRequest, ['tenantId', 'venueId', 'requestedBy'], {
  additionalProperties: false,
});

/** How often a venue is paid all that is available: `every` or `cron` (validate-payout.ts). */
export const PayoutSchedule = Type.Object(
  {
    every: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2} (hour|day|week)s?$',
        description: 'every: such as "12 hours", "1 day" or "2 weeks"',
      }),
    ),
    cron: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$',
        maxLength: 100,
        description: 'cron: five fields, in UTC, such as "0 6 * * MON"',
      }),
    ),
  },
  { additionalProperties: false, description: 'every or cron' },
);
export type PayoutSchedule = Static<typeof PayoutSchedule>;
