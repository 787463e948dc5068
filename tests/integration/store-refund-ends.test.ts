import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../contracts/money.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { ClaimLostError, RefundStateError } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { completionOf, deskOf, doneOf, failureOf, refundOf, refundOperationOf, sold } from '../support/refunds.ts';
import { hashOf, openSale, operationOf, orderOf } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = deskOf(db);
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

const liveHolds = async ({ tenantId, idempotencyKey }: PurchaseOrder) => {
  const live = `select from holds where tenant_id = $1 and payment_key = $2 and released_at is null`;
  return (await db.look(live, [tenantId, idempotencyKey])).length;
};

describe('a refund that is made', () => {
  it('twice over, also at once, is posted once and answers the same', async () => {
    await openSale(db.store, 'twice');
    const order = await sold(db.store, 'twice');
    const request = refundOf(order);
    await desk.reserved(request);
    const { refunds } = db.store;
    await Promise.all([refunds.refunded(doneOf(request)), refunds.refunded(doneOf(request))]);
    expect((await refunds.get('twice', request.refundId))?.status).toBe('refunded');
    const settle = () => refunds.settle(completionOf(request, 10_000));
    const results = [...(await Promise.all([settle(), settle()])), await settle()];
    results.push(await refunds.giveBack(failureOf(request)));
    for (const result of results) expect(result).toEqual(completionOf(request, 10_000).result);
    await refunds.refunded(doneOf(request));
    expect(await desk.reserve(request, 'run-2')).toEqual({ kind: 'settled', result: results[0] });
    expect(await desk.postedBy(request)).toEqual({
      refund_reserved: { venue_payable: 9_500, platform_fees: 500, refunds_pending: -10_000 },
      refund_done: { refunds_pending: 10_000, stripe_balance: -10_000 },
    });
    const balances = { provider_fees: 320, stripe_balance: -320, venue_payable: 950, venue_reserve: -950 };
    expect(await desk.balancesOf('twice')).toEqual(balances);
  });

  it('is posted as done by its settling when nothing did before', async () => {
    const request = refundOf(await sold(db.store, 'acme'), { amount: 10 });
    await desk.reserved(request);
    await db.store.refunds.settle(completionOf(request, 10));
    expect(Object.keys(await desk.postedBy(request)).toSorted()).toEqual(['refund_done', 'refund_reserved']);
  });

  it('refuses another amount, another currency and a second object at the provider', async () => {
    const request = refundOf(await sold(db.store, 'acme'), { amount: 10 });
    await desk.reserved(request);
    const { refunds } = db.store;
    await expect(refunds.settle(completionOf(request, 11))).rejects.toThrow(RefundStateError);
    await expect(refunds.settle(completionOf(request, 10, { currency: 'EUR' }))).rejects.toThrow(RefundStateError);
    await refunds.refunded(doneOf(request));
    const second = { ...doneOf(request), refund: { providerRefundId: 're_other', status: 'succeeded' } as const };
    await expect(refunds.refunded(second)).rejects.toThrow(/cannot be done by re_other: re_.* did it/);
    const settled = completionOf(request, 10, { providerRefundId: 're_other' });
    await expect(refunds.settle(settled)).rejects.toThrow(RefundStateError);
    expect((await refunds.settle(completionOf(request, 10))).status).toBe('completed');
  });

  it.each<[Currency, number, number]>([
    ['JPY', 333, 3],
    ['USD', 3_333, 3],
    ['KWD', 33_330, 7],
  ])(
    'in %s, by tickets and in the end the rest, leaves nothing but what the provider kept',
    async (currency, price, fixed) => {
      const tenantId = `in-${currency}`;
      await openSale(db.store, tenantId, { currency, feeFixed: fixed });
      const tickets = ['1', '2', '3'];
      const order = await sold(db.store, tenantId, { currency, price, tickets });
      for (const ticketIds of [['1'], ['3']]) await desk.completed(refundOf(order, { ticketIds }));
      const lost = refundOf(order, { amount: 1 });
      await desk.reserved(lost);
      await db.store.refunds.giveBack(failureOf(lost));
      await desk.completed(refundOf(order));
      const reserve = -((await desk.balancesOf(tenantId))['venue_reserve'] ?? 0);
      expect(await desk.balancesOf(tenantId)).toEqual({
        provider_fees: 320,
        stripe_balance: -320,
        venue_payable: reserve,
        venue_reserve: -reserve,
      });
      const { currencies } = await db.store.ledger.proof();
      expect(currencies.filter(({ sum }) => sum !== 0)).toEqual([]);
    },
  );
});

const burn = (order: PurchaseOrder, ticketIds: string[]) =>
  db.store.mints.burned({ operation: operationOf(order), ticketIds, transactionHash: hashOf('b') });

describe('order and tickets', () => {
  it('are free for a new sale once all money is back and every ticket burned, not before', async () => {
    const order = await sold(db.store, 'acme', { tickets: ['row-a', 'row-b'] });
    await burn(order, ['row-a']);
    await desk.completed(refundOf(order, { ticketIds: ['row-a'] }));
    expect(await liveHolds(order)).toBe(3);
    const rest = refundOf(order, { tickets: 'burn' });
    expect((await desk.reserved(rest)).ticketIds).toEqual(['row-b']);
    await burn(order, ['row-b']);
    expect(await liveHolds(order)).toBe(3);
    await desk.completed(rest, ['row-b']);
    expect(await liveHolds(order)).toBe(0);
    expect((await db.store.refunds.get('acme', rest.refundId))?.refund?.burned).toEqual(['row-b']);
    expect((await sold(db.store, 'acme', { tickets: ['row-a'] })).tickets).toHaveLength(1);
  });

  it('stay held while tickets are kept, and while money is only on its way', async () => {
    const kept = await sold(db.store, 'acme');
    await desk.completed(refundOf(kept));
    expect(await liveHolds(kept)).toBe(2);

    const order = await sold(db.store, 'acme');
    await burn(
      order,
      order.tickets.map(({ ticketId }) => ticketId),
    );
    const half = refundOf(order, { amount: 5_000 });
    const rest = refundOf(order);
    await desk.reserved(half);
    await db.store.refunds.refunded(doneOf(half));
    await desk.completed(rest);
    expect(await liveHolds(order)).toBe(2);
    await db.store.refunds.settle(completionOf(half, 5_000));
    expect(await liveHolds(order)).toBe(0);
  });

  it('cannot be said to be burned when the refund was not to burn them', async () => {
    const request = refundOf(await sold(db.store, 'acme'));
    await expect(desk.completed(request, ['x'])).rejects.toThrow(/violates check constraint/);
  });
});

describe('a refund that is not made', () => {
  const cancelled = { status: 'cancelled', moneyMoved: 'captured', actor: 'agent', reason: 'no\0' } as const;
  const disputed = { status: 'rejected', moneyMoved: 'captured', reason: 'disputed' } as const;

  it.each([
    ['failed', failureOf(refundOf(orderOf('acme'))).result],
    ['cancelled', cancelled],
    ['rejected', disputed],
  ])('%s, gives its reservation back, once', async (status, result) => {
    const order = await sold(db.store, 'acme', { tickets: [`t-${status}`] });
    const request = refundOf(order, { ticketIds: [`t-${status}`] });
    await desk.reserved(request);
    const ending = { ...failureOf(request), result };
    const { refunds } = db.store;
    const results = await Promise.all([refunds.giveBack(ending), refunds.giveBack(ending)]);
    results.push(await refunds.settle(completionOf(request, 10_000)), await refunds.giveBack(failureOf(request)));
    for (const answer of results) expect(answer).toEqual(result);
    expect(await desk.postedBy(request)).toEqual({
      refund_reserved: { venue_payable: 9_500, platform_fees: 500, refunds_pending: -10_000 },
      refund_reserved_reversed: { venue_payable: -9_500, platform_fees: -500, refunds_pending: 10_000 },
    });
    expect(await refunds.get('acme', request.refundId)).toMatchObject({ status, result });
    await expect(refunds.refunded(doneOf(request))).rejects.toThrow(RefundStateError);
    // The ticket and the money are there for the next one.
    expect((await desk.reserved(refundOf(order, { ticketIds: [`t-${status}`] }))).amount).toBe(10_000);
  });

  it('after it was called done is reversed as a whole, with the shares as they were posted', async () => {
    await openSale(db.store, 'later');
    const order = await sold(db.store, 'later');
    const before = await desk.balancesOf('later');
    const first = refundOf(order, { amount: 3_333 });
    const second = refundOf(order, { amount: 3_333 });
    await desk.reserved(first);
    await desk.reserved(second);
    await db.store.refunds.refunded(doneOf(second));
    await db.store.refunds.giveBack(failureOf(first));
    await db.store.refunds.giveBack(failureOf(second));
    expect(await desk.postedBy(second)).toEqual({
      refund_reserved: { venue_payable: 3_166, platform_fees: 167, refunds_pending: -3_333 },
      refund_done: { refunds_pending: 3_333, stripe_balance: -3_333 },
      refund_done_reversed: { refunds_pending: -3_333, stripe_balance: 3_333 },
      refund_reserved_reversed: { venue_payable: -3_166, platform_fees: -167, refunds_pending: 3_333 },
    });
    expect(await desk.balancesOf('later')).toEqual(before);
    // A repetition that comes late finds it done already.
    await db.store.refunds.refunded(doneOf(second));
    expect(await desk.balancesOf('later')).toEqual(before);
  });

  it('and settling at once have one end, and both answer it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const request = refundOf(await sold(db.store, 'acme'));
      await desk.reserved(request);
      const settle = () => db.store.refunds.settle(completionOf(request, 10_000));
      const giveBack = () => db.store.refunds.giveBack(failureOf(request));
      const [one, other] = await Promise.all(round % 2 === 0 ? [settle(), giveBack()] : [giveBack(), settle()]);
      expect(one).toEqual(other);
      const steps = Object.keys(await desk.postedBy(request));
      expect(steps.includes('refund_done')).toBe(one.status === 'completed');
    }
  });
});

describe('taking over', () => {
  it('moves a live refund from the run that is gone, once', async () => {
    const request = refundOf(await sold(db.store, 'acme'), { amount: 10 });
    await desk.reserve(request, 'gone');
    const from = { workflowId: refundOperationOf(request).workflowId, runId: 'gone' };
    expect(await desk.reserve(request)).toEqual({ kind: 'foreign', ...from });
    await expect(db.store.refunds.refunded(doneOf(request))).rejects.toThrow(ClaimLostError);
    const takeOver = (runId: string) =>
      db.store.refunds.takeOver({ operation: refundOperationOf(request, runId), key: request.refundId, from });
    expect(await takeOver('run-1')).toBe(true);
    expect(await takeOver('run-1')).toBe(true);
    expect(await takeOver('run-2')).toBe(false);
    expect((await db.store.refunds.settle(completionOf(request, 10))).status).toBe('completed');
    expect((await db.store.refunds.get('acme', request.refundId))?.runId).toBe('run-1');
  });

  it('finds nothing under the id of another kind of workflow', async () => {
    const request = refundOf(await sold(db.store, 'acme'));
    const operation = { ...refundOperationOf(request), workflowId: 'payment:acme:x' };
    await expect(db.store.refunds.giveBack({ ...failureOf(request), operation })).rejects.toThrow(ClaimLostError);
  });
});
