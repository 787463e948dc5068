/** The tables of docs/payments.md: written from runs, and read again. */
import { readFile, writeFile } from 'node:fs/promises';
import { type Column, columns, nameOf, type Operation, reasonFor, type Row, rows } from './table.ts';

const file = new URL('../../../docs/payments.md', import.meta.url);
const begin = '<!-- begin of the tables: `npm run docs:payments` writes them -->';
const end = '<!-- end of the tables -->';

export const readPage = (): Promise<string> => readFile(file, 'utf8');

/** What stands between the markers, and around them. @throws Error when a marker is missing */
function parted(page: string): { before: string; tables: string; after: string } {
  const [before, rest] = page.split(begin);
  const [tables, after] = rest?.split(end) ?? [];
  if (before === undefined || tables === undefined || after === undefined)
    throw new Error('docs/payments.md lacks the markers of its tables');
  return { before, tables, after };
}

const titles: Readonly<Record<Operation, string>> = { purchase: 'Purchase', refund: 'Refund', payout: 'Payout' };
const cellsOf = (line: string) => line.split('|').slice(1, -1).map((cell) => cell.trim()); // prettier-ignore
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const headOf = ({ step, stage }: Row) => `\`${step}\`<br>${stage}`;

export type TextOf = (row: Row, column: Column) => string;

/** The cells of one row as the page has them; undefined where it has no such row, or one of other columns. */
export function cellsOnPage(page: string, row: Row): Record<Column, string> | undefined {
  const section = parted(page).tables.split('### ').find((text) => text.startsWith(`${titles[row.operation]}\n`)); // prettier-ignore
  const [header, , ...lines] = section?.split('\n').filter((text) => text.startsWith('|')).map(cellsOf) ?? []; // prettier-ignore
  if (header?.slice(1).join() !== columns.join()) return undefined;
  const found = lines.find(([head]) => head === headOf(row));
  if (!found) return undefined;
  return Object.fromEntries(columns.map((column, index) => [column, found[index + 1] ?? ''])) as Record<Column, string>;
}

const isRow = (text: string) => text.startsWith('| `');

/** How many rows the page has, whatever their cells. */
export const rowsOnPage = (page: string): number => parted(page).tables.split('\n').filter(isRow).length;

function tableOf(operation: Operation, textOf: TextOf): string {
  const ofIt = rows.filter((row) => row.operation === operation);
  return [
    `### ${titles[operation]}`,
    '',
    line(['step, stage', ...columns]),
    line(['', ...columns].map(() => '---')),
    ...ofIt.map((row) => line([headOf(row), ...columns.map((column) => textOf(row, column))])),
  ].join('\n');
}

/** What a cell says where there is a reason instead of a run. */
export const reasonCell = (reason: string) => `– _${reason}_`;

export async function writePage(textOf: TextOf): Promise<void> {
  const { before, after } = parted(await readPage());
  const cell: TextOf = (row, column) => {
    const reason = reasonFor(row, column);
    return reason === undefined ? textOf(row, column) : reasonCell(reason);
  };
  const operations = Object.keys(titles) as Operation[];
  const tables = operations.map((operation) => tableOf(operation, cell));
  // As the runs wrote them: no formatter changes that.
  const written = ['<!-- prettier-ignore-start -->', '', ...tables.flatMap((table) => [table, '']), '<!-- prettier-ignore-end -->']; // prettier-ignore
  await writeFile(file, `${before}${begin}\n\n${written.join('\n')}\n\n${end}${after}`);
}

/** For a message: where a cell is. */
export const placeOf = (row: Row, column: Column) => `${nameOf(row)} × ${column}`;
