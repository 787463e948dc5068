import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { ensureWorkflowBundle } from '../../workers/bundle.ts';
import { shapes } from './shapes.ts';

const logger = new DefaultLogger('ERROR');
const folder = new URL('histories/', import.meta.url);
const names = Object.keys(shapes);
const record = 'record it with `node --import tsx scripts/record-histories.ts`';
const read = async (name: string) => JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as unknown;

/** The shapes that a bundle cannot replay, with why. */
async function failuresOf(code: string, of: readonly string[]): Promise<Map<string, Error>> {
  const histories = await Promise.all(of.map(async (name) => ({ workflowId: name, history: await read(name) })));
  const failures = new Map<string, Error>();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle: { code } }, histories)) {
    if (error) failures.set(workflowId, error);
  }
  return failures;
}

beforeAll(() => {
  // The failures in a history are logged as if they were new.
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter } },
  });
});

test(`every shape has its history, and every history its shape: ${record}`, async () => {
  const files = await readdir(fileURLToPath(folder));
  expect(files.toSorted()).toEqual(names.map((name) => `${name}.json`).toSorted());
});

test.each(names)('the history of %s names no machine, process or path', async (name) => {
  const text = await readFile(new URL(`${name}.json`, folder), 'utf8');
  expect(text).not.toMatch(/\d+@|file:\/\/|node_modules|\.ts:\d|"stackTrace": "[^"]/);
});

describe('the workflows as they are', () => {
  test('replay every history to its end', { timeout: 60_000 }, async () => {
    const code = await readFile(await ensureWorkflowBundle(), 'utf8');
    expect(await failuresOf(code, names)).toEqual(new Map());
  });
});

const kindOf = (name: string) => name.split('-')[0];

describe('workflows that took another course', () => {
  const payments = names.filter((name) => name.startsWith('payment'));
  // Their code is the same, so one shape of each says it.
  const oneOfEachOther = names
    .filter((name) => !payments.includes(name))
    .filter((name, index, others) => others.findIndex((other) => kindOf(other) === kindOf(name)) === index);

  test('fail on every history of theirs, and on no other', { timeout: 60_000 }, async () => {
    const workflowsPath = fileURLToPath(new URL('fixtures/changed-workflows.ts', import.meta.url));
    const { code } = await bundleWorkflowCode({ workflowsPath, logger });
    const failures = await failuresOf(code, [...payments, ...oneOfEachOther]);
    expect([...failures.keys()].toSorted()).toEqual(payments.toSorted());
    for (const error of failures.values()) expect(error.name).toMatch(/DeterminismViolation|ReplayError/);
  });
});
