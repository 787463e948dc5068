import { Type, type Static } from 'typebox';
import { Amount, CurrencyCode, Id, SignedAmount, Text } from './common.ts';

export const maxTickets = 20;

export const PurchaseLine = Type.Object(
  {
    kind: Type.Enum(['ticket', 'fee', 'tax', 'discount'], { description: 'kind: ticket, fee, tax or discount' }),
    ticketId: Type.Optional(Id('ticketId')),
    amount: SignedAmount('amount of the line (negative for a discount only)'),
  },
  { additionalProperties: false, description: 'a line: kind, amount, and ticketId where kind is ticket' },
);

export const PurchaseTicket = Type.Object(
  { ticketId: Id('ticketId'), seatId: Type.Optional(Id('seatId')), price: Amount('price of the ticket') },
  { additionalProperties: false, description: 'a ticket: ticketId, price, optional seatId' },
);

/** What a service asks for. `lines` sum to `amount` exactly; there is one `ticket` line per ticket. */
export const PurchaseOrder = Type.Object(
  {
    tenantId: Id('tenantId'),
    venueId: Id('venueId'),
    eventId: Id('eventId'),
    userId: Id('userId'),
    orderId: Id('orderId'),
    idempotencyKey: Id('idempotencyKey, one per attempt'),
    currency: CurrencyCode,
    amount: Amount('amount'),
    paymentMethod: Type.String({
      pattern: '^pm_[A-Za-z0-9_]{1,120}$',
      description: "paymentMethod: the provider's id of the card, pm_…",
    }),
    lines: Type.Array(PurchaseLine, { minItems: 1, maxItems: 100, description: 'lines: 1 to 100 lines' }),
    tickets: Type.Array(PurchaseTicket, {
      minItems: 1,
      maxItems: maxTickets,
      description: `tickets: 1 to ${maxTickets} tickets`,
    }),
    buyer: Type.Object(
      {
        wallet: Type.String({
          pattern: '^0x[0-9a-fA-F]{40}$',
          description: 'buyer.wallet: an Ethereum address, 0x and 40 hex digits',
        }),
        emailRef: Id(
          "emailRef: the reference that contacts.put gave for the buyer's address, never the address itself",
        ),
      },
      { additionalProperties: false, description: 'buyer: wallet and emailRef' },
    ),
  },
  { additionalProperties: false, description: 'a purchase order' },
);
export type PurchaseOrder = Static<typeof PurchaseOrder>;

/** Body of `POST /payments`: tenant from the token, key from the `Idempotency-Key` header. */
export const PurchaseBody = Type.Omit(PurchaseOrder, ['tenantId', 'idempotencyKey'], { additionalProperties: false });

export const CancelBody = Type.Object(
  { reason: Text('reason', 500) },
  { additionalProperties: false, description: 'why it is cancelled' },
);
