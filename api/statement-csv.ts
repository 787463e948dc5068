/** A payout's statement as a table for accountants. Amounts in minor units, as everywhere. */
import { csvOf } from '../contracts/csv.ts';
import type { Statement } from '../store/index.ts';

const headings = ['kind', 'occurredAt', 'paymentKey', 'operation', 'gross', 'platformFee', 'reserve', 'net'] as const;

const row = (kind: string, occurredAt: string, net: number) => [kind, occurredAt, '', '', '', '', '', net];

export function statementCsv({ currency, openingBalance, closingBalance, amount, to, lines }: Statement): string {
  return csvOf([
    [...headings.slice(0, -4), ...headings.slice(-4).map((heading) => `${heading} (${currency} minor units)`)],
    row('opening_balance', '', openingBalance),
    ...lines.map((line) => headings.map((heading) => line[heading] ?? '')),
    row('payout', to, -amount),
    row('closing_balance', '', closingBalance),
  ]);
}
