import type { Environment } from './settings.ts';

/** What a command has around it that asks the API and not Temporal. */
export interface Output {
  env: Environment;
  /** Text for people, or `data` as JSON with --json. */
  print: (text: string, data: unknown) => void;
  out: (text: string) => void;
  err: (text: string) => void;
  /** The command was understood, and the answer is no. */
  fail: () => void;
}
