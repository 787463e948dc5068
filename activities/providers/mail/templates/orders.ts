/** Mails about a purchase, beside its receipt. Amounts in minor units, times ISO 8601 UTC; names as the venue wrote them. */
import { type Currency, formatAmount } from '../../../../contracts/money.ts';
import type { View } from '../fill.ts';
import { chargeLabels, countText, facts, support, type TicketName, ticketRow, timeText } from './words.ts';

interface Order {
  venueName: string;
  eventName: string;
  eventEndsAt: string;
  orderId: string;
  supportAddress: string;
}

export interface TicketsData extends Order {
  tickets: readonly TicketName[];
}

export interface OrderReceiptData extends Order {
  paidAt: string;
  currency: Currency;
  /** What was captured; 0 for a purchase that never met the card provider. */
  amount: number;
  tickets: readonly (TicketName & { price: number })[];
  /** The order's other lines, discounts negative. */
  charges: readonly { kind: 'fee' | 'tax' | 'discount'; amount: number }[];
}

const common = ({ venueName, eventName, orderId, supportAddress }: Order) => ({
  kicker: venueName,
  eventName,
  orderId,
  ...support(supportAddress),
});

export const ticketPurchaseView = (data: TicketsData): View => ({
  ...common(data),
  heading: `${countText(data.tickets.length)} for ${data.eventName}`,
  facts: facts({ Order: data.orderId, 'Event ends': timeText(data.eventEndsAt) }),
  tickets: data.tickets.map(ticketRow),
});

export const eventReminderView = (data: TicketsData): View => ({
  ...common(data),
  heading: `${data.eventName} is coming up`,
  ticketCount: countText(data.tickets.length),
  facts: facts({ 'Event ends': timeText(data.eventEndsAt), Order: data.orderId }),
  tickets: data.tickets.map(ticketRow),
});

export function orderReceiptView(data: OrderReceiptData): View {
  const amountText = (minor: number) => formatAmount(minor, data.currency);
  return {
    ...common(data),
    heading: `Receipt for order ${data.orderId}`,
    facts: facts({ Order: data.orderId, Event: data.eventName, Date: timeText(data.paidAt) }),
    lines: [
      ...data.tickets.map((ticket) => ({ label: ticketRow(ticket).name, amount: amountText(ticket.price) })),
      ...data.charges.map(({ kind, amount }) => ({ label: chargeLabels[kind], amount: amountText(amount) })),
    ],
    total: amountText(data.amount),
  };
}
