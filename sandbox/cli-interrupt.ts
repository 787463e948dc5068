/** Ctrl-C, SIGTERM and SIGHUP as one thing to wait for; a second one ends the process at once. */
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export interface Interrupt {
  /** Resolves with the exit code that the signal stands for. */
  readonly happened: Promise<number>;
  /** @throws InterruptedError when a signal came. */
  check(): void;
  /** `work`, unless a signal comes first. @throws InterruptedError then; `work` goes on. */
  race<T>(work: Promise<T>): Promise<T>;
}

export class InterruptedError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('interrupted');
    this.name = 'InterruptedError';
    this.exitCode = exitCode;
  }
}

/** Listens from now on. */
export function listenForInterrupt(onFirst: () => void = () => undefined): Interrupt {
  let exitCode: number | undefined;
  const happened = new Promise<number>((resolve) => {
    for (const [signal, number] of Object.entries(numbers)) {
      process.on(signal, () => {
        // The guardian ends what is still running.
        if (exitCode !== undefined) process.exit(exitCode);
        exitCode = 128 + number;
        onFirst();
        resolve(exitCode);
      });
    }
  });
  const interrupted = happened.then((code) => Promise.reject(new InterruptedError(code)));
  interrupted.catch(() => undefined);
  return {
    happened,
    check: () => {
      if (exitCode !== undefined) throw new InterruptedError(exitCode);
    },
    race: (work) => Promise.race([work, interrupted]),
  };
}
