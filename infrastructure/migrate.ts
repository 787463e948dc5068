/**
 * `npm run migrate`: brings the database to the newest migration. Re-runnable; whoever comes second waits. Needs the
 * owner's login (it creates tables and, once per cluster, two roles) and a direct connection, no pooler: the lock is the
 * session's.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';

export interface MigrateOptions {
  /** The owner's connection URL. */
  url: string;
  /** One line per migration; nothing is said when nothing is due. */
  log: (line: string) => void;
}

/** Schema of the record of what was migrated; the application role has no access to it. */
export const migrationsSchema = 'migrations';

/** The folder of the SQL files, seen from the sources and from `dist/`. */
export function migrationsFolder(): string {
  const places = ['../migrations', '../../migrations'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`no migrations: expected them in ${places.join(' or ')}`);
  return found;
}

/** Applies what is missing, each migration in a transaction of its own. Answers the names applied now. */
export async function migrate({ url, log }: MigrateOptions): Promise<string[]> {
  const client = new Client({ connectionString: url, application_name: 'boxoffice-migrate' });
  // A connection lost between two statements: the next one rejects and says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new Error(
      `cannot migrate: no connection to PostgreSQL at ${client.host}:${client.port}, database ${client.database ?? ''} ` +
        `(${reason}); start it, or correct DATABASE_OWNER_URL`,
      { cause: error },
    );
  }
  const faults: string[] = [];
  try {
    const applied = await runner({
      dbClient: client,
      dir: migrationsFolder(),
      direction: 'up',
      migrationsTable: 'applied',
      migrationsSchema,
      createMigrationsSchema: true,
      singleTransaction: false,
      advisoryLockMode: 'wait',
      logger: { info: () => undefined, warn: () => undefined, error: (line) => faults.push(line) },
    });
    for (const { name } of applied) log(`migrated ${name}`);
    return applied.map(({ name }) => name);
  } catch (error) {
    throw new Error(`cannot migrate: ${faults[0]?.trim() ?? String(error)}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function main(): Promise<void> {
  const url = process.env['DATABASE_OWNER_URL'] || process.env['DATABASE_URL'];
  if (!url) {
    throw new Error(
      'DATABASE_OWNER_URL is missing (and so is DATABASE_URL): set it to the URL of the role that owns the database, ' +
        'postgres://user:password@host:5432/database',
    );
  }
  const applied = await migrate({ url, log: console.log });
  if (applied.length === 0) console.log('the database is up to date');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
