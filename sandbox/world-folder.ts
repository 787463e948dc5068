import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What a world keeps in its folder. Only `logs` stays after it has stopped. */
export interface WorldFolder {
  readonly dir: string;
  readonly logs: string;
  readonly state: string;
  readonly lock: string;
  readonly endpoints: string;
}

interface Owner {
  readonly pid: number;
  /**
   * Start of that process in the kernel's clock ticks since boot, where the system tells: a reused process id has
   * another one.
   */
  readonly born: string | undefined;
}

export function worldFolder(dir: string): WorldFolder {
  const absolute = path.resolve(dir);
  return {
    dir: absolute,
    logs: path.join(absolute, 'logs'),
    state: path.join(absolute, 'state'),
    lock: path.join(absolute, 'world.lock'),
    endpoints: path.join(absolute, 'endpoints.json'),
  };
}

/**
 * Makes the folder this process's own and empties it of what a crashed world left.
 * @throws Error naming the process when a running world holds it.
 */
export async function claimFolder(folder: WorldFolder): Promise<void> {
  await mkdir(folder.dir, { recursive: true });
  while (!(await tryLock(folder))) {
    const held = await readFile(folder.lock, 'utf8').catch(() => undefined);
    if (held === undefined) continue; // released in the meantime
    const owner = parseOwner(held);
    if (owner !== undefined && (await isAlive(owner))) {
      throw new Error(
        `a world is already running in ${folder.dir} (process ${owner.pid}): stop it first, or give this one another folder with --dir`,
      );
    }
    await removeStaleLock(folder, held);
  }
  for (const leftover of [folder.state, folder.logs, folder.endpoints]) {
    // Retries: processes of the crashed world may still be on their way out, and writing.
    await rm(leftover, { recursive: true, force: true, maxRetries: 20 });
  }
  await mkdir(folder.logs);
  await mkdir(folder.state, { mode: 0o700 });
}

export async function releaseFolder(folder: WorldFolder): Promise<void> {
  for (const own of [folder.endpoints, folder.state, folder.lock]) await rm(own, { recursive: true, force: true });
}

/** A link fails when the name exists and shows a whole file otherwise, so nobody ever reads half a lock. */
async function tryLock(folder: WorldFolder): Promise<boolean> {
  const owner: Owner = { pid: process.pid, born: await bornAt(process.pid) };
  const mine = `${folder.lock}.${randomUUID()}`;
  await writeFile(mine, JSON.stringify(owner));
  try {
    await link(mine, folder.lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Of several that see the same stale lock one moves it away; should that be a fresh one by now, it is put back. */
async function removeStaleLock(folder: WorldFolder, stale: string): Promise<void> {
  const aside = `${folder.lock}.${randomUUID()}`;
  try {
    await rename(folder.lock, aside);
  } catch {
    return; // another one was faster
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, folder.lock).catch(() => undefined);
  await rm(aside, { force: true });
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number')
      return undefined;
    return { pid: value.pid, born: 'born' in value && typeof value.born === 'string' ? value.born : undefined };
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return owner.born === undefined || owner.born === (await bornAt(owner.pid));
}

async function bornAt(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Field 22; the second field is the program's name in parentheses and may hold spaces.
  return line?.slice(line.lastIndexOf(')') + 2).split(' ')[19];
}
