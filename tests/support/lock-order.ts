/** In which order a transaction takes its rows, seen from outside: by what is taken while it waits for one of them. */
import { Client } from 'pg';
import { expect } from 'vitest';
import type { TestDatabase } from './postgres.ts';

interface LockOrder<Outcome> {
  /** Takes the row `id`, or waits for whoever is about to. */
  insert: (id: string) => string;
  /** Taken before `start`, and given back afterwards. */
  held: string;
  probes: readonly string[];
  start: () => Promise<Outcome>;
}

/** `locked`: the probes that `start` had when it came to wait for `held`. `outcome` is there once nothing is in its way. */
export async function lockOrderOf<Outcome>(
  db: TestDatabase,
  { insert, held, probes, start }: LockOrder<Outcome>,
): Promise<{ locked: string[]; outcome: Promise<Outcome> }> {
  const client = new Client({ connectionString: db.superuserUrl });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(insert(held));
    const outcome = start();
    const waiters = `select from pg_locks where not granted and pg_blocking_pids(pid) <> '{}'`;
    await expect.poll(() => db.look(waiters), { timeout: 10_000 }).toHaveLength(1);
    const locked: string[] = [];
    for (const id of probes) {
      // Undone at once: a probe must not be in the way itself.
      const free = await db
        .look(`begin; set local lock_timeout = '200ms'; ${insert(id)}; rollback`)
        .then(() => true)
        .catch(() => false);
      if (!free) locked.push(id);
    }
    await client.query('rollback');
    return { locked, outcome };
  } finally {
    await client.end();
  }
}
