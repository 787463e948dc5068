/**
 * PostgreSQL for everybody who keeps state. Works behind a pooler in transaction mode: nothing depends on the session, so
 * tenant, role and time-outs are set inside each transaction, and no statement is prepared by name.
 *
 * int8 arrives as number, and beyond ±(2^53−1) reading it throws; timestamptz arrives as ISO 8601 UTC text with
 * milliseconds; numeric stays text.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, escapeLiteral, Pool as PgPool, type PoolClient, type QueryResultRow, types } from 'pg';
import { idPartPattern, InvalidIdError } from '../contracts/ids.ts';

export type Pool = PgPool;

export interface PoolOptions {
  url: string;
  max: number;
  min?: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
}

/** A transaction. Column names of a row type are those that the statement selects. */
export interface Tx {
  rows<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  first<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Rows inserted or updated. */
  affected(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** What was read is outdated by somebody else's commit: the transaction starts over. Thrown by `fn`, never seen outside. */
export class OutdatedError extends Error {
  constructor() {
    super('the transaction met a concurrent change on every try');
    this.name = 'OutdatedError';
  }
}

/** Shorter than the ten seconds of a recording local activity: a statement must not outlive whoever waits for it. */
const statementTimeoutMs = 8_000;
/** A holder of row locks that stands still (a stopped process) must not hold up everybody else for long. */
const idleInTransactionMs = 15_000;
const maxTries = 8;

/** Serialization failure, deadlock: the server undid the transaction, so trying again is safe. */
const retriable = new Set(['40001', '40P01']);
const idPart = new RegExp(idPartPattern);

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} from the database is beyond ±(2^53−1)`);
  return value;
}

const parseTimestamp: (text: string) => Date = types.getTypeParser(types.builtins.TIMESTAMPTZ);

const getTypeParser: typeof types.getTypeParser = (oid, format) => {
  if (oid === types.builtins.INT8) return parseInt8;
  if (oid === types.builtins.TIMESTAMPTZ) return (text: string) => parseTimestamp(text).toISOString();
  return types.getTypeParser(oid, format);
};

/** Opens no connection yet. End it with `pool.end()`. */
export function createPool({ url, max, min, applicationName }: PoolOptions): Pool {
  const pool = new PgPool({
    connectionString: url,
    max,
    ...(min === undefined ? {} : { min }),
    application_name: applicationName,
    types: { getTypeParser },
    connectionTimeoutMillis: 5_000,
    // On our side too: a server that vanished without a word answers no statement_timeout.
    query_timeout: statementTimeoutMs + 2_000,
    keepAlive: true,
  });
  // A connection that breaks while idle or checked out emits 'error', which ends the process when nobody listens. Whoever
  // uses it hears of it by the rejected query.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Runs `fn` in one transaction as `boxoffice_app`, seeing and writing `tenantId` only. A deadlock, a serialization failure
 * or an {@link OutdatedError} runs it again, so `fn` must have no other effects. A failing COMMIT leaves the outcome
 * unknown: callers are idempotent. @throws InvalidIdError
 */
export async function withTenant<T>(pool: Pool, tenantId: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
  if (!idPart.test(tenantId)) throw new InvalidIdError('tenantId', tenantId);
  return retrying(() => inTransaction(pool, { role: 'boxoffice_app', tenantId }, fn));
}

/** Runs `fn` in one transaction as `boxoffice_system`: across tenants, and only what its policies allow. */
export async function asSystem<T>(pool: Pool, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return retrying(() => inTransaction(pool, { role: 'boxoffice_system', tenantId: '' }, fn));
}

async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const again = error instanceof OutdatedError || retriable.has(sqlStateOf(error) ?? '');
      if (!again || tries >= maxTries) throw error;
      await delay(Math.random() * 10 * tries);
    }
  }
}

/** SQLSTATE of a server's error. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

async function inTransaction<T>(
  pool: Pool,
  { role, tenantId }: { role: string; tenantId: string },
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    // One round trip. The role is set here and not by the login, so that a privileged login is held to the policies too.
    await client.query(
      `begin; select set_config('role', '${role}', true), set_config('app.tenant_id', ${escapeLiteral(tenantId)}, true),
         set_config('statement_timeout', '${statementTimeoutMs}', true),
         set_config('idle_in_transaction_session_timeout', '${idleInTransactionMs}', true)`,
    );
    let result: T;
    try {
      result = await fn(txOf(client));
    } catch (error) {
      await client.query('rollback').then(
        () => (broken = false),
        () => undefined,
      );
      throw error;
    }
    await client.query('commit');
    broken = false;
    return result;
  } finally {
    client.release(broken);
  }
}

function txOf(client: PoolClient): Tx {
  const run = (sql: string, values: readonly unknown[] = []) => client.query<QueryResultRow>(sql, [...values]);
  const rows = async <Row extends object>(sql: string, values?: readonly unknown[]) =>
    (await run(sql, values)).rows as Row[];
  return {
    rows,
    first: async <Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row | undefined> =>
      (await rows<Row>(sql, values))[0],
    affected: async (sql, values) => (await run(sql, values)).rowCount ?? 0,
  };
}
