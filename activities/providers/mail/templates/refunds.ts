/** The receipt of a refund. Amounts in minor units of `currency`, times ISO 8601 UTC. */
import { type Currency, formatAmount } from '../../../../contracts/money.ts';
import type { View } from '../fill.ts';
import { countText, facts, support, timeText } from './words.ts';

export interface RefundConfirmationData {
  venueName: string;
  eventName: string;
  orderId: string;
  currency: Currency;
  /** What goes back, of what was paid. */
  amount: number;
  paid: number;
  refundedAt: string;
  /** Tickets that are no longer valid. */
  burned: readonly string[];
  supportAddress: string;
}

export function refundConfirmationView(data: RefundConfirmationData): View {
  const refunded = formatAmount(data.amount, data.currency);
  const { burned } = data;
  return {
    kicker: data.venueName,
    heading: `${refunded} goes back to you`,
    refunded,
    eventName: data.eventName,
    orderId: data.orderId,
    tickets:
      burned.length === 0
        ? 'Your tickets stay as they are.'
        : `${countText(burned.length)} ${burned.length === 1 ? 'is' : 'are'} no longer valid: ${burned.join(', ')}.`,
    facts: facts({
      Refunded: refunded,
      'Of a purchase of': formatAmount(data.paid, data.currency),
      Date: timeText(data.refundedAt),
      Order: data.orderId,
    }),
    ...support(data.supportAddress),
  };
}
