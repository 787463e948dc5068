import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Guardian, StopSignal } from './guardian.ts';
import { until } from './until.ts';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run as this user instead of our own. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: StopSignal;
  /** After so long a stop becomes a SIGKILL. */
  readonly graceMs: number;
  readonly ready: () => Promise<boolean>;
  readonly readyWithinMs: number;
  /** Runs before every start. */
  readonly beforeStart?: () => Promise<void>;
  /**
   * A start that ends with this in its log is tried again on the same ports: something of the killed predecessor is
   * still going away.
   */
  readonly tryAgainOn?: RegExp;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type KillSignal = 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGQUIT';

/** Somebody else listens on the port that was chosen. */
export class PortTakenError extends Error {}

const PORT_TAKEN = /address already in use|EADDRINUSE|could not bind|Address in use/i;

const TRY_AGAIN_AFTER_MS = 100;

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

/** One process of the world: its own process group, its own log file, startable again after it was killed. */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly logFile: string;
  readonly #guardian: Guardian;
  readonly #onUnexpectedExit: (exit: Exit) => void;
  #running: Running | undefined;
  #endExpected = false;

  constructor(spec: ProcessSpec, logFile: string, guardian: Guardian, onUnexpectedExit: (exit: Exit) => void) {
    this.spec = spec;
    this.logFile = logFile;
    this.#guardian = guardian;
    this.#onUnexpectedExit = onUnexpectedExit;
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  /**
   * Resolves when the process is ready.
   * @throws PortTakenError when its port is taken; Error with the end of its log when it ends before it is ready, or is
   *   not ready in time.
   */
  async start(): Promise<void> {
    if (this.#running) throw new Error(`${this.spec.name} is already running (pid ${this.#running.pid})`);
    await this.spec.beforeStart?.();
    const deadline = performance.now() + this.spec.readyWithinMs;
    for (;;) {
      const logStart = await fileSize(this.logFile);
      const running = await this.#spawn();
      const outcome = await this.#readyOrGone(running, deadline - performance.now());
      if (outcome === 'ready') {
        this.#endExpected = false;
        return;
      }
      if (outcome === 'late') await this.#end('SIGKILL');
      const log = (await readFile(this.logFile)).subarray(logStart).toString('utf8');
      const again = outcome === 'gone' && this.spec.tryAgainOn?.test(log) === true;
      if (!again || performance.now() > deadline) throw this.#failed(outcome, log);
      await delay(TRY_AGAIN_AFTER_MS);
    }
  }

  /** Sends the signal to the process and its helpers and waits for its end. */
  async kill(signal: KillSignal): Promise<void> {
    if (!this.#running) throw new Error(`${this.spec.name} is not running, so it cannot be killed`);
    await this.#end(signal);
  }

  /** Asks it to stop, insists after the grace. Does nothing when it is not running. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const timer = setTimeout(() => signalGroup(running.pid, 'SIGKILL'), this.spec.graceMs);
    try {
      await this.#end(this.spec.stopSignal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #end(signal: KillSignal): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#endExpected = true;
    signalGroup(running.pid, signal);
    await running.exited;
  }

  async #spawn(): Promise<Running> {
    const { spec } = this;
    const log = await open(this.logFile, 'a', 0o600);
    this.#endExpected = true; // until it is ready, start() reports its end
    try {
      const child = spawn(spec.command, spec.args, {
        detached: true, // a group of its own: Ctrl-C reaches us first, and a kill reaches its helpers too
        stdio: ['ignore', log.fd, log.fd],
        ...(spec.env ? { env: spec.env } : {}),
        ...(spec.cwd ? { cwd: spec.cwd } : {}),
        ...spec.user,
      });
      // Before the first await: between spawn and this line nobody would stop the child if we were killed.
      if (child.pid !== undefined) this.#guardian.add(child.pid, spec.stopSignal);
      const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
      await once(child, 'spawn').catch((error: unknown) => {
        throw new Error(`${spec.name} cannot be started: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      });
      const { pid } = child;
      if (pid === undefined) throw new Error(`${spec.name} was spawned without a process id`);
      const running: Running = { child, pid, exited: exited.then((exit) => this.#gone(pid, exit)) };
      this.#running = running;
      return running;
    } finally {
      await log.close();
    }
  }

  #gone(pid: number, exit: Exit): Exit {
    signalGroup(pid, 'SIGKILL'); // helpers that outlived it
    this.#guardian.drop(pid);
    this.#running = undefined;
    if (!this.#endExpected) this.#onUnexpectedExit(exit);
    return exit;
  }

  async #readyOrGone(running: Running, withinMs: number): Promise<'ready' | 'late' | 'gone'> {
    const stopLooking = new AbortController();
    const ready = until(this.spec.ready, { withinMs, signal: stopLooking.signal });
    const first = await Promise.race([ready, running.exited]);
    stopLooking.abort();
    if (first === true && this.#running === running) return 'ready';
    return first === false ? 'late' : 'gone';
  }

  #failed(outcome: 'late' | 'gone', log: string): Error {
    const { name, readyWithinMs } = this.spec;
    const what = outcome === 'late' ? `was not ready after ${readyWithinMs / 1000} s` : 'ended before it was ready';
    const end = log.trimEnd().split('\n').slice(-12).join('\n');
    const message = `${name} ${what}; the end of its log ${this.logFile}:\n${end}`;
    return PORT_TAKEN.test(log) ? new PortTakenError(message) : new Error(message);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: already gone. EPERM: how macOS says that only a zombie is left.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

async function fileSize(file: string): Promise<number> {
  return stat(file).then(
    (info) => info.size,
    () => 0,
  );
}
