/**
 * Configuration: environment only, checked whole at start. `loadConfig(env, parts)` names every fault of the requested
 * parts at once, so that nobody restarts six times to find six mistakes. Any variable may come from a file instead:
 * `STRIPE_SECRET_KEY_FILE=/run/secrets/stripe`.
 */
import { readFileSync } from 'node:fs';
import type { Static, TObject } from 'typebox';
import { Convert } from 'typebox/value';
import { createValidator, InvalidRequestError } from '../contracts/schema/validate.ts';
import { readLimits } from '../contracts/lane-limits.ts';
import { alertFaults } from './config-alerts.ts';
import { parts, type Part } from './config-parts.ts';
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

export { parts, type Part };

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

/** A secret never appears in an error message, and neither does where a person is reached. */
const isSecret = (name: string) => /KEY|SECRET|PASSWORD|TOKEN|JWKS|URL$|^(ONCALL|ESCALATION)_/.test(name);

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

/** Redis is asked for only where it paces; a port beyond 65535 would else be found by the first connection. */
function redisFaults(config: Record<string, Record<string, unknown>>): string[] {
  const redis = config['redis'] as Config<'redis'>['redis'];
  const accepted = 'redis://user:password@host:port/db';
  if (redis.REDIS_URL === undefined && redis.REDIS_HOST === undefined)
    return config['lanes']?.['LIMITER'] === 'memory'
      ? []
      : [`REDIS_URL is missing; set it to ${accepted}, or set REDIS_HOST`];
  if (URL.canParse(redisUrlOf(redis))) return [];
  return redis.REDIS_URL === undefined
    ? [`REDIS_HOST is ${redis.REDIS_HOST}; set it to a host`]
    : [`REDIS_URL has a value that is not accepted; set it to ${accepted}`];
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
        'LIMITER is "memory" with NODE_ENV=production; each process would pace for itself and together they would break the provider\'s limit: set it to redis',
      );
    }
    faults.push(...readLimits(env).faults);
  }
  if (names.has('redis')) faults.push(...redisFaults(config));
  if (names.has('worker') && env['NODE_ENV'] === 'production' && config['worker']!['WORKFLOW_BUNDLE'] === undefined) {
    faults.push(
      'WORKFLOW_BUNDLE is missing; set it to the bundle that `npm run build` made, so that all workers run the same code',
    );
  }
  if (names.has('alerts')) {
    const lanes = config['worker']?.['WORKER_LANES'] as string | undefined;
    faults.push(...alertFaults(config['alerts']!, { lanes, twilioFrom: config['sms']?.['TWILIO_FROM'] as string }));
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
  // Parts may share a variable.
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)]);
  return config as Config<Names>;
}

/** The application's connection string, from either spelling of the contract. */
export function databaseUrlOf(database: Config<'database'>['database']): string {
  if (database.DATABASE_URL) return database.DATABASE_URL;
  const { DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME } = database;
  return `postgres://${encodeURIComponent(DB_USER!)}:${encodeURIComponent(DB_PASSWORD!)}@${DB_HOST}:${DB_PORT}/${DB_NAME}`;
}

/** Where Redis is, from either spelling of the contract. */
export function redisUrlOf(redis: Config<'redis'>['redis']): string {
  if (redis.REDIS_URL) return redis.REDIS_URL;
  const { REDIS_HOST, REDIS_PORT, REDIS_PASSWORD, REDIS_DB, REDIS_TLS } = redis;
  const login = REDIS_PASSWORD === undefined ? '' : `:${encodeURIComponent(REDIS_PASSWORD)}@`;
  return `redis${REDIS_TLS ? 's' : ''}://${login}${REDIS_HOST}:${REDIS_PORT}/${REDIS_DB}`;
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
