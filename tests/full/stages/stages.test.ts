/** docs/payments.md against fresh runs of every one of its cells: a stale or an empty one fails, by its name. */
import { beforeAll, describe, expect, test } from 'vitest';
import { cellsOnPage, placeOf, readPage, reasonCell } from './page.ts';
import { type Outcome, runStages } from './run.ts';
import { columns, reasonFor, rows } from './table.ts';
import { openStagesWorld } from './world.ts';

let page: string;
let outcome: Outcome;
beforeAll(async () => {
  page = await readPage();
  const world = await openStagesWorld();
  try {
    outcome = await runStages(world);
  } finally {
    await world.close();
  }
}, 900_000);

const places = rows.flatMap((row) => columns.map((column) => ({ row, column, place: placeOf(row, column) })));

describe('the table of docs/payments.md', () => {
  test.each(places)('$place', ({ row, column }) => {
    const reason = reasonFor(row, column);
    const ran = outcome.cells.find((cell) => cell.row === row && cell.column === column);
    expect(ran?.wrongs ?? []).toEqual([]);
    const truth = reason === undefined ? ran?.text : reasonCell(reason);
    expect(truth).toBeTruthy();
    expect(cellsOnPage(page, row)?.[column], 'stale: run `npm run docs:payments`').toBe(truth);
  });
});

test('after all of that ledger, provider, chain and engine agree', () => {
  expect(outcome.wrongsOfWorld).toEqual([]);
});
