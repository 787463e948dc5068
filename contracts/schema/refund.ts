import { Type, type Static } from 'typebox';
import { Id, Text } from './common.ts';
import { maxTickets } from './payment.ts';

/**
 * What of a payment goes back: `amount`, or the price of `ticketIds`, or, with neither, all that is left. Burning needs
 * to know which tickets: those of `ticketIds`, or all when all that is left goes back.
 */
export const RefundRequest = Type.Object(
  {
    tenantId: Id('tenantId'),
    refundId: Id("refundId: the refund's own id, so that several partial refunds of a payment stay apart"),
    paymentKey: Id('paymentKey: the idempotency key of the purchase'),
    amount: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description:
          "amount: an integer in the currency's minor unit, 1 or more; or ticketIds; or neither for all that is left",
      }),
    ),
    ticketIds: Type.Optional(
      Type.Array(Id('ticketId'), {
        minItems: 1,
        maxItems: maxTickets,
        description: `ticketIds: 1 to ${maxTickets} tickets of the purchase; or amount; or neither for all that is left`,
      }),
    ),
    tickets: Type.Enum(['keep', 'burn'], { description: 'tickets: keep or burn' }),
    reason: Text('reason', 500),
    requestedBy: Id('requestedBy: who asks, an opaque id'),
  },
  { additionalProperties: false, description: 'a refund' },
);
export type RefundRequest = Static<typeof RefundRequest>;

/** Body of `POST /payments/:id/refunds`: tenant and requester from the token, the purchase's key from the path. */
export const RefundBody = Type.Omit(RefundRequest, ['tenantId', 'paymentKey', 'requestedBy'], {
  additionalProperties: false,
});
