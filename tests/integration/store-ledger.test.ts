import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withTenant } from '../../infrastructure/postgres.ts';
import { withClient } from '../../sandbox/parts/postgres-roles.ts';
import { CaptureMismatchError } from '../../store/index.ts';
import { post } from '../../store/ledger.ts';
import { providerFee } from '../../store/postings.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { captureOf, claimOf, hashOf, openSale, orderOf, settlementOf, start } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

describe('settling', () => {
  it("posts the money model's example to the unit", async () => {
    await openSale(db.store, 'example');
    const order = orderOf('example');
    await db.store.payments.claim(claimOf(order));
    await db.store.payments.settle(settlementOf(order));
    const currency = 'USD';
    const balances = [
      { account: 'platform_fees', currency, balance: -500 },
      { account: 'provider_fees', currency, balance: 320 },
      { account: 'stripe_balance', currency, balance: 10_000 - 320 },
      { account: 'venue_payable', currency, balance: -8_550 },
      { account: 'venue_reserve', currency, balance: -950 },
    ];
    expect(await db.store.ledger.balances('example')).toEqual(balances);
    expect(await db.store.ledger.balances('example', { venueId: 'venue', currency })).toEqual(balances);
    expect(await db.store.ledger.balances('example', { venueId: 'other' })).toEqual([]);
    expect(await db.store.ledger.balances('example', { currency: 'EUR' })).toEqual([]);
    const available = await db.look(
      `select account, venue_id from ledger_entries
       where tenant_id = 'example' and available_on = '2027-01-03T00:00:00Z' order by account`,
    );
    expect(available).toEqual([
      { account: 'venue_payable', venue_id: 'venue' },
      { account: 'venue_reserve', venue_id: 'venue' },
    ]);
  });

  it('twice, also at once, posts once and answers the same', async () => {
    await openSale(db.store, 'twice');
    const order = orderOf('twice');
    await db.store.payments.claim(claimOf(order));
    const settle = () => db.store.payments.settle(settlementOf(order));
    const results = [...(await Promise.all([settle(), settle(), settle()])), await settle()];
    const different = {
      ...settlementOf(order),
      result: { ...settlementOf(order).result, transactionHash: hashOf('b') },
    };
    results.push(await db.store.payments.settle(different));
    for (const result of results) expect(result).toEqual(results[0]);
    const closing = { status: 'cancelled', moneyMoved: 'none', actor: 'a', reason: 'r' } as const;
    const { operation, key, now } = settlementOf(order);
    expect(await db.store.payments.close({ operation, key, result: closing, now })).toEqual(results[0]);
    const stripe = (await db.store.ledger.balances('twice')).find(({ account }) => account === 'stripe_balance');
    expect(stripe?.balance).toBe(9_680);
  });

  it('and closing at once have one end, and both answer it', async () => {
    await openSale(db.store, 'race');
    const cancelled = { status: 'cancelled', moneyMoved: 'none', actor: 'a', reason: 'r' } as const;
    for (let round = 0; round < 10; round += 1) {
      const order = orderOf('race');
      const { operation, key, now } = settlementOf(order);
      await db.store.payments.claim(claimOf(order));
      const close = () => db.store.payments.close({ operation, key, result: cancelled, now });
      const settle = () => db.store.payments.settle(settlementOf(order));
      const [one, other] = await Promise.all(round % 2 === 0 ? [close(), settle()] : [settle(), close()]);
      expect(one).toEqual(other);
      const holds = await db.look(`select from holds where payment_key = $1 and released_at is null`, [key]);
      expect(holds).toHaveLength(one.status === 'completed' ? 2 : 0);
      const posted = await db.look(`select from ledger_transactions where operation = $1`, [operation.workflowId]);
      expect(posted).toHaveLength(one.status === 'completed' ? 2 : 0);
    }
  });

  it('refuses a capture of another amount and posts nothing', async () => {
    await openSale(db.store, 'mismatch');
    const order = orderOf('mismatch');
    await db.store.payments.claim(claimOf(order));
    const settlement = settlementOf(order);
    const short = { ...settlement, capture: { ...captureOf(order), amount: order.amount - 1 } };
    await expect(db.store.payments.settle(short)).rejects.toThrow(CaptureMismatchError);
    await expect(db.store.payments.settle({ ...settlement, capture: null })).rejects.toThrow(CaptureMismatchError);
    expect(await db.store.ledger.balances('mismatch')).toEqual([]);
    expect((await db.store.payments.settle(settlement)).status).toBe('completed');
  });

  it('an amount of 0 posts nothing', async () => {
    await openSale(db.store, 'free');
    const order = orderOf('free', { price: 0 });
    await db.store.payments.claim(claimOf(order));
    expect((await db.store.payments.settle(settlementOf(order))).moneyMoved).toBe('none');
    expect(await db.store.ledger.balances('free')).toEqual([]);
  });

  it('leaves a proof that sums to zero in every currency', async () => {
    await openSale(db.store, 'kuwait', { currency: 'KWD', feeFixed: 7 });
    const order = orderOf('kuwait', { currency: 'KWD', price: 3_330, tickets: ['k1', 'k2', 'k3'] });
    await db.store.payments.claim(claimOf(order));
    await db.store.payments.settle(settlementOf(order));
    const { currencies, accounts } = await db.store.ledger.proof();
    expect(currencies.map(({ currency, sum }) => [currency, sum])).toEqual([
      ['KWD', 0],
      ['USD', 0],
    ]);
    expect(accounts.find(({ account, currency }) => account === 'stripe_balance' && currency === 'KWD')).toEqual({
      account: 'stripe_balance',
      currency: 'KWD',
      balance: 9_990 - 320,
    });
  });
});

const insertTransaction = `insert into ledger_transactions (tenant_id, operation, step, occurred_at)
  values ('acme', gen_random_uuid()::text, 'capture', now()) returning id`;
const insertEntry = (amount: number, id = '(select max(id) from ledger_transactions)', currency = 'USD') =>
  `insert into ledger_entries (tenant_id, transaction_id, account, currency, amount)
   values ('acme', ${id}, 'stripe_balance', '${currency}', ${amount})`;

/** The application through its own way in, and the owner, whom policies may not stop. */
const writers = {
  application: (statements: string[]) =>
    withTenant(db.pool, 'acme', async (tx) => {
      for (const statement of statements) await tx.rows(statement);
    }),
  owner: (statements: string[]) =>
    withClient(db.ownerUrl, async (client) => {
      await client.query('begin');
      for (const statement of statements) await client.query(statement);
      await client.query('commit');
    }),
  superuser: (statements: string[]) =>
    withClient(db.superuserUrl, async (client) => {
      await client.query('begin');
      for (const statement of statements) await client.query(statement);
      await client.query('commit');
    }),
};

describe.each(Object.entries(writers))('the ledger, written to by the %s,', (name, write) => {
  const balanced = [insertTransaction, insertEntry(500), insertEntry(-500)];

  it('takes what balances', async () => {
    await write(balanced);
  });

  it('refuses what does not sum to zero', async () => {
    await expect(write([insertTransaction, insertEntry(500), insertEntry(-499)])).rejects.toThrow(
      /does not sum to zero: USD by 1/,
    );
  });

  it('refuses what sums to zero across currencies only', async () => {
    const euros = insertEntry(-500, undefined, 'EUR');
    await expect(write([insertTransaction, insertEntry(500), euros])).rejects.toThrow(/EUR by -500/);
  });

  it('refuses a transaction of one entry, or none', async () => {
    await expect(write([insertTransaction, insertEntry(500)])).rejects.toThrow(/1 entries: at least two/);
    await expect(write([insertTransaction])).rejects.toThrow(/0 entries: at least two/);
  });

  it('refuses an entry of 0, and an account that it does not know', async () => {
    await expect(write([insertTransaction, insertEntry(0)])).rejects.toThrow(/amount_check/);
    const unknown = insertEntry(1).replace('stripe_balance', 'piggy_bank');
    await expect(write([insertTransaction, unknown])).rejects.toThrow(/account_check/);
  });

  it('refuses entries added later, balanced or not', async () => {
    await write(balanced);
    await expect(write([insertEntry(1), insertEntry(-1)])).rejects.toThrow(/posted together with their transaction/);
  });

  it('refuses an addition after the constraints were checked early', async () => {
    await expect(write([...balanced, 'set constraints all immediate', insertEntry(1)])).rejects.toThrow(
      /does not sum to zero/,
    );
  });

  it('does not let a transaction claim to be another one', async () => {
    const forged = insertTransaction
      .replace('occurred_at)', 'occurred_at, created_xid)')
      .replace('now())', "now(), '3')");
    await write([forged, insertEntry(2), insertEntry(-2)]);
  });

  it.each(['ledger_transactions', 'ledger_entries'])('refuses update, delete and truncate of %s', async (table) => {
    // The application lacks the privilege; the others meet the trigger.
    const refusal = name === 'application' ? /permission denied/ : /append-only/;
    await expect(write([`update ${table} set tenant_id = 'acme'`])).rejects.toThrow(refusal);
    await expect(write([`delete from ${table}`])).rejects.toThrow(refusal);
    await expect(write([`truncate ${table} cascade`])).rejects.toThrow(refusal);
  });
});

it('switching triggers off for the session does not open the ledger', async () => {
  const off = 'set local session_replication_role = replica';
  await expect(writers.superuser([off, 'delete from ledger_entries'])).rejects.toThrow(/append-only/);
});

it('one step of one operation is posted once, with different numbers too', async () => {
  const transaction = {
    tenantId: 'once',
    operation: 'payment:once:k',
    step: 'provider_fee',
    occurredAt: start,
    currency: 'USD',
  } as const;
  const postFee = (fee: number) =>
    withTenant(db.pool, 'once', (tx) => post(tx, { ...transaction, postings: providerFee(fee) }));
  expect(await Promise.all([postFee(320), postFee(320)])).toContain(false);
  expect(await postFee(999)).toBe(false);
  expect(await db.store.ledger.balances('once')).toEqual([
    { account: 'provider_fees', currency: 'USD', balance: 320 },
    { account: 'stripe_balance', currency: 'USD', balance: -320 },
  ]);
});
