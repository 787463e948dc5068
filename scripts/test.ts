/**
 * `npm test`: the whole suite, in two processes beside each other, for a world mostly waits (for blocks, polls and banks)
 * while the rest computes. The lanes come last: what they measure is time, and by then the rest is done. With arguments, e.g. a file, it is `vitest run` with them.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const asked = process.argv.slice(2);

const parts =
  asked.length > 0
    ? [{ name: '', args: asked }]
    : [
        { name: 'world', args: ['--project', 'world', '--project', 'lanes'] },
        {
          name: 'other',
          args: ['--project', 'unit', '--project', 'workflow', '--maxWorkers', '2'],
        },
      ];

/** Its exit code. Lines say which part they are of. */
async function run({ name, args }: (typeof parts)[number]): Promise<number> {
  const piped = name !== '';
  const child = spawn(process.execPath, [vitest, 'run', ...args], {
    stdio: piped ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => console.log(`${name} | ${line}`));
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return ended;
}

const startedAt = performance.now();
const codes = await Promise.all(parts.map(run));
if (parts.length > 1) console.log(`\n${Math.round((performance.now() - startedAt) / 1_000)} s in all`);
process.exitCode = Math.max(...codes);
