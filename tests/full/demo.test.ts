import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeArguments } from '../../sandbox/processes/node-program.ts';
import { until } from '../../sandbox/processes/until.ts';
import { isAlive, withDescendants } from './fixtures/process-tree.ts';

const demo = fileURLToPath(new URL('../../sandbox/demo.ts', import.meta.url));
let home: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'boxoffice-demo-'));
});
afterAll(async () => rm(home, { recursive: true, force: true }));

function start(...args: string[]) {
  const child = spawn(process.execPath, nodeArguments(demo, args), { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, ended };
}

test('the demo ends by itself, its last line is JSON from the outside records, and it leaves no folder', async () => {
  const { child, ended } = start('--only', 'purchase', '--only', 'declined-then-paid', '--exit', '--json');
  const [out, progress, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const report = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  expect(report).toMatchObject({
    ok: true,
    seconds: expect.any(Number),
    scenarios: [
      { name: 'purchase', ok: true, workflowIds: ['payment:acme:purchase-1'], charges: 1, mints: 2, mails: 1 },
      { name: 'declined-then-paid', ok: true, ends: ['declined', 'completed'], charges: 1, mints: 2, intents: 2 },
    ],
    world: { problems: [], ledgerSums: { USD: 0 } },
  });
  expect(code).toBe(0);
  expect(progress).toContain('purchase: done in');
  expect(await readdir(home)).toEqual([]);
});

test('Ctrl-C while the world starts stops what is up and leaves no process and no folder', async () => {
  const { child, ended } = start('--only', 'purchase');
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await until(async () => said.includes('worker: '), { withinMs: 60_000 })).toBe(true);
  const family = await withDescendants(child.pid ?? 0);
  expect(family.length).toBeGreaterThan(5);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  const gone = async () => (await Promise.all(family.map(isAlive))).every((alive) => !alive);
  expect(await until(gone, { withinMs: 5_000 })).toBe(true);
  expect(await readdir(home)).toEqual([]);
});
