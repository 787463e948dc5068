import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../contracts/money.ts';
import {
  availableAt,
  openPayable,
  payoutAt,
  payoutDeskOf,
  payoutOf,
  payoutRejection as rejection,
  reserveDueAt,
} from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { deskOf, refundOf, sold } from '../support/refunds.ts';
import { captureOf, claimOf, operationOf, orderOf, settlementOf } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof payoutDeskOf>;
let refundDesk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = payoutDeskOf(db);
  refundDesk = deskOf(db);
});
afterAll(() => db.stop());

/** A moment before, in the form of the store. */
const justBefore = (moment: string) => new Date(Date.parse(moment) - 1).toISOString();

describe('what is available', () => {
  it('comes in at its moment, not before', async () => {
    await openPayable(db.store, 'moment');
    await sold(db.store, 'moment');
    const early = await desk.reserve(payoutOf('moment'), { now: justBefore(availableAt) });
    expect(early).toEqual(rejection('nothing_available', 0));
    expect((await desk.reserved(payoutOf('moment'), { now: availableAt })).amount).toBe(8_550);
  });

  it('is less what refunds take, of what has come in and of what has not', async () => {
    await openPayable(db.store, 'net');
    const [order] = [await sold(db.store, 'net'), await sold(db.store, 'net')];
    await refundDesk.reserved(refundOf(order, { amount: 3_333 }));
    const balances = (now: string) => db.store.payouts.balances('net', 'venue', now);
    expect(await balances(justBefore(availableAt))).toMatchObject({ payable: 13_933, available: 0 });
    expect(await balances(availableAt)).toMatchObject({ payable: 13_933, available: 13_933, reserve: 1_900 });
    expect(await desk.reserve(payoutOf('net', { amount: 13_934 }))).toEqual(rejection('exceeds', 13_933));
    expect((await desk.reserved(payoutOf('net'))).amount).toBe(13_933);
  });

  it('is nothing while a venue owes, and is netted by what it sells next', async () => {
    await openPayable(db.store, 'owes');
    const order = await sold(db.store, 'owes');
    await desk.paid(payoutOf('owes'));
    await refundDesk.reserved(refundOf(order));
    expect(await db.store.payouts.balances('owes', 'venue', payoutAt)).toMatchObject({ payable: -9_500, available: 0 });
    expect(await desk.reserve(payoutOf('owes', { amount: 1 }))).toEqual(rejection('exceeds', 0));
    await sold(db.store, 'owes', { price: 20_000 });
    expect((await desk.reserved(payoutOf('owes'))).amount).toBe(17_100 - 9_500);
  });

  it('is no more than all that is owed, also with what has not come in', async () => {
    await openPayable(db.store, 'all');
    await sold(db.store, 'all');
    // Of the second sale nothing has come in yet, and all of it goes back, its reserve included.
    const late = orderOf('all');
    await db.store.payments.claim(claimOf(late));
    const capture = { ...captureOf(late), availableOn: '2027-02-01T00:00:00.000Z' };
    await db.store.payments.settle({ ...settlementOf(late), capture });
    await refundDesk.reserved(refundOf(late));
    expect(await db.store.payouts.balances('all', 'venue', payoutAt)).toMatchObject({
      payable: 7_600,
      available: 7_600,
      reserve: 1_900,
    });
    expect((await desk.reserved(payoutOf('all'))).amount).toBe(7_600);
  });

  it.each<[Currency, number, number]>([
    ['JPY', 333, 286],
    ['USD', 3_333, 2_851],
    ['KWD', 33_330, 28_490],
  ])('in %s of %i is %i, and the rest stays', async (currency, price, amount) => {
    const tenantId = `in-${currency}`;
    await openPayable(db.store, tenantId, { currency });
    await sold(db.store, tenantId, { currency, price });
    const owed = await db.store.payouts.balances(tenantId, 'venue', payoutAt);
    const request = payoutOf(tenantId);
    expect(await desk.paid(request)).toBe(amount);
    expect(await db.store.payouts.balances(tenantId, 'venue', payoutAt)).toEqual({
      currency,
      payable: owed!.payable - amount,
      available: owed!.payable - amount,
      reserve: owed!.reserve,
      hold: 0,
      inPayout: 0,
      connected: 0,
      inTransit: 0,
    });
    const { currencies } = await db.store.ledger.proof();
    expect(currencies.filter(({ sum }) => sum !== 0)).toEqual([]);
  });
});

describe('the reserve', () => {
  it('is released at its moment, not before, and once per payment', async () => {
    await openPayable(db.store, 'reserve');
    const orders = [await sold(db.store, 'reserve'), await sold(db.store, 'reserve')];
    const early = await desk.reserved(payoutOf('reserve'), { now: justBefore(reserveDueAt) });
    expect(early.amount).toBe(17_100);
    const balances = (now: string) => db.store.payouts.balances('reserve', 'venue', now);
    expect(await balances(justBefore(reserveDueAt))).toMatchObject({ available: 0, reserve: 1_900 });
    expect(await balances(reserveDueAt)).toMatchObject({ payable: 0, available: 1_900, reserve: 1_900 });
    const later = await Promise.all([
      desk.reserve(payoutOf('reserve', { amount: 950 }), { now: reserveDueAt }),
      desk.reserve(payoutOf('reserve', { amount: 950 }), { now: reserveDueAt }),
    ]);
    expect(later.map(({ kind }) => kind)).toEqual(['owned', 'owned']);
    expect(await balances(reserveDueAt)).toMatchObject({ payable: 0, available: 0, reserve: 0, inPayout: 19_000 });
    for (const order of orders) {
      const { reserve_released } = await desk.postedBy(operationOf(order));
      expect(reserve_released).toEqual({ venue_reserve: 950, venue_payable: -950 });
    }
  });

  it("waits for the venue's own days, and for the money itself", async () => {
    await openPayable(db.store, 'days', { reserveDays: 0 });
    await sold(db.store, 'days');
    const atTheEnd = '2027-06-01T22:00:00.000Z';
    const available = async (now: string) => (await db.store.payouts.balances('days', 'venue', now))?.available;
    expect(await available(justBefore(atTheEnd))).toBe(8_550);
    expect(await available(atTheEnd)).toBe(9_500);
    const ended = { venueId: 'venue', name: 'Over', endsAt: '2026-12-01T00:00:00Z', salesOpen: true };
    await db.store.events.put('days', 'event', ended);
    expect(await available(justBefore(availableAt))).toBe(0);
    expect((await desk.reserved(payoutOf('days'), { now: availableAt })).amount).toBe(9_500);
  });

  it('of a sale that was refunded nets', async () => {
    await openPayable(db.store, 'gone');
    const order = await sold(db.store, 'gone');
    await refundDesk.completed(refundOf(order));
    expect(await db.store.payouts.balances('gone', 'venue', payoutAt)).toMatchObject({ payable: -950, available: 0 });
    expect(await desk.reserve(payoutOf('gone'), { now: reserveDueAt })).toEqual(rejection('nothing_available', 0));
    expect(await desk.balancesOf('gone')).toEqual({ provider_fees: 320, stripe_balance: -320 });
  });

  it('of very many sales is released before the payout is judged', async () => {
    await openPayable(db.store, 'many');
    const order = await sold(db.store, 'many');
    // Copies of one sale, without their first postings: what is released is what the rows say.
    await db.look(
      `insert into payments overriding system value
       select (jsonb_populate_record(p, jsonb_build_object('payment_id', 10000000 + n, 'payment_key', 'copy-' || n,
         'workflow_id', 'payment:many:copy-' || n))).*
       from payments p, generate_series(1, 1100) n where p.payment_key = $1`,
      [order.idempotencyKey],
    );
    const started = performance.now();
    expect((await desk.reserved(payoutOf('many'), { now: reserveDueAt })).amount).toBe(8_550 + 1_101 * 950);
    expect(performance.now() - started).toBeLessThan(10_000);
    const released = `select count(*)::int as count from ledger_transactions
      where tenant_id = 'many' and step = 'reserve_released'`;
    expect(await db.look(released)).toEqual([{ count: 1_101 }]);
  });
});
