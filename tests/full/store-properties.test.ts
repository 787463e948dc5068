/** Whatever happens to a venue's money, and in whatever order: the books are what arithmetic says they are. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { playBooks } from '../support/books-play.ts';
import { booksScript } from '../support/books-script.ts';
import { seedOf } from '../support/property-seed.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

let count = 0;

describe.concurrent('ledger, payable and provider agree after every step of a random script', () => {
  test.each(['JPY', 'USD', 'KWD'] as const)('in %s', async (currency) => {
    await fc.assert(
      fc.asyncProperty(booksScript(currency), (script) => playBooks(db.store, `tenant-${(count += 1)}`, script)),
      seedOf(20),
    );
  });
});
