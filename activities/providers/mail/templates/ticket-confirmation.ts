import { type Currency, formatAmount } from '../../../../contracts/money.ts';
import type { View } from '../fill.ts';

/** What a receipt says. Amounts in minor units of `currency`, times ISO 8601 UTC; names as the venue wrote them. */
export interface TicketConfirmationData {
  venueName: string;
  eventName: string;
  eventEndsAt: string;
  orderId: string;
  paidAt: string;
  currency: Currency;
  /** What was captured; 0 for a purchase that never met the card provider. */
  amount: number;
  tickets: readonly { ticketId: string; seatId?: string | undefined; price: number; tokenId: string }[];
  /** The order's other lines, discounts negative. */
  charges: readonly { kind: 'fee' | 'tax' | 'discount'; amount: number }[];
  transactionHash: string;
  supportAddress: string;
}

const chargeLabels = { fee: 'Fee', tax: 'Tax', discount: 'Discount' } as const;

const timeFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
const timeText = (iso: string) => `${timeFormat.format(new Date(iso))} UTC`;

/** A token id has up to 78 digits; people compare its ends. */
const shortToken = (tokenId: string) =>
  tokenId.length <= 15 ? tokenId : `${tokenId.slice(0, 6)}…${tokenId.slice(-6)}`;

export function ticketConfirmationView(data: TicketConfirmationData): View {
  const amountText = (minor: number) => formatAmount(minor, data.currency);
  const total = amountText(data.amount);
  return {
    venueName: data.venueName,
    eventName: data.eventName,
    eventEndsAt: timeText(data.eventEndsAt),
    orderId: data.orderId,
    paidAt: timeText(data.paidAt),
    ticketCount: data.tickets.length === 1 ? '1 ticket' : `${data.tickets.length} tickets`,
    paid: data.amount === 0 ? 'Nothing was charged.' : `Your card was charged ${total}.`,
    tickets: data.tickets.map(({ ticketId, seatId, price, tokenId }) => ({
      name: `Ticket ${ticketId}`,
      seat: seatId === undefined ? 'No assigned seat' : `Seat ${seatId}`,
      token: shortToken(tokenId),
      price: amountText(price),
    })),
    charges: data.charges.map(({ kind, amount }) => ({ label: chargeLabels[kind], amount: amountText(amount) })),
    total,
    transactionHash: data.transactionHash,
    supportAddress: data.supportAddress,
    supportLink: `mailto:${encodeURIComponent(data.supportAddress).replace('%40', '@')}`,
  };
}
