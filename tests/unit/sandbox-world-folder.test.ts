import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder, releaseFolder, worldFolder, type WorldFolder } from '../../sandbox/world-folder.ts';

let folder: WorldFolder;

beforeEach(async () => {
  folder = worldFolder(path.join(await mkdtemp(path.join(tmpdir(), 'boxoffice-folder-')), '.sandbox'));
});
afterEach(async () => rm(path.dirname(folder.dir), { recursive: true }));

/** The id of a process that has ended. */
function endedPid(): number {
  return spawnSync('true').pid;
}

test('a folder with a running world is refused, naming the process', async () => {
  await claimFolder(folder);
  await writeFile(path.join(folder.state, 'precious'), '');
  await expect(claimFolder(folder)).rejects.toThrow(
    `a world is already running in ${folder.dir} (process ${process.pid}): stop it first, or give this one another folder`,
  );
  expect(await readdir(folder.state)).toEqual(['precious']);
});

test('what a crashed world left is cleaned', async () => {
  await mkdir(folder.state, { recursive: true });
  await writeFile(path.join(folder.state, 'old'), '');
  await writeFile(folder.endpoints, '{}');
  await writeFile(folder.lock, JSON.stringify({ pid: endedPid() }));
  await claimFolder(folder);
  expect((await readdir(folder.dir)).sort()).toEqual(['logs', 'state', 'world.lock']);
  expect(await readdir(folder.state)).toEqual([]);
  expect(JSON.parse(await readFile(folder.lock, 'utf8'))).toMatchObject({ pid: process.pid });
});

test.runIf(process.platform === 'linux')(
  'a process id that was given out again does not count as the owner',
  async () => {
    await mkdir(folder.dir, { recursive: true });
    await writeFile(folder.lock, JSON.stringify({ pid: process.pid, born: '1' }));
    await claimFolder(folder);
  },
);

test('of many that find a stale lock at once exactly one gets the folder', async () => {
  await mkdir(folder.dir, { recursive: true });
  await writeFile(folder.lock, JSON.stringify({ pid: endedPid() }));
  const claims = await Promise.allSettled(Array.from({ length: 20 }, async () => claimFolder(folder)));
  expect(claims.filter((claim) => claim.status === 'fulfilled')).toHaveLength(1);
});

test('a released folder keeps its logs only', async () => {
  await claimFolder(folder);
  await writeFile(path.join(folder.logs, 'temporal.log'), 'kept');
  await releaseFolder(folder);
  expect(await readdir(folder.dir)).toEqual(['logs']);
  await claimFolder(folder);
});
