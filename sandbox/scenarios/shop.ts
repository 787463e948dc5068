/** A venue, an event and a buyer at every tenant of the sandbox, so that there is something to sell and somebody to buy. */
import { type Boxoffice, createBoxoffice } from '../../client/index.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { PublishedEndpoints } from '../world.ts';

export interface Shop {
  tenantId: string;
  venueId: string;
  eventId: string;
  emailRef: string;
}

export interface OrderWish {
  /** 2 unless given. */
  tickets?: number;
  /** The provider's id of the card; one that works unless given. */
  card?: string;
  /** Number of the order, where a scenario has several. */
  copy?: number;
  /** The event, and whose it is; the summer night of the arena unless given. */
  eventId?: string;
  venueId?: string;
  /** Number of the attempt at the same order: another idempotency key. 1 unless given. */
  attempt?: number;
}

/** An event that is there to be cancelled. */
export const doomedEventId = 'open-air';

/** A venue of its own, whose money nobody else moves; more than 20 USD of it needs two approvals. */
export const paidVenue = { venueId: 'playhouse', eventId: 'premiere' } as const;
export const accountOf = (tenantId: string, venueId: string) => `acct_${tenantId}${venueId}`;

/** Minor units of USD. */
const ticketPrice = 5_000;
const bookingFee = 500;
/** Nobody has its key; the buyer's wallet only has to exist. */
const wallet = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

/** Puts them through the API with the tenant's own token, as a service would; putting them again changes nothing. */
export async function openShop({ temporal, api, tokens, stripe }: PublishedEndpoints, tenantId: string): Promise<Shop> {
  const token = tokens[tenantId]?.['admin'];
  if (token === undefined) throw new Error(`the sandbox has no tenant ${tenantId}`);
  const boxoffice: Boxoffice = createBoxoffice({ temporal, api: { url: api, token } });
  const shop = { tenantId, venueId: 'arena', eventId: 'summer-night' };
  try {
    const venue = async (venueId: string, name: string) => ({
      name, currency: 'USD' as const, feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000,
      connectedAccount: await connectAccount(stripe, accountOf(tenantId, venueId)), payoutsEnabled: true,
    }); // prettier-ignore
    await boxoffice.venues.put(shop.venueId, await venue(shop.venueId, 'Arena'));
    const playhouse = await venue(paidVenue.venueId, 'Playhouse');
    await boxoffice.venues.put(paidVenue.venueId, { ...playhouse, payoutApproval: { one: 0, two: 2_000 } });
    const event = { venueId: shop.venueId, endsAt: '2099-06-01T22:00:00Z', salesOpen: true };
    await boxoffice.events.put(shop.eventId, { ...event, name: 'Summer Night' });
    await boxoffice.events.put(doomedEventId, { ...event, name: 'Open Air' });
    await boxoffice.events.put(paidVenue.eventId, { ...event, venueId: paidVenue.venueId, name: 'Premiere' });
    const { emailRef } = await boxoffice.contacts.put({ kind: 'email', value: 'ada@example.com', name: 'Ada' });
    return { ...shop, emailRef };
  } finally {
    await boxoffice.close();
  }
}

/** The venue's account at the card provider's simulator; connecting it again changes nothing. */
async function connectAccount(stripe: string, id: string): Promise<string> {
  const response = await fetch(`${stripe}/_sim/accounts`, { method: 'POST', body: JSON.stringify({ id }) });
  if (!response.ok) throw new Error(`the simulator refused the account ${id}: ${await response.text()}`);
  return id;
}

/** `scenario` goes into every id. Orders of one copy and another attempt are the same order with another key. */
export function orderOf(shop: Shop, scenario: string, wish: OrderWish = {}): PurchaseOrder {
  const {
    tickets: count = 2,
    card = 'pm_card_visa',
    attempt = 1,
    copy,
    eventId = shop.eventId,
    venueId = shop.venueId,
  } = wish;
  const { emailRef, ...place } = shop;
  const name = copy === undefined ? scenario : `${scenario}-${copy}`;
  const tickets = Array.from({ length: count }, (_, index) => ({
    ticketId: `${name}-${index + 1}`,
    seatId: `A-${index + 1}`,
    price: ticketPrice,
  }));
  return {
    ...place,
    venueId,
    eventId,
    userId: 'ada',
    orderId: `order-${name}`,
    idempotencyKey: `${name}-${attempt}`,
    currency: 'USD',
    amount: count * ticketPrice + bookingFee,
    paymentMethod: card,
    tickets,
    lines: [
      ...tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price })),
      { kind: 'fee', amount: bookingFee },
    ],
    buyer: { wallet, emailRef },
  };
}
