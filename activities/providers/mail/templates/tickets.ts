/** Mails about one ticket that was bought before. Price in minor units of `currency`. */
import { type Currency, formatAmount } from '../../../../contracts/money.ts';
import type { View } from '../fill.ts';
import { facts, support, type TicketName, ticketRow, timeText } from './words.ts';

export interface TransferNotificationData {
  venueName: string;
  eventName: string;
  eventEndsAt: string;
  orderId: string;
  ticket: TicketName;
  supportAddress: string;
}

export interface MarketplaceListingData extends TransferNotificationData {
  price: number;
  currency: Currency;
}

const common = ({ venueName, eventName, orderId, supportAddress }: TransferNotificationData) => ({
  kicker: venueName,
  eventName,
  orderId,
  ...support(supportAddress),
});

function named({ ticket, eventEndsAt, orderId }: TransferNotificationData) {
  const { name, seat } = ticketRow(ticket);
  return { Ticket: name, Seat: seat, 'Event ends': timeText(eventEndsAt), Order: orderId };
}

export const transferNotificationView = (data: TransferNotificationData): View => ({
  ...common(data),
  heading: `A ticket for ${data.eventName} has a new owner`,
  facts: facts(named(data)),
});

export function marketplaceListingView(data: MarketplaceListingData): View {
  const price = formatAmount(data.price, data.currency);
  return {
    ...common(data),
    heading: `Your ticket for ${data.eventName} is offered for ${price}`,
    price,
    facts: facts({ Price: price, ...named(data) }),
  };
}
