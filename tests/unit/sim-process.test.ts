import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

const env = {
  PATH: process.env['PATH'],
  STRIPE_SECRET_KEY: 'sk_test_simulator',
  SMTP_USER: 'boxoffice',
  SMTP_PASS: 'secret',
  TWILIO_ACCOUNT_SID: `AC${'a'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'secret',
  TWILIO_FROM: '+15005550006',
};

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('no stdout');
  const [line]: unknown[] = await once(createInterface(stdout), 'line');
  return String(line);
}

const main = (name: string): string => new URL(`../../sandbox/${name}/main.ts`, import.meta.url).pathname;

// They share sandbox/sim/process.ts, so each has another end: starting one takes a second.
test.each([
  ['stripe', 'SIGINT', /^stripe http:\/\/127\.0\.0\.1:\d+$/],
  ['twilio', 'SIGTERM', /^twilio http:\/\/127\.0\.0\.1:\d+$/],
] as const)('%s as a process of its own says its address and ends on %s', async (name, signal, line) => {
  const child = spawn(process.execPath, ['--import', 'tsx', main(name)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  expect(await firstLine(child)).toMatch(line);
  const ended = once(child, 'exit');
  child.kill(signal);
  expect(await ended).toEqual([0, null]);
});

test('smtp as a process of its own says its addresses and ends when its parent is gone', async () => {
  const child = fork(main('smtp'), [], {
    env,
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.push(child);
  expect(await firstLine(child)).toMatch(/^smtp smtp:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+$/);
  const ended = once(child, 'exit');
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

test('a missing or live key is refused with the name of the variable', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', main('stripe')], {
    env: { ...env, STRIPE_SECRET_KEY: 'sk_live_1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(said).toContain('STRIPE_SECRET_KEY');
  expect(said).not.toContain('sk_live_1');
});
