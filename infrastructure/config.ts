/**
 * Configuration: environment only, checked whole at start. `loadConfig(env, parts)` names every fault of the requested
 * parts at once, so that nobody restarts six times to find six mistakes. Any variable may come from a file instead:
 * `STRIPE_SECRET_KEY_FILE=/run/secrets/stripe`.
 */
import { readFileSync } from 'node:fs';
import { Type, type Static, type TObject } from 'typebox';
import { Convert } from 'typebox/value';
import { createValidator, InvalidRequestError } from '../contracts/schema/validate.ts';
import { laneNames, workflowQueues } from '../contracts/task-queues.ts';
import { readLimits } from '../contracts/lane-limits.ts';
import { ProofKeyError, readProofKeys, readSigningKey } from './proof-keys.ts';

export class ConfigurationError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    );
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

const text = (description: string) => Type.String({ minLength: 1, description });
const optional = (description: string) => Type.Optional(text(description));
const url = (schemes: string, description: string) => Type.String({ pattern: `^(${schemes})://\\S+$`, description });
const port = (name: string, fallback: number) =>
  Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: fallback,
    description: `a port, 0 to 65535 (0: any free one; ${name})`,
  });
const count = (fallback: number, maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, default: fallback, description });

/** The parts that a process can ask for. Each is the environment of one outside thing. */
export const parts = {
  process: Type.Object({
    NODE_ENV: Type.Optional(
      Type.Enum(['production', 'development', 'test'], { description: 'production, development or test' }),
    ),
    LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      description: 'trace, debug, info, warn, error, fatal or silent',
    }),
  }),
  temporal: Type.Object({
    TEMPORAL_ADDRESS: Type.String({ pattern: '^\\S+:\\d+$', description: "the Temporal frontend's host:port" }),
    TEMPORAL_NAMESPACE: Type.String({ minLength: 1, default: 'default', description: 'a namespace' }),
    TEMPORAL_API_KEY: optional('an API key of Temporal Cloud'),
    TEMPORAL_TLS_CA: optional('a PEM certificate'),
    TEMPORAL_TLS_CERT: optional('a PEM certificate'),
    TEMPORAL_TLS_KEY: optional('a PEM private key'),
    TEMPORAL_UI_URL: Type.Optional(url('https?', 'the address of the Web UI, http(s)://…')),
  }),
  database: Type.Object({
    DATABASE_URL: Type.Optional(
      url(
        'postgres(ql)?',
        'postgres://user:password@host:port/name (or DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME)',
      ),
    ),
    DB_HOST: optional('a host'),
    DB_PORT: Type.Integer({ minimum: 1, maximum: 65_535, default: 5432, description: 'a port' }),
    DB_USER: optional('the application role, which owns no table'),
    DB_PASSWORD: optional('its password'),
    DB_NAME: optional('the database'),
    DB_POOL_MIN: Type.Integer({ minimum: 0, maximum: 100, default: 0, description: '0 to 100 idle connections' }),
    DB_POOL_MAX: count(10, 500, '1 to 500 connections'),
  }),
  stripe: Type.Object({
    STRIPE_SECRET_KEY: Type.String({
      pattern: '^(sk|rk)_(test|live)_\\S+$',
      description: 'sk_test_…, sk_live_… or a restricted rk_… key',
    }),
    STRIPE_API_BASE: Type.Optional(url('https?', "another address than Stripe's own, e.g. the simulator's")),
  }),
  stripeWebhook: Type.Object({
    STRIPE_WEBHOOK_SECRET: Type.String({
      pattern: '^whsec_\\S+$',
      description: "the webhook endpoint's signing secret, whsec_…",
    }),
    STRIPE_CONNECT_WEBHOOK_SECRET: Type.Optional(
      Type.String({
        pattern: '^whsec_\\S+$',
        description: 'the signing secret of the webhook endpoint for connected accounts, whsec_…',
      }),
    ),
    STRIPE_LIVEMODE: Type.Boolean({
      default: false,
      description: 'true where the keys are live keys; events of the other mode are refused',
    }),
  }),
  chain: Type.Object({
    CHAIN_RPC_URL: url('https?', "the chain node's address, http(s)://…"),
    CHAIN_ID: Type.Integer({ minimum: 1, description: 'the chain id, e.g. 1, 137 or 31337' }),
    CHAIN_CONTRACT_ADDRESS: Type.String({
      pattern: '^0x[0-9a-fA-F]{40}$',
      description: '0x and 40 hex digits (`boxoffice setup` deploys one)',
    }),
    CHAIN_ISSUER_KEY: Type.String({
      pattern: '^0x[0-9a-fA-F]{64}$',
      description: "the issuer's private key, 0x and 64 hex digits",
    }),
    CHAIN_CONFIRMATIONS: count(2, 200, '1 to 200 blocks'),
    CHAIN_BUMP_AFTER_SECONDS: count(45, 90, '1 to 90 seconds'),
    CHAIN_MAX_FEE_GWEI: count(500, 1_000_000, '1 to 1000000 gwei per gas'),
  }),
  mail: Type.Object({
    SMTP_URL: url('smtps?', 'smtp(s)://user:password@host:port'),
    MAIL_FROM: text('the sender, e.g. Boxoffice <tickets@example.com>'),
  }),
  sms: Type.Object({
    TWILIO_ACCOUNT_SID: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$', description: 'AC and 32 hex digits' }),
    TWILIO_AUTH_TOKEN: text("the account's auth token"),
    TWILIO_FROM: Type.String({
      pattern: '^(\\+[1-9]\\d{6,14}|MG[0-9a-fA-F]{32})$',
      description: 'the sender: a number in E.164, e.g. +15005550006, or a messaging service, MG and 32 hex digits',
    }),
    TWILIO_API_BASE: Type.Optional(url('https?', "another address than Twilio's own, e.g. the simulator's")),
  }),
  lanes: Type.Object({
    LIMITER: Type.Enum(['memory'], { description: 'memory (one process paces for itself; refused in production)' }),
    RATE_LIMITS: Type.Optional(Type.Enum(['unpaced'], { description: 'unpaced, or absent' })),
    RETRY_SCALE: Type.Number({
      minimum: 0.001,
      maximum: 1,
      default: 1,
      description: "0.001 to 1: shortens the contract's back-off, for tests",
    }),
  }),
  worker: Type.Object({
    WORKER_LANES: Type.Optional(
      Type.String({
        pattern: `^(${[...workflowQueues, ...laneNames].join('|')})(,(${[...workflowQueues, ...laneNames].join('|')}))*$`,
        description: `task queues separated by commas: ${[...workflowQueues, ...laneNames].join(', ')}`,
      }),
    ),
    WORKER_SHUTDOWN_GRACE_SECONDS: count(
      25,
      600,
      '1 to 600 seconds; less than what your orchestrator waits before it kills',
    ),
    WORKER_MAX_CACHED_WORKFLOWS: count(500, 100_000, '1 to 100000 workflows'),
    WORKFLOW_BUNDLE: optional('the path of a prebuilt workflow bundle'),
    DECISION_KEYS: text(
      "the public halves of the API's DECISION_SIGNING_KEY as a JSON Web Key Set, each with a kid (docs/operations.md)",
    ),
    METRICS_HOST: Type.String({ default: '127.0.0.1', description: 'the address that metrics listen on' }),
    METRICS_PORT: port('metrics', 9464),
  }),
  api: Type.Object({
    API_HOST: Type.String({ default: '127.0.0.1', description: 'the address that the API listens on' }),
    API_PORT: port('the API', 8080),
    JWT_ISSUER: text('the issuer (iss) of accepted tokens'),
    JWT_AUDIENCE: text('the audience (aud) of accepted tokens'),
    JWT_JWKS: Type.Optional(
      Type.String({ pattern: '^\\s*\\{', description: 'the JSON Web Key Set of the public keys (or JWT_JWKS_URL)' }),
    ),
    JWT_JWKS_URL: Type.Optional(url('https?', 'where the JSON Web Key Set is (or JWT_JWKS)')),
    API_DOCS: Type.Enum(['token', 'open'], {
      default: 'token',
      description: 'token, or open on a machine of your own',
    }),
    API_RATE_LIMIT: count(6_000, 1_000_000, '1 to 1000000 requests a minute for each caller'),
    DECISION_SIGNING_KEY: text(
      'a private JSON Web Key on P-256 or Ed25519 with a kid (docs/operations.md says how to make one)',
    ),
    CONTACT_ID_KEY: Type.String({
      minLength: 32,
      description: 'at least 32 characters; keys the ids that stand for personal data',
    }),
  }),
} as const;

export type Part = keyof typeof parts;

export type Config<Names extends Part> = Readonly<{ [Name in Names]: Static<(typeof parts)[Name]> }>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that are empty count as absent; `NAME_FILE` is read where `NAME` is not given. */
function valueOf(env: Environment, name: string, faults: string[]): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct !== '') return direct;
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(
      `${name}_FILE names "${file}", which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}); give a readable file or ${name} itself`,
    );
    return undefined;
  }
}

/** A secret never appears in an error message. */
const isSecret = (name: string) => /KEY|SECRET|PASSWORD|TOKEN|JWKS|URL$/.test(name);

/** Conversion would cut `8080.5`, read `0x10` and count `true` as 1: a slip of the pen would become another setting. */
const numerals: Readonly<Record<string, RegExp>> = { integer: /^-?\d+$/, number: /^-?\d+(\.\d+)?$/ };
const isSlip = ({ type = '' }: { type?: string }, value: unknown) =>
  typeof value === 'string' && numerals[type]?.test(value) === false;

function readPart(env: Environment, schema: TObject, faults: string[]): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties) as [string, { default?: unknown }][]) {
    const value = valueOf(env, name, faults) ?? property.default;
    if (value !== undefined) given[name] = value;
  }
  const converted = Convert(schema, { ...given }) as Record<string, unknown>;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (isSlip(property, given[name])) converted[name] = given[name];
  }
  try {
    return createValidator(schema)(converted);
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    for (const { field, value, accepted } of error.faults) {
      const got =
        value === undefined ? 'is missing' : isSecret(field) ? 'has a value that is not accepted' : `is ${value}`;
      faults.push(`${field} ${got}; set it to ${accepted}`);
    }
    return given;
  }
}

/** A key that cannot be used would be found by the first decision, when somebody waits for it. */
function keyFaults(
  part: Part,
  name: string,
  config: Record<string, unknown> | undefined,
  read: (text: string) => unknown,
) {
  const value = config?.[name];
  if (typeof value !== 'string') return [];
  try {
    read(value);
    return [];
  } catch (error) {
    if (!(error instanceof ProofKeyError)) throw error;
    const { description } = (parts[part].properties as Record<string, { description?: string }>)[name]!;
    return [`${name} has a value that is not accepted; set it to ${description}: ${error.message}`];
  }
}

/** Rules across variables. */
function crossFaults(
  env: Environment,
  names: ReadonlySet<Part>,
  config: Record<string, Record<string, unknown>>,
): string[] {
  const faults: string[] = [];
  if (names.has('database')) {
    const db = config['database']!;
    const missing = ['DB_HOST', 'DB_USER', 'DB_PASSWORD', 'DB_NAME'].filter((name) => db[name] === undefined);
    if (db['DATABASE_URL'] === undefined && missing.length > 0) {
      faults.push(
        `DATABASE_URL is missing; set it to postgres://user:password@host:port/name, or set ${missing.join(', ')}`,
      );
    }
  }
  if (names.has('lanes')) {
    if (config['lanes']!['LIMITER'] === 'memory' && env['NODE_ENV'] === 'production') {
      faults.push(
        'LIMITER is "memory" with NODE_ENV=production; each process would pace for itself and together they would break the provider\'s limit: use a shared limiter',
      );
    }
    faults.push(...readLimits(env).faults);
  }
  if (names.has('worker') && env['NODE_ENV'] === 'production' && config['worker']!['WORKFLOW_BUNDLE'] === undefined) {
    faults.push(
      'WORKFLOW_BUNDLE is missing; set it to the bundle that `npm run build` made, so that all workers run the same code',
    );
  }
  faults.push(
    ...keyFaults('worker', 'DECISION_KEYS', config['worker'], readProofKeys),
    ...keyFaults('api', 'DECISION_SIGNING_KEY', config['api'], readSigningKey),
  );
  if (names.has('api')) {
    const { JWT_JWKS, JWT_JWKS_URL } = config['api']!;
    if (JWT_JWKS === undefined && JWT_JWKS_URL === undefined)
      faults.push('JWT_JWKS is missing; set it to a JSON Web Key Set, or JWT_JWKS_URL to where one is');
  }
  return faults;
}

/** @throws ConfigurationError naming every fault of all requested parts. */
export function loadConfig<Names extends Part>(env: Environment, names: readonly Names[]): Config<Names> {
  const faults: string[] = [];
  const config: Record<string, Record<string, unknown>> = {};
  for (const name of names) config[name] = readPart(env, parts[name], faults);
  faults.push(...crossFaults(env, new Set(names), config));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return config as Config<Names>;
}

/** The application's connection string, from either spelling of the contract. */
export function databaseUrlOf(database: Config<'database'>['database']): string {
  if (database.DATABASE_URL) return database.DATABASE_URL;
  const { DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME } = database;
  return `postgres://${encodeURIComponent(DB_USER!)}:${encodeURIComponent(DB_PASSWORD!)}@${DB_HOST}:${DB_PORT}/${DB_NAME}`;
}

/** For an entry point: prints the faults as a list and ends the process with 78 (EX_CONFIG). */
export function loadConfigOrExit<Names extends Part>(env: Environment, names: readonly Names[]): Config<Names> {
  try {
    return loadConfig(env, names);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}
