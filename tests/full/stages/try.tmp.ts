import { openStagesWorld } from '/tmp/w/stages/tests/full/stages/world.ts';
import { runStages } from '/tmp/w/stages/tests/full/stages/run.ts';
import { nameOf } from '/tmp/w/stages/tests/full/stages/table.ts';
const t0 = Date.now();
const world = await openStagesWorld();
console.log('up', (Date.now() - t0) / 1000);
try {
  const only = process.argv.slice(2);
  const { cells, wrongsOfWorld } = await runStages(world, only.length ? only : undefined);
  for (const { row, column, text, wrongs } of cells)
    console.log(nameOf(row), '×', column, '=>', text.replaceAll('<br>', ' · '), wrongs);
  console.log(wrongsOfWorld, (Date.now() - t0) / 1000);
} finally {
  await world.close();
}
process.exit(0);
