import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Guardian } from '../../sandbox/processes/guardian.ts';
import { ManagedProcess, PortTakenError, type ProcessSpec } from '../../sandbox/processes/managed.ts';
import { nodeArguments } from '../../sandbox/processes/node-program.ts';
import { isListening, PortBlock } from '../../sandbox/processes/ports.ts';
import { until } from '../../sandbox/processes/until.ts';

let dir: string;
let guardian: Guardian;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'boxoffice-processes-'));
  guardian = new Guardian();
});
afterEach(async () => {
  await guardian.close();
  await rm(dir, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function shell(script: string, more: Partial<ProcessSpec> = {}): ManagedProcess {
  const spec: ProcessSpec = {
    name: 'part',
    command: '/bin/sh',
    args: ['-c', script],
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
    ready: async () => true,
    readyWithinMs: 5_000,
    ...more,
  };
  return new ManagedProcess(spec, path.join(dir, 'part.log'), guardian, () => undefined);
}

const exists = async (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

describe('a managed process', () => {
  test('that ends before it is ready is an error with the end of its log', async () => {
    const part = shell('echo the disk is full >&2; exit 3', { ready: async () => false });
    await expect(part.start()).rejects.toThrow(/part ended before it was ready; .*part\.log:\nthe disk is full/);
    expect(part.pid).toBeUndefined();
  });

  test('that is not ready in time is an error and is gone', async () => {
    let pid: number | undefined;
    const part = shell('exec sleep 60', {
      readyWithinMs: 100,
      ready: async () => {
        pid = part.pid;
        return false;
      },
    });
    await expect(part.start()).rejects.toThrow('part was not ready after 0.1 s');
    expect(pid).toBeDefined();
    expect(isAlive(pid ?? 0)).toBe(false);
  });

  test('tells a taken port from other faults', async () => {
    const part = shell('echo "bind: address already in use"; exit 1', { ready: async () => false });
    await expect(part.start()).rejects.toBeInstanceOf(PortTakenError);
  });

  test('is tried again while its predecessor goes away', async () => {
    const second = path.join(dir, 'second');
    const part = shell(`[ -e '${second}' ] && exec sleep 60; touch '${second}'; echo still in use; exit 1`, {
      tryAgainOn: /still in use/,
      ready: async () => exists(second),
    });
    await part.start();
    await part.kill('SIGKILL');
  });

  test('that ignores the request to stop is killed after the grace, with its helpers', async () => {
    const helper = path.join(dir, 'helper');
    const part = shell(`trap '' TERM; sleep 60 & echo $! > '${helper}'; wait; wait; sleep 60`, {
      graceMs: 200,
      ready: async () => /\d\n/.test(await readFile(helper, 'utf8')),
    });
    await part.start();
    const helperPid = Number(await readFile(helper, 'utf8'));
    await part.stop();
    expect(part.pid).toBeUndefined();
    expect(await until(async () => !isAlive(helperPid), { withinMs: 2_000 })).toBe(true);
  });
});

describe('the guardian', () => {
  /** A parent that guards a stubborn and a meek process and a folder with a space in its name, and says their ids. */
  const PARENT = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { Guardian } from ${JSON.stringify(new URL('../../sandbox/processes/guardian.ts', import.meta.url).href)};
    const guardian = new Guardian();
    const started = [];
    for (const script of ['exec sleep 60', "trap '' TERM; echo trapped; while :; do sleep 60; done"]) {
      const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      guardian.add(child.pid, 'SIGTERM');
      if (script.includes('trapped')) await once(child.stdout, 'data');
      started.push(child.pid);
    }
    guardian.removeAtEnd(process.argv[2]);
    guardian.hideAtEnd(process.argv[2] + '.json');
    if (process.argv[3] === 'guardian-killed') {
      const first = guardian.pid;
      process.kill(first, 'SIGKILL');
      while (guardian.pid === first) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log(JSON.stringify([...started, guardian.pid]));
    setInterval(() => undefined, 1000);
  `;

  test.each(['untouched', 'guardian-killed'])(
    'ends and removes everything when its parent is killed (%s)',
    async (mode) => {
      const leftover = path.join(dir, 'left over');
      await mkdir(leftover);
      await writeFile(path.join(leftover, 'file'), '');
      await writeFile(`${leftover}.json`, '');
      const script = path.join(dir, 'parent.mts');
      await writeFile(script, PARENT);
      const args = nodeArguments(script, [leftover, mode]);
      const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line]: unknown[] = await once(parent.stdout, 'data');
      const pids: unknown = JSON.parse(String(line));
      if (!Array.isArray(pids)) throw new Error(`the parent said ${String(line)}`);
      expect(pids.map(Number).map(isAlive)).toEqual([true, true, true]);

      parent.kill('SIGKILL');
      expect(await until(async () => !(await exists(`${leftover}.json`)), { withinMs: 15_000 })).toBe(true);
      expect(await exists(leftover)).toBe(true); // the stubborn process may still need it
      expect(await until(async () => !pids.map(Number).some(isAlive), { withinMs: 15_000 })).toBe(true);
      expect(await exists(leftover)).toBe(false);
    },
  );

  test('touches nothing after an orderly close', async () => {
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const { pid } = bystander;
    if (pid === undefined) throw new Error('sleep was not spawned');
    const own = new Guardian();
    own.add(pid, 'SIGTERM');
    await own.close();
    expect(isAlive(pid)).toBe(true);
    bystander.kill('SIGKILL');
  });

  test('refuses a path that it could misread', () => {
    expect(() => guardian.removeAtEnd('relative/path')).toThrow(/must be absolute/);
    expect(() => guardian.removeAtEnd('/a\nremove /b')).toThrow(/on one line/);
  });
});

describe('ports', () => {
  test('two worlds never get the same ones, and a port in use is passed over', async () => {
    const [first, second] = [await PortBlock.reserve(), await PortBlock.reserve()];
    const taken = await first.take();
    const occupant = createServer().listen(taken + 1, '127.0.0.1');
    await once(occupant, 'listening');
    const ports = [taken, await first.take(), await first.take(), await second.take(), await second.take()];
    expect(new Set(ports).size).toBe(ports.length);
    expect(ports).not.toContain(taken + 1);
    expect(await isListening(taken)).toBe(false);
    expect(await isListening(taken + 1)).toBe(true);
    occupant.close();
    await Promise.all([first.release(), second.release()]);
  });
});
