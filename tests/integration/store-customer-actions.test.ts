/** What a customer needs for 3-D Secure is there while they are waited for, and not a moment longer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSystem } from '../../infrastructure/postgres.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { claimOf, customerActionOf, openSale, operationOf, orderOf, settlementOf, start } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

const refOf = ({ tenantId, idempotencyKey: paymentKey }: PurchaseOrder) => ({ tenantId, paymentKey });
const get = (order: PurchaseOrder) => db.store.customerActions.get(refOf(order));

async function asked(): Promise<PurchaseOrder> {
  const order = orderOf('acme');
  await db.store.payments.claim(claimOf(order));
  await db.store.customerActions.put(customerActionOf(order));
  return order;
}

describe("a customer's action", () => {
  it('is read back, and written anew by a later attempt', async () => {
    const order = await asked();
    const { tenantId: _, paymentKey: __, ...action } = customerActionOf(order);
    expect(await get(order)).toEqual(action);
    const expiresAt = '2027-01-01T00:45:00.000Z';
    await db.store.customerActions.put({ ...customerActionOf(order), expiresAt });
    expect(await get(order)).toEqual({ ...action, expiresAt });
  });

  it('is gone once dropped, twice over', async () => {
    const order = await asked();
    await db.store.customerActions.drop(refOf(order));
    await db.store.customerActions.drop(refOf(order));
    expect(await get(order)).toBeUndefined();
  });

  it.each(['settled', 'closed'] as const)(
    'is gone once its purchase is %s, and a late attempt writes none',
    async (how) => {
      const order = await asked();
      const operation = operationOf(order);
      const expired = { status: 'expired', moneyMoved: 'none', what: 'customer' } as const;
      if (how === 'settled') await db.store.payments.settle(settlementOf(order));
      else await db.store.payments.close({ operation, key: order.idempotencyKey, result: expired, now: start });
      expect(await get(order)).toBeUndefined();
      await db.store.customerActions.put(customerActionOf(order));
      expect(await get(order)).toBeUndefined();
    },
  );

  it('that is written while the purchase ends does not stay: one of them waits for the other', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, asked));
    await Promise.all(
      orders.flatMap((order) => [
        db.store.customerActions.put(customerActionOf(order)),
        db.store.payments.settle(settlementOf(order)),
      ]),
    );
    expect(await Promise.all(orders.map(get))).toEqual(orders.map(() => undefined));
  });

  it('that nobody deleted is found by cleanup once its time is over, its secret is not', async () => {
    const order = await asked();
    await db.store.customerActions.put({ ...customerActionOf(order), expiresAt: '2020-01-01T00:00:00.000Z' });
    const deleted = await asSystem(db.pool, (tx) =>
      tx.rows<{ key: string }>('delete from customer_actions where expires_at <= now() returning payment_key as key'),
    );
    expect(deleted).toEqual([{ key: order.idempotencyKey }]);
    await expect(asSystem(db.pool, (tx) => tx.rows('select client_secret from customer_actions'))).rejects.toThrow(
      'permission denied',
    );
  });
});
