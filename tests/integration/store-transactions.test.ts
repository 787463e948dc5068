import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool, OutdatedError, type Pool, withTenant } from '../../infrastructure/postgres.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openSale } from '../support/sales.ts';

let db: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  db = await startTestDatabase();
  pool = createPool({ url: db.applicationUrl, max: 1, applicationName: 'one-connection' });
  await openSale(db.store, 'acme');
});
afterAll(async () => {
  await pool.end();
  await db.stop();
});

/** What the pool's only connection is, between transactions. */
const session = async () => {
  const sql = `select pg_backend_pid() as pid, current_user::text as "user", current_setting('app.tenant_id', true) as tenant,
    current_setting('statement_timeout') as timeout, (select count(*)::int from pg_prepared_statements) as prepared`;
  return (await pool.query<{ pid: number }>(sql)).rows[0]!;
};

describe('a transaction', () => {
  it('leaves nothing in the session, so that a pooler may give the connection to anybody', async () => {
    const before = await session();
    const inside = await withTenant(pool, 'acme', (tx) =>
      tx.first(
        `select current_user::text as "user", current_setting('app.tenant_id') as tenant,
           current_setting('statement_timeout') as timeout where $1 = 1`,
        [1],
      ),
    );
    expect(inside).toEqual({ user: 'boxoffice_app', tenant: 'acme', timeout: '8s' });
    expect(await session()).toEqual({ ...before, tenant: '' });
    expect(before).toMatchObject({ user: 'boxoffice', timeout: '0', prepared: 0 });
  });

  it('undoes what a failing function did, and keeps the connection', async () => {
    const { pid } = await session();
    await expect(
      withTenant(pool, 'acme', async (tx) => {
        await tx.affected(`update venues set name = 'changed'`);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect((await db.store.venues.get('acme', 'venue'))?.name).toBe('The Venue');
    expect((await session()).pid).toBe(pid);
  });

  it.each([
    ['a serialization failure', `do $$ begin raise exception 'again' using errcode = '40001'; end $$`],
    ['a deadlock', `do $$ begin raise exception 'again' using errcode = '40P01'; end $$`],
  ])('runs again after %s', async (_, failing) => {
    let runs = 0;
    const result = await withTenant(pool, 'acme', async (tx) => {
      runs += 1;
      if (runs < 3) await tx.rows(failing);
      return runs;
    });
    expect(result).toBe(3);
  });

  it('runs again when it is outdated, and gives up in the end', async () => {
    let runs = 0;
    const never = withTenant(pool, 'acme', () => {
      runs += 1;
      throw new OutdatedError();
    });
    await expect(never).rejects.toThrow(OutdatedError);
    expect(runs).toBe(8);
  });

  it('does not run again after any other error', async () => {
    let runs = 0;
    const failing = withTenant(pool, 'acme', (tx) => {
      runs += 1;
      return tx.rows('select 1 / 0');
    });
    await expect(failing).rejects.toThrow('division by zero');
    expect(runs).toBe(1);
  });
});

describe('a connection that breaks', () => {
  it('fails its transaction, ends no process and is never used again', async () => {
    const { pid } = await session();
    const broken = withTenant(pool, 'acme', async (tx) => {
      await db.look('select pg_terminate_backend($1)', [pid]);
      return tx.rows('select 1');
    });
    await expect(broken).rejects.toThrow(/terminat|connection error/);
    expect((await session()).pid).not.toBe(pid);
  });

  it('while idle is replaced', async () => {
    const { pid } = await session();
    await db.look('select pg_terminate_backend($1)', [pid]);
    await expect
      .poll(() =>
        session().then(
          (now) => now.pid !== pid,
          () => false,
        ),
      )
      .toBe(true);
  });
});

const read = (expression: string) =>
  withTenant(pool, 'acme', (tx) => tx.first<{ value: unknown }>(`select ${expression} as value`)).then(
    (row) => row?.value,
  );

describe('values', () => {
  it('of int8 are numbers as long as they are exact', async () => {
    expect(await read('9007199254740991::int8')).toBe(Number.MAX_SAFE_INTEGER);
    expect(await read('-9007199254740991::int8')).toBe(Number.MIN_SAFE_INTEGER);
    await expect(read('9007199254740992::int8')).rejects.toThrow(/beyond ±\(2\^53−1\)/);
  });

  it('of timestamptz are ISO 8601 UTC', async () => {
    expect(await read(`'2027-03-28 03:00:00.5+02'::timestamptz`)).toBe('2027-03-28T01:00:00.500Z');
  });
});
