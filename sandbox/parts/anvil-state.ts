import { copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';

const COPY_EVERY_MS = 1_000;

/**
 * Anvil writes its state over the old one, so a kill in the middle of that (measured: 4 % of the time for a chain of
 * two hours) leaves half a file, with which it does not start. Until the returned function is called, the last whole
 * state is kept beside it.
 */
export function keepCopy(state: string): () => void {
  let copiedAt = 0;
  let copying = false;
  const timer = setInterval(() => {
    if (copying) return;
    copying = true;
    void copyIfWhole(state, copiedAt)
      .then((changedAt) => {
        copiedAt = changedAt;
        return undefined;
      })
      .catch(() => undefined) // not written yet, or just gone: the next second tries again
      .finally(() => {
        copying = false;
      });
  }, COPY_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Before a start: puts the last whole state in the place of half a one. */
export async function mendState(state: string): Promise<void> {
  const text = await readFile(state, 'utf8').catch(() => undefined);
  if (text === undefined || isJson(text)) return;
  await rm(state);
  // Killed while it wrote for the first time: there is no copy, and the chain starts anew.
  await rename(copyOf(state), state).catch(() => undefined);
}

/** Answers when the copied state was written, in milliseconds since 1970. */
async function copyIfWhole(state: string, copiedAt: number): Promise<number> {
  const before = await stat(state);
  if (before.mtimeMs === copiedAt) return copiedAt;
  const fresh = `${copyOf(state)}.fresh`;
  await copyFile(state, fresh);
  const after = await stat(state);
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size || !(await endsAsObject(fresh))) return copiedAt;
  await rename(fresh, copyOf(state));
  return before.mtimeMs;
}

/** Parsing megabytes every second would hold everything else up; mendState parses. */
async function endsAsObject(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return buffer.toString('utf8') === '}';
  } finally {
    await handle.close();
  }
}

function copyOf(state: string): string {
  return `${state}.whole`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
