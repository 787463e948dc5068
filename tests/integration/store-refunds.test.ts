import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import { InvalidCursorError, type RefundFilter } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { completionOf, deskOf, failureOf, refundOf, refundOperationOf, reserveOf, sold } from '../support/refunds.ts';
import { claimOf, hashOf, openSale, operationOf, orderOf, settlementOf, wallet } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = deskOf(db);
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

describe('reserving', () => {
  it("posts the money model's example and answers what the provider needs", async () => {
    const order = await sold(db.store, 'acme');
    const request = refundOf(order, { amount: 3_333 });
    expect(await desk.reserved(request)).toEqual({
      amount: 3_333,
      currency: 'USD',
      intentId: `pi_${order.idempotencyKey}`,
      chargeId: `ch_${order.idempotencyKey}`,
      ticketIds: [],
      wallet,
      venueId: 'venue',
      eventId: 'event',
      approvalsNeeded: 0,
    });
    const entries = { venue_payable: 3_167, platform_fees: 166, refunds_pending: -3_333 };
    expect(await desk.postedBy(request)).toEqual({ refund_reserved: entries });
    // What was not payable yet takes nothing from what is.
    expect(
      await db.look(
        `select account, e.venue_id, e.available_on = p.available_on as like_payment from ledger_entries e
         join ledger_transactions t on t.id = e.transaction_id join payments p on p.payment_key = $2
         where t.operation = $1 and e.available_on is not null`,
        [refundOperationOf(request).workflowId, order.idempotencyKey],
      ),
    ).toEqual([{ account: 'venue_payable', venue_id: 'venue', like_payment: true }]);
  });

  it('again answers the same, also after the tickets are burned', async () => {
    const order = await sold(db.store, 'acme');
    const ticketIds = order.tickets.map(({ ticketId }) => ticketId);
    const request = refundOf(order, { tickets: 'burn' });
    const reservation = await desk.reserved(request);
    expect(reservation.ticketIds).toEqual(ticketIds);
    await db.store.mints.burned({ operation: operationOf(order), transactionHash: hashOf('b') });
    expect(await Promise.all([desk.reserved(request), desk.reserved(request)])).toEqual([reservation, reservation]);
    expect(Object.keys(await desk.postedBy(request))).toEqual(['refund_reserved']);
    expect((await desk.reserve(refundOf(order))).kind).toBe('refused');
  });

  it('of one id by many runs at once has one owner', async () => {
    const order = await sold(db.store, 'acme');
    const request = refundOf(order);
    const claims = await Promise.all(Array.from({ length: 20 }, (_, run) => desk.reserve(request, `run-${run}`)));
    expect(claims.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(19).fill('foreign'), 'owned']);
  });

  it('50 at once that sum to twice the amount takes exactly the amount, and tells the others what is left', async () => {
    await openSale(db.store, 'crowd');
    const order = await sold(db.store, 'crowd', { price: 10_000 });
    const requests = Array.from({ length: 50 }, () => refundOf(order, { amount: 400 }));
    const claims = await Promise.all(requests.map((request) => desk.reserve(request)));
    const taken = claims.flatMap((claim) => (claim.kind === 'owned' ? claim.reservation.amount : []));
    expect(taken).toEqual(Array<number>(25).fill(400));
    const refusals = claims.flatMap((claim) => (claim.kind === 'refused' ? claim.result : []));
    const refusal = { status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 0 };
    expect(refusals).toEqual(Array.from({ length: 25 }, () => refusal));
    await Promise.all(
      requests
        .filter((_, index) => claims[index]?.kind === 'owned')
        .map((request) => db.store.refunds.settle(completionOf(request, 400))),
    );
    const balances = { provider_fees: 320, stripe_balance: -320, venue_payable: 950, venue_reserve: -950 };
    expect(await desk.balancesOf('crowd')).toEqual(balances);
    expect(await desk.reserve(refundOf(order))).toMatchObject({ result: { moneyMoved: 'refunded', refundable: 0 } });
  });

  it('of uneven amounts at once never takes more than the amount', async () => {
    const order = await sold(db.store, 'acme', { price: 9_999 });
    const amounts = Array.from({ length: 40 }, (_, index) => 137 + 17 * index);
    const claims = await Promise.all(amounts.map((amount) => desk.reserve(refundOf(order, { amount }))));
    const refused = claims.flatMap((claim) => (claim.kind === 'refused' ? (claim.result.refundable ?? -1) : []));
    const rest = await desk.reserved(refundOf(order));
    const taken = claims.reduce((sum, claim) => sum + (claim.kind === 'owned' ? claim.reservation.amount : 0), 0);
    expect(taken + rest.amount).toBe(9_999);
    expect(Math.min(...refused)).toBe(rest.amount);
  });
});

const rejection = (reason: string, moneyMoved: string, refundable?: number) => ({
  status: 'rejected',
  moneyMoved,
  reason,
  ...(refundable === undefined ? {} : { refundable }),
});
const live = async () => {
  const order = orderOf('acme');
  await db.store.payments.claim(claimOf(order));
  return order;
};
const declined = async () => {
  const order = await live();
  const { operation, key, now } = settlementOf(order);
  const result = { status: 'declined', moneyMoved: 'none', code: 'insufficient_funds' } as const;
  await db.store.payments.close({ operation, key, result, now });
  return order;
};
const refundedTicket = async () => {
  const order = await sold(db.store, 'acme', { tickets: ['gone', 'here'] });
  await desk.reserved(refundOf(order, { ticketIds: ['gone'] }));
  return order;
};

describe('a rejection', () => {
  it.each<[string, () => Promise<PurchaseOrder>, Partial<RefundRequest>, object]>([
    ['no payment', async () => orderOf('acme'), {}, rejection('no_payment', 'none')],
    ['a live payment', live, {}, rejection('not_captured', 'unknown')],
    ['a declined one', declined, {}, rejection('not_captured', 'none')],
    ['a free one', () => sold(db.store, 'acme', { price: 0 }), {}, rejection('not_captured', 'none')],
    ['too much', () => sold(db.store, 'acme'), { amount: 10_001 }, rejection('exceeds', 'captured', 10_000)],
    ['a stranger', () => sold(db.store, 'acme'), { ticketIds: ['x'] }, rejection('ticket_unknown', 'captured')],
    ['a ticket twice', refundedTicket, { ticketIds: ['here', 'gone'] }, rejection('ticket_refunded', 'captured')],
  ])('of %s is the end of that id, and reserves nothing', async (_, make, parts, result) => {
    const request = refundOf(await make(), parts);
    expect(await desk.reserve(request)).toEqual({ kind: 'refused', result });
    expect(await desk.reserve(request, 'run-2')).toEqual({ kind: 'settled', result });
    expect(await db.store.refunds.giveBack(failureOf(request))).toEqual(result);
    expect(await desk.postedBy(request)).toEqual({});
    const record = await db.store.refunds.get('acme', request.refundId);
    expect(record).toMatchObject({ refundId: request.refundId, status: 'rejected', result });
    expect(record?.refund).toBeUndefined();
  });

  it('of an id with another body leaves the first one alone', async () => {
    const order = await sold(db.store, 'acme');
    const request = refundOf(order, { amount: 100 });
    await desk.reserved(request);
    const refused = { kind: 'refused', result: rejection('key_reused', 'none') };
    expect(await desk.reserve({ ...request, amount: 200 })).toEqual(refused);
    expect((await desk.reserved(request)).amount).toBe(100);
  });

  it("of another tenant's payment says that there is none", async () => {
    await openSale(db.store, 'globex');
    const order = await sold(db.store, 'acme');
    expect(await desk.reserve({ ...refundOf(order), tenantId: 'globex' })).toMatchObject({
      result: { reason: 'no_payment' },
    });
  });
});

const idsOf = (page: { refunds: { refundId: string }[] }) => page.refunds.map(({ refundId }) => refundId);

describe('looking up', () => {
  it('tells all of a refund', async () => {
    const order = await sold(db.store, 'acme');
    const request = refundOf(order, { amount: 3_333, reason: 'nul \0' });
    const { operation, input, now } = reserveOf(request);
    await desk.completed(request);
    expect(await db.store.refunds.get('acme', request.refundId)).toEqual({
      refundId: request.refundId,
      status: 'completed',
      workflowId: operation.workflowId,
      runId: 'run-1',
      fingerprint: input.fingerprint,
      claimedAt: now,
      endedAt: now,
      result: completionOf(request, 3_333).result,
      refund: {
        paymentKey: order.idempotencyKey,
        amount: 3_333,
        feeShare: 166,
        currency: 'USD',
        tickets: 'keep',
        ticketIds: [],
        burned: [],
        reason: 'nul \u{FFFD}',
        requestedBy: 'agent',
        providerRefundId: `re_${request.refundId}`,
        refundedAt: now,
      },
    });
    expect(await db.store.refunds.get('acme', 'never')).toBeUndefined();
    expect(await db.store.refunds.get('globex', request.refundId)).toBeUndefined();
  });

  it('pages through those of a payment, newest first, and through all', async () => {
    await openSale(db.store, 'pages');
    const [order, other] = [await sold(db.store, 'pages'), await sold(db.store, 'pages')];
    const requests = [order, other, order, order].map((of) => refundOf(of, { amount: 10 }));
    for (const request of requests) await desk.reserved(request);
    await desk.reserve(refundOf(order, { amount: 20_000 }));
    const ids = requests.map(({ refundId }) => refundId);
    const list = (tenantId: string, filter: RefundFilter) => db.store.refunds.list(tenantId, filter);
    const first = await list('pages', { paymentKey: order.idempotencyKey, limit: 2 });
    expect(idsOf(first)).toEqual([ids[3], ids[2]]);
    const second = await list('pages', { paymentKey: order.idempotencyKey, limit: 2, cursor: first.nextCursor! });
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second.nextCursor).toBeUndefined();
    expect(idsOf(await list('pages', { limit: 100 }))).toEqual(ids.toReversed());
    expect(idsOf(await list('nobody', { limit: 100 }))).toEqual([]);
    await expect(list('pages', { limit: 1, cursor: 'x' })).rejects.toThrow(InvalidCursorError);
  });
});
