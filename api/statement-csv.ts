/** A payout's statement as a table for accountants. Amounts in minor units, as everywhere. */
import type { Statement } from '../store/index.ts';

const headings = ['kind', 'occurredAt', 'paymentKey', 'operation', 'gross', 'platformFee', 'reserve', 'net'] as const;

const row = (kind: string, occurredAt: string, net: number) => [kind, occurredAt, '', '', '', '', '', net];

/** RFC 4180. All cells are ids, numbers and times of ours, so nothing needs quoting. */
export function statementCsv({ currency, openingBalance, closingBalance, amount, to, lines }: Statement): string {
  const rows = [
    [...headings.slice(0, -4), ...headings.slice(-4).map((heading) => `${heading} (${currency} minor units)`)],
    row('opening_balance', '', openingBalance),
    ...lines.map((line) => headings.map((heading) => line[heading] ?? '')),
    row('payout', to, -amount),
    row('closing_balance', '', closingBalance),
  ];
  return rows.map((cells) => `${cells.join(',')}\r\n`).join('');
}
