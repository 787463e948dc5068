/**
 * `npm run docs:payments`: runs every stage × trouble of docs/payments.md and writes its tables. Nothing is written when a
 * run breaks an invariant.
 */
import { placeOf, writePage } from '../tests/full/stages/page.ts';
import { runStages } from '../tests/full/stages/run.ts';
import { openStagesWorld } from '../tests/full/stages/world.ts';

const startedAt = performance.now();
const world = await openStagesWorld();
try {
  const { cells, wrongsOfWorld } = await runStages(world);
  const wrong = cells.filter(({ wrongs }) => wrongs.length > 0);
  for (const { row, column, wrongs } of wrong) console.error(`${placeOf(row, column)}: ${wrongs.join('; ')}`);
  for (const one of wrongsOfWorld) console.error(one);
  if (wrong.length > 0 || wrongsOfWorld.length > 0) {
    process.exitCode = 1;
  } else {
    await writePage((row, column) => cells.find((cell) => cell.row === row && cell.column === column)?.text ?? '');
    console.log(
      `${cells.length} runs in ${Math.round((performance.now() - startedAt) / 1_000)} s; docs/payments.md is written`,
    );
  }
} finally {
  await world.close();
}
