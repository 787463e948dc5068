import type { Pool } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { withTenant } from '../../infrastructure/postgres.ts';

/** A pool of one connection, on which the statements that match fail without an answer. */
function poolFailingOn(statement: RegExp) {
  const release = vi.fn();
  const query = (sql: string) =>
    statement.test(sql) ? Promise.reject(new Error('no answer')) : Promise.resolve({ rows: [], rowCount: 0 });
  const pool: Pick<Pool, 'connect'> = { connect: vi.fn().mockResolvedValue({ query, release }) };
  return { pool: pool as Pool, release };
}

const act = (pool: Pool) => withTenant(pool, 'acme', (tx) => tx.rows('select 1'));

describe('a connection goes back to the pool', () => {
  it('when the transaction ended', async () => {
    const { pool, release } = poolFailingOn(/never/);
    await act(pool);
    expect(release).toHaveBeenCalledExactlyOnceWith(false);
  });

  it('when the function failed and its work was undone', async () => {
    const { pool, release } = poolFailingOn(/select 1/);
    await expect(act(pool)).rejects.toThrow('no answer');
    expect(release).toHaveBeenCalledExactlyOnceWith(false);
  });

  it.each([
    ['began', /^begin/],
    ['was committed', /^commit/],
    ['was undone', /select 1|rollback/],
  ])('never when nobody knows whether the transaction %s', async (_, statement) => {
    const { pool, release } = poolFailingOn(statement);
    await expect(act(pool)).rejects.toThrow('no answer');
    expect(release).toHaveBeenCalledExactlyOnceWith(true);
  });
});
