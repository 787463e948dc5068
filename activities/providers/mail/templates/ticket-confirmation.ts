import { type Currency, formatAmount } from '../../../../contracts/money.ts';
import type { View } from '../fill.ts';
import { chargeLabels, countText, support, ticketRow, timeText } from './words.ts';

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
    ticketCount: countText(data.tickets.length),
    paid: data.amount === 0 ? 'Nothing was charged.' : `Your card was charged ${total}.`,
    tickets: data.tickets.map(({ price, tokenId, ...ticket }) => ({
      ...ticketRow(ticket),
      token: shortToken(tokenId),
      price: amountText(price),
    })),
    charges: data.charges.map(({ kind, amount }) => ({ label: chargeLabels[kind], amount: amountText(amount) })),
    total,
    transactionHash: data.transactionHash,
    ...support(data.supportAddress),
  };
}
