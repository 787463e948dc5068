/** A report as a table for accountants. Amounts in minor units, as everywhere. */
import { csvOf } from './csv.ts';
import type { CurrencyOfDay, Report } from './report.ts';

const headings = ['day', 'venueId', 'currency', 'row', 'account', 'transactions', 'amount (minor units)'];

type Cells = [row: string, account: string, transactions: number | '', amount: number];

function rowsOf({ totals, accounts, movements }: CurrencyOfDay): Cells[] {
  return [
    ...accounts.map(({ account, opening }): Cells => ['opening_balance', account, '', opening]),
    ...movements.flatMap(({ kind, transactions, amounts }) =>
      amounts.map(({ account, amount }): Cells => [kind, account, transactions, amount]),
    ),
    ...accounts.map(({ account, closing }): Cells => ['closing_balance', account, '', closing]),
    ...Object.entries(totals).map(([name, amount]): Cells => [`total ${name}`, '', '', amount as number]),
  ];
}

export const reportCsv = ({ day, venueId, currencies }: Report) =>
  csvOf([headings, ...currencies.flatMap((of) => rowsOf(of).map((cells) => [day, venueId, of.currency, ...cells]))]);
