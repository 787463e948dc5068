import type { ProcessSpec } from '../processes/managed.ts';
import type { OnProgress } from '../progress.ts';

/** Where the core's parts are reached. */
export interface CoreAddresses {
  readonly temporal: { readonly address: string; readonly namespace: string; readonly webUi: string };
  readonly postgres: {
    /** The application's login, `boxoffice`: under row-level security, owns nothing. */
    readonly application: string;
    /** The login `boxoffice_owner`, which owns the database and runs the migrations. */
    readonly owner: string;
  };
  readonly valkey: { readonly url: string };
  readonly anvil: { readonly rpc: string; readonly chainId: number };
}
export type CorePart = keyof CoreAddresses;

/** A part of the core as data: which ports it wants, what it runs on them, where it is then reached. */
export interface Part<Address> {
  readonly portsWanted: number;
  readonly spec: (ports: readonly number[]) => ProcessSpec;
  readonly address: (ports: readonly number[]) => Address;
  /** Runs once, when the process is ready for the first time. */
  readonly firstStart?: (ports: readonly number[]) => Promise<void>;
  /** Runs when the world stops, after the process has ended. */
  readonly close?: () => void;
}

export interface PartContext {
  /** Folder of the world in which the part may keep its state. */
  readonly state: string;
  /** Nobody kills what can be kept in memory. */
  readonly inMemory: boolean;
  /** How often the chain has a block, seconds. */
  readonly blockSeconds: number;
  readonly onProgress: OnProgress | undefined;
  /** Registers what the part keeps outside of the world's folder: removed when the world ends, however it ends. */
  readonly removeAtEnd: (path: string) => void;
}

/** The n-th port a part asked for. */
export function portAt(ports: readonly number[], index: number): number {
  const port = ports[index];
  if (port === undefined) throw new RangeError(`port ${index} was not asked for`);
  return port;
}
