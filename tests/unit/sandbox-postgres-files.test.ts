import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyOnce } from '../../sandbox/parts/postgres-files.ts';

let root: string;
let native: string;
let copy: string;

/** A package as npm leaves it when its install script did not run: private, and without its links. */
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'boxoffice-postgres-files-'));
  native = path.join(root, 'native');
  copy = path.join(root, 'shared', 'postgres-18');
  for (const folder of ['bin', 'lib', 'share'])
    await mkdir(path.join(native, folder), { recursive: true, mode: 0o700 });
  for (const file of ['bin/postgres', 'lib/libpq.so.5.18', 'share/postgres.bki']) {
    await writeFile(path.join(native, file), file, { mode: 0o600 });
  }
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(path.join(native, 'pg-symlinks.json'), JSON.stringify(links), { mode: 0o600 });
});
afterEach(async () => rm(root, { recursive: true }));

const mode = async (file: string): Promise<number> => (await stat(path.join(copy, file))).mode & 0o777;

test('a copy has its links, can be read and run by everybody, and is made once', async () => {
  expect(await copyOnce(native, copy)).toBe(copy);
  expect(await readlink(path.join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
  expect(await Promise.all(['', 'bin', 'bin/postgres', 'share/postgres.bki'].map(mode))).toEqual([
    0o755, 0o755, 0o755, 0o644,
  ]);
  const { ino } = await stat(copy);
  await copyOnce(native, copy);
  expect((await stat(copy)).ino).toBe(ino);
  expect(await readdir(path.dirname(copy))).toEqual(['postgres-18']);
});

test('several at once all get a whole one', async () => {
  const copies = await Promise.all(Array.from({ length: 5 }, async () => copyOnce(native, copy)));
  expect(new Set(copies)).toEqual(new Set([copy]));
  expect((await readdir(copy, { recursive: true })).length).toBe(8);
  expect(await readdir(path.dirname(copy))).toEqual(['postgres-18']);
});

test.each(['share/postgres.bki', 'lib/libpq.so.5'])('a copy that lost %s is left to who runs from it', async (lost) => {
  await copyOnce(native, copy);
  await rm(path.join(copy, lost));
  const second = await copyOnce(native, copy);
  expect(second).not.toBe(copy);
  expect((await readdir(second, { recursive: true })).length).toBe(8);
  expect(await copyOnce(native, copy)).toBe(second);
});

test('a copy that others may write to is not used', async () => {
  await copyOnce(native, copy);
  await chmod(copy, 0o777);
  expect(await copyOnce(native, copy)).not.toBe(copy);
});
