/** Where things are: the environment first, else the sandbox that runs in `--dir`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BoxofficeOptions } from '../client/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The command was called in a way that cannot work: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Settings {
  temporal: Exclude<BoxofficeOptions['temporal'], { client: unknown }>;
  /** Base URL of the Web UI, where it is known. */
  webUi?: string;
}

interface Endpoints {
  temporal: { address: string; namespace: string };
  webUi?: string;
}

const isEndpoints = (value: unknown): value is Endpoints => {
  if (value === null || typeof value !== 'object' || !('temporal' in value)) return false;
  const { temporal } = value;
  return temporal !== null && typeof temporal === 'object' && 'address' in temporal && 'namespace' in temporal;
};

/** Undefined where there is no such file. @throws UsageError where it is no JSON. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read as JSON`, { cause: error });
  }
}

export function readSettings(env: Environment, dir: string): Settings {
  if (env['TEMPORAL_ADDRESS']) return fromEnvironment(env, env['TEMPORAL_ADDRESS']);
  const file = path.join(dir, 'endpoints.json');
  const endpoints = readJson(file);
  if (endpoints === undefined)
    throw new UsageError(
      `TEMPORAL_ADDRESS is not set and no sandbox runs here (${file} is missing). Set it to the Temporal frontend's host:port, or start one with "npm run sandbox"`,
    );
  if (!isEndpoints(endpoints)) throw new UsageError(`${file} is not an endpoints file; start the sandbox again`);
  const { temporal, webUi } = endpoints;
  return { temporal, ...(webUi === undefined ? {} : { webUi }) };
}

function fromEnvironment(env: Environment, address: string): Settings {
  const pem = (name: string) => {
    const value = env[name];
    return value ? Buffer.from(value.includes('-----BEGIN') ? value : readFileSync(value)) : undefined;
  };
  const ca = pem('TEMPORAL_TLS_CA');
  const crt = pem('TEMPORAL_TLS_CERT');
  const key = pem('TEMPORAL_TLS_KEY');
  const apiKey = env['TEMPORAL_API_KEY'];
  const tls = {
    ...(ca ? { serverRootCACertificate: ca } : {}),
    ...(crt && key ? { clientCertPair: { crt, key } } : {}),
  };
  return {
    temporal: {
      address,
      namespace: env['TEMPORAL_NAMESPACE'] || 'default',
      ...(apiKey ? { apiKey } : {}),
      ...(ca || crt || apiKey ? { tls } : {}),
    },
    ...(env['TEMPORAL_UI_URL'] ? { webUi: env['TEMPORAL_UI_URL'] } : {}),
  };
}

/** The sandbox's private key. */
export function readSigningKey(dir: string, name: string): Record<string, unknown> {
  const file = path.join(dir, name);
  const key = readJson(file);
  if (key === undefined || key === null || typeof key !== 'object')
    throw new UsageError(
      `no sandbox runs here (${file} is missing): start one with "npm run sandbox", or name its folder with --dir. Outside the sandbox, tokens come from your identity provider`,
    );
  return { ...key };
}
