/** Starting and stopping a world in front of a person: what both `npm run sandbox` and `npm run demo` do. */
import { rmdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { startBoxoffice, type BoxofficeOptions, type RunningBoxoffice } from './boxoffice.ts';
import { InterruptedError, type Interrupt } from './cli-interrupt.ts';
import { createSteps, say, type Screen } from './cli-steps.ts';
import { progressLine, type WorldProgress } from './progress.ts';

export interface ShownStart extends Pick<BoxofficeOptions, 'dir' | 'temporary'> {
  screen: Screen;
  interrupt: Interrupt;
}

/** What a world is made of, for a person who sees it for the first time. */
const parts = {
  temporal: 'the engine and its Web UI',
  postgres: 'claims, ledger, payments',
  valkey: 'the pace of the lanes',
  anvil: 'an EVM chain for the tickets',
  stripe: 'simulator of the card provider',
  smtp: 'simulator of the mail server',
  worker: 'runs workflows and activities',
  api: 'HTTP API',
};

/** Elsewhere than on a terminal a download says something this often. Milliseconds. */
const downloadLineEveryMs = 2_000;

/**
 * Starts a world with a live list of its parts.
 * @throws InterruptedError when a signal came meanwhile; what was started is stopped by then.
 */
export async function startShown({ screen, interrupt, ...options }: ShownStart): Promise<RunningBoxoffice> {
  const steps = createSteps(screen, parts);
  const abort = new AbortController();
  void interrupt.happened.then((exitCode) => abort.abort(new InterruptedError(exitCode)));
  const show = showOf(steps, screen.live);
  let up = false;
  try {
    const running = await startBoxoffice({
      ...options,
      signal: abort.signal,
      onProgress: (progress) => {
        if (!up) show(progress);
      },
      onUnexpectedExit: (name) => say(screen, endedAlone(name, options.dir)),
    });
    up = true;
    return running;
  } catch (error) {
    interrupt.check(); // a Ctrl-C reaches our helpers too, and their end is no fault then
    throw error;
  } finally {
    steps.close();
  }
}

const endedAlone = (name: string, dir: string) =>
  `${name} ended although nobody stopped it: its log is ${path.join(path.resolve(dir), 'logs', `${name}.log`)}`;

function showOf(steps: ReturnType<typeof createSteps>, live: boolean): (progress: WorldProgress) => void {
  const saidAt = new Map<string, number>();
  return (progress) => {
    const { kind, name } = progress;
    if (kind === 'starting') return steps.set(name, 'running');
    if (kind === 'ready') return steps.set(name, 'done');
    const quiet = !live && !progress.done && Date.now() - (saidAt.get(name) ?? 0) < downloadLineEveryMs;
    if (quiet) return;
    saidAt.set(name, Date.now());
    const said = progressLine(progress);
    steps.set(name, 'running', said.slice(said.indexOf(': ') + 2));
  };
}

/** What a signal does first: nothing is redrawn from here on. */
export function sayStopping(screen: Screen): void {
  screen.steps?.close();
  screen.write('\nstopping, in order; once more Ctrl-C ends it at once\n');
}

/** Short where it lies below the working directory. */
export function shownPath(file: string): string {
  const relative = path.relative('', file);
  return relative === '' || relative.startsWith('..') ? path.resolve(file) : relative;
}

/** Removes a temporary world's folder, and the one that held it when nothing else is in there. */
export async function removeFolder(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  await rmdir(path.dirname(dir)).catch(() => undefined); // another world lives there
}
