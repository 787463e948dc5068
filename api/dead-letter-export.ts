/** Dead letters for a spreadsheet or for another program, written as they are read. */
import type { DeadLetter } from '../contracts/dead-letters.ts';

const headings = [
  'id', 'failedAt', 'queueName', 'jobType', 'workflowId', 'step', 'error', 'attempts', 'moneyMoved', 'resolvedAt',
  'outcome', 'closedBy', 'closeReason',
] as const; // prettier-ignore

/** What a spreadsheet would take for a formula, it gets as text: some of it was typed by people. */
const harmless = (text: string) => (/^[=+\-@\t\r]/u.test(text) ? `'${text}` : text);

const cell = (value: string | number | undefined) =>
  typeof value === 'number' ? String(value) : `"${harmless(value ?? '').replaceAll('"', '""')}"`;

const row = (cells: readonly (string | number | undefined)[]) => `${cells.map(cell).join(',')}\r\n`;

export type ExportFormat = 'csv' | 'jsonl';
export const exportTypes = { csv: 'text/csv; charset=utf-8', jsonl: 'application/jsonl; charset=utf-8' } as const;

/** RFC 4180, or one JSON object a line. @throws what reading a page throws */
export async function* written(pages: AsyncIterable<DeadLetter[]>, format: ExportFormat): AsyncGenerator<string> {
  if (format === 'csv') yield row(headings);
  for await (const letters of pages)
    yield letters
      .map((letter) =>
        format === 'csv' ? row(headings.map((heading) => letter[heading])) : `${JSON.stringify(letter)}\n`,
      )
      .join('');
}
