/** A database of its own for each test file: a copy of a template that is migrated once per state of the migrations. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { migrate, migrationsFolder } from '../../infrastructure/migrate.ts';
import { createPool, type Pool } from '../../infrastructure/postgres.ts';
import {
  APPLICATION_LOGIN,
  connectionString,
  grantApplicationRoles,
  OWNER_LOGIN,
  withClient,
} from '../../sandbox/parts/postgres-roles.ts';
import { createStore, type Store } from '../../store/index.ts';
import {
  type PostgresServer,
  sharedPortVariable,
  startPostgres,
  superuserUrl,
  testPassword,
} from './postgres-server.ts';

export interface EmptyDatabase {
  ownerUrl: string;
  superuserUrl: string;
}

export interface TestDatabase {
  /** The application's login: under row-level security, owns nothing. */
  applicationUrl: string;
  ownerUrl: string;
  superuserUrl: string;
  pool: Pool;
  store: Store;
  /** Runs a statement as superuser, whom no policy hides anything from. */
  look: <Row>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** An empty database in the same cluster, for tests of the migrations. Dropped with the rest. */
  createEmpty: () => Promise<EmptyDatabase>;
  stop: () => Promise<void>;
}

/** Use in `beforeAll`, and its `stop` in `afterAll`. Shares the run's server when there is one, else starts its own. */
export async function startTestDatabase({ max = 20 }: { max?: number } = {}): Promise<TestDatabase> {
  const shared = process.env[sharedPortVariable];
  const server: PostgresServer = shared
    ? { port: Number(shared), stop: () => Promise.resolve() }
    : await startPostgres();
  const { port } = server;
  const template = await migratedTemplate(port);
  const created: string[] = [];
  const create = async (source?: string) => {
    const name = await createDatabase(port, source);
    created.push(name);
    return name;
  };
  const database = await create(template);
  const applicationUrl = urlOf(port, APPLICATION_LOGIN, database);
  const pool = createPool({ url: applicationUrl, max, applicationName: 'boxoffice-tests' });
  return {
    applicationUrl,
    ownerUrl: urlOf(port, OWNER_LOGIN, database),
    superuserUrl: superuserUrl(port, database),
    pool,
    store: createStore(pool),
    look: async <Row>(text: string, values: readonly unknown[] = []) =>
      withClient(superuserUrl(port, database), async (client) => (await client.query(text, [...values])).rows as Row[]),
    createEmpty: async () => {
      return emptyDatabase(port, await create());
    },
    stop: async () => {
      await pool.end();
      if (shared) for (const name of created) await sql(superuserUrl(port), `drop database ${name} with (force)`);
      else await server.stop();
    },
  };
}

/** For a server of one's own, where no migration has ever run. */
export const createEmptyDatabase = async (port: number): Promise<EmptyDatabase> =>
  emptyDatabase(port, await createDatabase(port));

const emptyDatabase = (port: number, name: string): EmptyDatabase => ({
  ownerUrl: urlOf(port, OWNER_LOGIN, name),
  superuserUrl: superuserUrl(port, name),
});

async function createDatabase(port: number, template?: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const source = template ? `template ${template}` : '';
  await sql(superuserUrl(port), `create database ${name} owner ${OWNER_LOGIN} ${source}`);
  return name;
}

const urlOf = (port: number, user: string, database: string) =>
  connectionString({ port, user, password: testPassword, database });

const sql = (url: string, text: string) => withClient(url, (client) => client.query(text));

/** Made once; files that start at the same moment wait for the one that makes it. */
async function migratedTemplate(port: number): Promise<string> {
  const name = `template_${await migrationsState()}`;
  await withClient(superuserUrl(port), async (client) => {
    await client.query(`select pg_advisory_lock(hashtext('boxoffice-test-template'))`);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 1) return;
    const unfinished = `${name}_unfinished`;
    await client.query(`drop database if exists ${unfinished} with (force)`);
    await client.query(`create database ${unfinished} owner ${OWNER_LOGIN}`);
    const ownerUrl = urlOf(port, OWNER_LOGIN, unfinished);
    await migrate({ url: ownerUrl, log: () => undefined });
    await grantApplicationRoles(ownerUrl);
    await client.query(`alter database ${unfinished} rename to ${name}`);
  });
  return name;
}

async function migrationsState(): Promise<string> {
  const folder = migrationsFolder();
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).toSorted())
    hash.update(file).update(await readFile(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
