import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, migrationsFolder } from '../../infrastructure/migrate.ts';
import { withClient } from '../../sandbox/parts/postgres-roles.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { createEmptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let all: string[];
beforeAll(async () => {
  db = await startTestDatabase();
  all = (await readdir(migrationsFolder())).map((file) => path.parse(file).name).toSorted();
});
afterAll(() => db.stop());

const silent = () => undefined;

/** Tables, columns, policies, triggers and grants, as text. */
const shapeOf = (url: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ line: string }>(
      `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable as line
         from information_schema.columns where table_schema = 'public'
       union all select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
       union all select tablename || ' ' || policyname || coalesce(qual, '') from pg_policies
       union all select tgrelid::regclass || ' ' || tgname || tgenabled::text from pg_trigger where not tgisinternal
       union all select table_name || ' ' || grantee || ' ' || privilege_type from information_schema.role_table_grants
         where table_schema = 'public' order by 1`,
    );
    return rows.map(({ line }) => line);
  });

describe('migrating', () => {
  it('applies every migration once, says which, and nothing the second time', async () => {
    const { ownerUrl } = await db.createEmpty();
    const lines: string[] = [];
    expect(await migrate({ url: ownerUrl, log: (line) => lines.push(line) })).toEqual(all);
    expect(lines).toEqual(all.map((name) => `migrated ${name}`));
    const shape = await shapeOf(ownerUrl);
    expect(shape).toEqual(await shapeOf(db.ownerUrl));
    expect(await migrate({ url: ownerUrl, log: silent })).toEqual([]);
    expect(await shapeOf(ownerUrl)).toEqual(shape);
  });

  it('twice at once applies each migration once', async () => {
    const { ownerUrl } = await db.createEmpty();
    const applied = await Promise.all([1, 2, 3].map(() => migrate({ url: ownerUrl, log: silent })));
    expect(applied.flat().toSorted()).toEqual(all);
  });

  it('of several databases of a fresh cluster at once succeeds, although all want to create the roles', async () => {
    const server = await startPostgres();
    try {
      const databases = [];
      for (let count = 0; count < 4; count += 1) databases.push(await createEmptyDatabase(server.port));
      const applied = await Promise.all(databases.map(({ ownerUrl }) => migrate({ url: ownerUrl, log: silent })));
      expect(applied).toEqual([all, all, all, all]);
    } finally {
      await server.stop();
    }
  });

  it('leaves what went before whole when a migration fails', async () => {
    const { ownerUrl, superuserUrl } = await db.createEmpty();
    // In the way of 0004.
    await withClient(ownerUrl, (client) => client.query('create table payment_tickets ()'));
    await expect(migrate({ url: ownerUrl, log: silent })).rejects.toThrow(/cannot migrate: .*payment_tickets/s);
    await withClient(superuserUrl, async (client) => {
      const { rows } = await client.query(
        `select to_regclass('holds') is null as holds, to_regclass('payments') as payments`,
      );
      expect(rows).toEqual([{ holds: false, payments: null }]);
      await client.query('drop table payment_tickets');
    });
    expect(await migrate({ url: ownerUrl, log: silent })).toEqual(all.slice(3));
  });
});

/** What it prints, or how it ended. */
const run = async (env: NodeJS.ProcessEnv) => {
  const program = path.join(import.meta.dirname, '../../infrastructure/migrate.ts');
  const args = ['--import', 'tsx', program];
  return promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } }).then(
    ({ stdout }) => stdout,
    (error: Error & { stderr: string; code: number }) => `exit ${error.code}: ${error.stderr}`,
  );
};

describe('npm run migrate', () => {
  it('takes the URL from the environment', async () => {
    const { ownerUrl } = await db.createEmpty();
    expect(await run({ DATABASE_OWNER_URL: ownerUrl })).toBe(all.map((name) => `migrated ${name}\n`).join(''));
    expect(await run({ DATABASE_URL: ownerUrl })).toBe('the database is up to date\n');
  });

  it('names what is missing, and where it found nobody, without the password', async () => {
    expect(await run({})).toMatch(/^exit 1: DATABASE_OWNER_URL is missing .*set it to the URL/);
    const nobody = await run({ DATABASE_OWNER_URL: 'postgres://someone:geheim@127.0.0.1:1/nowhere' });
    expect(nobody).toMatch(/^exit 1: cannot migrate: no connection to PostgreSQL at 127\.0\.0\.1:1, database nowhere/);
    expect(nobody).not.toContain('geheim');
  });
});
