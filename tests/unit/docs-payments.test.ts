/** docs/payments.md has a cell for every stage × trouble. What the cells say is held against runs by tests/full/stages. */
import { describe, expect, it } from 'vitest';
import { cellsOnPage, readPage, reasonCell, rowsOnPage } from '../full/stages/page.ts';
import { columns, excluded, nameOf, type Operation, reasonFor, rows, stagesOf } from '../full/stages/table.ts';

const page = await readPage();

describe('docs/payments.md', () => {
  it.each(rows.map((row) => ({ row, name: nameOf(row) })))('has every cell of $name', ({ row }) => {
    const cells = cellsOnPage(page, row);
    expect(cells).toBeDefined();
    const empty = columns.filter((column) => !cells?.[column]);
    expect(empty).toEqual([]);
    for (const column of columns) {
      const reason = reasonFor(row, column);
      if (reason === undefined) expect(cells?.[column]).toMatch(/^\*\*\w+\*\*.*captured .*refunded .*owns .*balance/u);
      else expect(cells?.[column]).toBe(reasonCell(reason));
    }
  });

  it('has no other rows', () => {
    expect(rowsOnPage(page)).toBe(rows.length);
  });

  const operations = Object.keys(stagesOf) as Operation[];
  it.each(operations)('has a row, or a reason against it, for every stage of a %s', (operation) => {
    const shown = new Set<string>(rows.filter((row) => row.operation === operation).map(({ stage }) => stage));
    const reasons = excluded[operation];
    const missing = stagesOf[operation].filter((stage) => !shown.has(stage) && !reasons[stage]);
    expect(missing).toEqual([]);
    // A reason against a stage that has a row, or that is none, is stale.
    const known = new Set(stagesOf[operation]);
    expect(Object.keys(reasons).filter((stage) => shown.has(stage) || !known.has(stage))).toEqual([]);
  });
});
