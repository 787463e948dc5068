/** How far a measurement is, for people who wait. */
import { createSteps, type Screen } from '../sandbox/cli-steps.ts';

/** Elsewhere than on a terminal a line comes this often. Milliseconds. */
const lineEveryMs = 10_000;

export interface Progress {
  begin(name: string): void;
  /** Said when it is due. */
  note(name: string, text: string): void;
  end(name: string, ok: boolean, text: string): void;
  close(): void;
}

export function createProgress(screen: Screen, names: readonly string[]): Progress {
  const steps = createSteps(screen, Object.fromEntries(names.map((name) => [name, ''])));
  let saidAt = 0;
  return {
    begin: (name) => {
      saidAt = Date.now();
      steps.set(name, 'running');
    },
    note: (name, text) => {
      if (!screen.live && Date.now() - saidAt < lineEveryMs) return;
      saidAt = Date.now();
      steps.set(name, 'running', text);
    },
    end: (name, ok, text) => steps.set(name, ok ? 'done' : 'failed', text),
    close: () => steps.close(),
  };
}
