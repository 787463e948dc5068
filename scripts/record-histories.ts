/**
 * Records a history for each shape of control flow that has none yet: `node --import tsx scripts/record-histories.ts`.
 * A history that exists stays as it is, for it stands for workflows that run already. Name shapes to record them anew,
 * which only a change that is guarded by `patched` in no release may need.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { shapes } from '../tests/replay/shapes.ts';
import { startWorkflowWorld } from '../tests/support/workflow-world.ts';
import { ensureWorkflowBundle } from '../workers/bundle.ts';

const folder = new URL('../tests/replay/histories/', import.meta.url);
const fileOf = (name: string) => new URL(`${name}.json`, folder);

/** A history says which machine and process wrote it, and where the code lay; a replay needs none of that. */
function scrub(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorder';
  if (key === 'stackTrace') return '';
  const queue = value as { kind?: string } | null;
  if (key === 'taskQueue' && queue?.kind === 'TASK_QUEUE_KIND_STICKY') return { ...queue, name: 'sticky' };
  return value;
}

async function record(names: readonly string[]): Promise<void> {
  // As workers run it, without what the test server needs.
  const world = await startWorkflowWorld({ bundle: await readFile(await ensureWorkflowBundle(), 'utf8') });
  try {
    await mkdir(folder, { recursive: true });
    for (const name of names) {
      const handle = await shapes[name]!(world);
      const history = JSON.parse(historyToJSON(await handle.fetchHistory()), scrub) as { events: unknown[] };
      await writeFile(fileOf(name), `${JSON.stringify(history, undefined, 1)}\n`);
      console.log(`${name}: ${history.events.length} events`);
    }
  } finally {
    await world.close();
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in shapes));
if (unknown.length > 0) {
  console.error(`no such shape: ${unknown.join(', ')}; there are ${Object.keys(shapes).join(', ')}`);
  process.exitCode = 1;
} else {
  const missing = Object.keys(shapes).filter((name) => !existsSync(fileURLToPath(fileOf(name))));
  await record(asked.length > 0 ? asked : missing);
}
