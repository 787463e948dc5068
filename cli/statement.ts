/** A payout's statement as a table for people. */
import { type Currency, formatAmount } from '../contracts/money.ts';
import { facts, table } from './table.ts';
import { minuteOf } from './times.ts';

/** As much of it as is shown. Minor units. */
export interface Statement {
  payoutId: string;
  venueId: string;
  currency: Currency;
  status: string;
  amount: number;
  openingBalance: number;
  closingBalance: number;
  lines: {
    kind: string;
    occurredAt: string;
    paymentKey?: string;
    gross: number;
    platformFee: number;
    reserve: number;
    net: number;
  }[];
}

/** The currency stands once above the table, or it would not fit into 100 columns. */
export function statementText({ lines, ...about }: Statement): string {
  const money = (amount: number) => formatAmount(amount, about.currency);
  const bare = (amount: number) => money(amount).replace(` ${about.currency}`, '');
  const rows = lines.map(({ kind, occurredAt, paymentKey = '', gross, platformFee, reserve, net }) => [
    minuteOf(occurredAt), kind, paymentKey,
    bare(gross), bare(platformFee), bare(reserve), bare(net),
  ]); // prettier-ignore
  return [
    facts([
      ['Payout', about.payoutId],
      ['Venue', about.venueId],
      ['Status', about.status],
      ['Owed before', money(about.openingBalance)],
      ['Paid', money(about.amount)],
      ['Owed after', money(about.closingBalance)],
    ]),
    '',
    table(['Booked (UTC)', 'What', 'Purchase', 'Gross', 'Fee', 'Reserve', 'Net'], rows),
  ].join('\n');
}
