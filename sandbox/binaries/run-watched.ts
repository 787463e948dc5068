import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface WatchedRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Folder whose largest file is the progress: a finished download may be there twice while it is moved. */
  readonly folder: string;
  /** The run is given up when nothing has grown there for so long. */
  readonly stallMs: number;
  /** Called with that file's size in bytes when it has changed. */
  readonly onBytes: (bytes: number) => void;
  /** The run's name in errors. */
  readonly what: string;
}

const WATCH_EVERY_MS = 250;

/** Runs a command to its end and reports how much it has written. @throws Error with the last words of the command. */
export async function runWatched(run: WatchedRun): Promise<void> {
  const child = spawn(run.command, run.args, { env: run.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);

  let stalled = false;
  let bytes = 0;
  let grownAt = Date.now();
  const watch = setInterval(() => {
    void largestFile(run.folder).then((size) => {
      if (size !== bytes) {
        bytes = size;
        grownAt = Date.now();
        run.onBytes(size);
      } else if (Date.now() - grownAt > run.stallMs) {
        stalled = true;
        child.kill('SIGKILL');
      }
      return undefined;
    });
  }, WATCH_EVERY_MS);

  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (stalled) throw new Error(`nothing arrived for ${run.stallMs / 1000} s`);
    if (code !== 0) throw new Error(lastWords(output) || `exit code ${String(code)}`);
  } catch (error) {
    throw new Error(`${run.what} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    clearInterval(watch);
  }
}

/** The line that says what went wrong, without a stack. */
function lastWords(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at ') && !line.startsWith('Node.js v'));
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
}

async function largestFile(folder: string): Promise<number> {
  let largest = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const size = await stat(path.join(entry.parentPath, entry.name)).then(
      (file) => file.size,
      () => 0, // moved away between listing and looking
    );
    largest = Math.max(largest, size);
  }
  return largest;
}
