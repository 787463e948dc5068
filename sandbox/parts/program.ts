import type { ProcessSpec } from '../processes/managed.ts';
import { nodeArguments } from '../processes/node-program.ts';
import { isListening } from '../processes/ports.ts';

/** A Node program of the project that joins a world: a simulator, the worker, the API. */
export interface Program {
  readonly name: string;
  /** Absolute path of the TypeScript file to run. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** It is ready when the URL answers 2xx, or when something listens on the port of 127.0.0.1. */
  readonly ready: { readonly url: string } | { readonly port: number };
  /** How long a stop waits before it becomes a SIGKILL; 10 s by default, a worker's drain. */
  readonly graceMs?: number;
  /** Two minutes by default: a busy machine is slow, not broken. */
  readonly readyWithinMs?: number;
}

export function programSpec(program: Program): ProcessSpec {
  const { ready } = program;
  return {
    name: program.name,
    command: process.execPath,
    args: nodeArguments(program.file, program.args),
    env: { ...process.env, ...program.env },
    stopSignal: 'SIGTERM',
    graceMs: program.graceMs ?? 10_000,
    readyWithinMs: program.readyWithinMs ?? 120_000,
    ready: async () =>
      'url' in ready ? (await fetch(ready.url, { signal: AbortSignal.timeout(2_000) })).ok : isListening(ready.port),
  };
}
