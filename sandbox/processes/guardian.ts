import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Signals that ask a process to stop in order. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

const SCRIPT = fileURLToPath(new URL('guardian.sh', import.meta.url));

/**
 * Tells a small process outside our own process group what to stop and remove when this process is gone, however it
 * ends. The guardian learns of our end because the pipe closes, so it needs no polling and cannot mistake a reused
 * process id for us.
 */
export class Guardian {
  readonly #members = new Map<number, StopSignal>();
  /** Lines about files, told again to a new guardian. */
  readonly #files: string[] = [];
  #process: ChildProcess | undefined;
  #closed = false;

  constructor() {
    this.#spawn();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** `pid` must lead a process group. */
  add(pid: number, signal: StopSignal): void {
    this.#members.set(pid, signal);
    this.#tell(addLine(pid, signal));
  }

  drop(pid: number): void {
    this.#members.delete(pid);
    this.#tell(`drop ${pid}\n`);
  }

  /** The file is removed the moment this process ends without close(), before the world's processes are. */
  hideAtEnd(path: string): void {
    this.#tellFile('hide', path);
  }

  /**
   * `path` is removed, with what it holds, once the world's processes have ended because this one did without close().
   */
  removeAtEnd(path: string): void {
    this.#tellFile('remove', path);
  }

  #tellFile(verb: 'hide' | 'remove', path: string): void {
    if (path.includes('\n') || !path.startsWith('/')) {
      throw new Error(`cannot guard the path ${JSON.stringify(path)}: it must be absolute and on one line`);
    }
    const line = `${verb} ${path}\n`;
    this.#files.push(line);
    this.#tell(line);
  }

  /** Everything was stopped in order: the guardian ends and touches nothing. */
  async close(): Promise<void> {
    this.#closed = true;
    const guardian = this.#process;
    if (!guardian || guardian.exitCode !== null || guardian.signalCode !== null) return;
    guardian.ref();
    const ended = new Promise<void>((resolve) => guardian.once('exit', () => resolve()));
    guardian.stdin?.end('quit\n');
    await ended;
  }

  #spawn(): void {
    // detached: a Ctrl-C in the terminal, or a kill of our whole group, must not reach it.
    const guardian = spawn('/bin/sh', [SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#process = guardian;
    guardian.unref();
    guardian.stdin.on('error', () => undefined); // it was killed: the exit handler replaces it
    guardian.once('exit', () => {
      if (!this.#closed) this.#spawn();
    });
    for (const [pid, signal] of this.#members) this.#tell(addLine(pid, signal));
    for (const line of this.#files) this.#tell(line);
  }

  #tell(line: string): void {
    this.#process?.stdin?.write(line);
  }
}

function addLine(pid: number, signal: StopSignal): string {
  return `add ${pid} ${signal.slice('SIG'.length)}\n`;
}
