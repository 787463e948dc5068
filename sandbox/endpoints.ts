import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { worldFolder } from './world-folder.ts';

/**
 * Where everything of a running world is reached: the content of `.sandbox/endpoints.json`. Everything listens on
 * 127.0.0.1.
 */
export const EndpointsSchema = Type.Object({
  temporal: Type.Object({ address: Type.String(), namespace: Type.String() }),
  /** Base URL of the Temporal Web UI. */
  webUi: Type.String(),
  /** Base URL of the HTTP API. */
  api: Type.String(),
  /** Connection string of the application's login, under row-level security. */
  postgres: Type.String(),
  /** Connection string of the role that owns the tables. */
  postgresOwner: Type.String(),
  redis: Type.String(),
  /** Base URLs of the simulators. */
  stripe: Type.String(),
  twilio: Type.String(),
  /** `inbox` is the URL that lists the mail received. */
  smtp: Type.Object({ host: Type.String(), port: Type.Integer(), inbox: Type.String() }),
  chainRpc: Type.String(),
  chain: Type.Object({ contract: Type.String(), chainId: Type.Integer() }),
  /** URL of the Prometheus metrics. */
  metrics: Type.String(),
  /** URL of the Temporal SDK's own. */
  sdkMetrics: Type.Optional(Type.String()),
  /** `tokens[tenant][role]` is a bearer token of the API; `approver2` is a second approver. */
  tokens: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  /** Process ids by name, as they are now: a part that was killed is missing until it is started again. */
  pids: Type.Record(Type.String(), Type.Integer()),
});
export type Endpoints = Static<typeof EndpointsSchema>;

/**
 * Reads the endpoints of the world that runs in `dir` (usually `.sandbox`).
 * @throws Error when no world runs there, or the file does not say what it should.
 */
export async function readEndpoints(dir: string): Promise<Endpoints> {
  const file = worldFolder(dir).endpoints;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(`no sandbox is running here (${file} is missing): npm run sandbox`, { cause: error });
    }
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (Value.Check(EndpointsSchema, value)) return value;
  const faults = Value.Errors(EndpointsSchema, value).map((fault) => `${fault.instancePath || '/'} ${fault.message}`);
  throw new Error(`${file} is not an endpoints file: ${faults.join('; ')}. Stop the sandbox and start it again`);
}

/** Replaces the file in one step; readable by its owner only, because it holds tokens and passwords. */
export async function writeEndpoints(file: string, endpoints: Endpoints): Promise<void> {
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify(endpoints, undefined, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}
