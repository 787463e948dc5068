import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSystem } from '../../infrastructure/postgres.ts';
import { InvalidCursorError, type PayoutFilter } from '../../store/index.ts';
import {
  openPayable,
  payable,
  payoutDeskOf,
  payoutOf,
  payoutOperationOf,
  payoutRejection as rejection,
  paymentOf,
  releaseOf,
  reservePayoutOf,
  transferOf,
} from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { deskOf, refundOf, sold } from '../support/refunds.ts';
import { openSale, venue } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof payoutDeskOf>;
let refundDesk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = payoutDeskOf(db);
  refundDesk = deskOf(db);
});
afterAll(() => db.stop());

describe('reserving', () => {
  it("posts the money model's example and answers what the provider needs", async () => {
    await openPayable(db.store, 'example');
    await sold(db.store, 'example');
    const request = payoutOf('example');
    const reservation = await desk.reserved(request);
    expect(reservation).toEqual({
      amount: 8_550,
      currency: 'USD',
      account: 'acct_venue',
      transferAmount: 8_550,
      approvalsNeeded: 1,
    });
    const entries = { venue_payable: 8_550, venue_payout: -8_550 };
    expect(await desk.postedBy(payoutOperationOf(request))).toEqual({ payout_reserved: entries });
    expect(await Promise.all([desk.reserved(request), desk.reserved(request)])).toEqual([reservation, reservation]);
    expect(await desk.postedBy(payoutOperationOf(request))).toEqual({ payout_reserved: entries });
    expect(await desk.reserve(payoutOf('example'))).toEqual(rejection('nothing_available', 0));
  });

  it('50 at once that sum to twice the balance takes exactly the balance, and tells the others what is left', async () => {
    await openPayable(db.store, 'crowd', { reserveBasisPoints: 0, feeBasisPoints: 0 });
    await sold(db.store, 'crowd');
    const requests = Array.from({ length: 50 }, () => payoutOf('crowd', { amount: 400 }));
    const claims = await Promise.all(requests.map((request) => desk.reserve(request)));
    const taken = claims.flatMap((claim) => (claim.kind === 'owned' ? claim.reservation.amount : []));
    expect(taken).toEqual(Array<number>(25).fill(400));
    const refused = claims.filter(({ kind }) => kind === 'refused');
    expect(refused).toEqual(Array.from({ length: 25 }, () => rejection('exceeds', 0)));
    expect(await desk.balancesOf('crowd')).toMatchObject({ venue_payout: -10_000 });
    expect(await desk.balancesOf('crowd')).not.toHaveProperty('venue_payable');
  });

  it('of uneven amounts at once never takes more than the balance', async () => {
    await openPayable(db.store, 'uneven', { reserveBasisPoints: 0, feeBasisPoints: 0 });
    await sold(db.store, 'uneven', { price: 9_999 });
    const amounts = Array.from({ length: 40 }, (_, index) => 137 + 17 * index);
    const claims = await Promise.all(amounts.map((amount) => desk.reserve(payoutOf('uneven', { amount }))));
    const refused = claims.flatMap((claim) => (claim.kind === 'refused' ? (claim.result.available ?? -1) : []));
    const rest = await desk.reserved(payoutOf('uneven'));
    const taken = claims.reduce((sum, claim) => sum + (claim.kind === 'owned' ? claim.reservation.amount : 0), 0);
    expect(taken + rest.amount).toBe(9_999);
    expect(Math.min(...refused)).toBe(rest.amount);
  });

  it('of one id by many runs at once has one owner', async () => {
    await openPayable(db.store, 'runs');
    await sold(db.store, 'runs');
    const request = payoutOf('runs');
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, run) => desk.reserve(request, { runId: `${run}` })),
    );
    expect(claims.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(19).fill('foreign'), 'owned']);
  });

  it.each<[number, number]>([
    [1_000, 0],
    [1_001, 1],
    [2_000, 1],
    [2_001, 2],
  ])('%i is approved by %i people where the limits are 1,000 and 2,000', async (amount, approvalsNeeded) => {
    const tenantId = `limits-${amount}`;
    await openPayable(db.store, tenantId, { payoutApproval: { one: 1_000, two: 2_000 } });
    await sold(db.store, tenantId);
    expect(await desk.reserved(payoutOf(tenantId, { amount }))).toMatchObject({ amount, approvalsNeeded });
  });

  it('goes on beside sales and refunds of the same venue', async () => {
    await openPayable(db.store, 'busy', { reserveBasisPoints: 0, feeBasisPoints: 0 });
    const orders = await Promise.all(Array.from({ length: 8 }, () => sold(db.store, 'busy', { price: 100 })));
    const claims = await Promise.all([
      ...orders.map((order) => refundDesk.reserve(refundOf(order, { amount: 30 }))),
      ...orders.map(() => desk.reserve(payoutOf('busy', { amount: 50 }))),
      ...orders.map(() => sold(db.store, 'busy', { price: 100 })),
    ]);
    expect(claims).toHaveLength(24);
    expect(await desk.balancesOf('busy')).toMatchObject({ venue_payout: -400, venue_payable: -960 });
  });
});

describe('a rejection', () => {
  it('is the end of that id, and reserves nothing', async () => {
    await openPayable(db.store, 'no');
    await sold(db.store, 'no');
    for (const [parts, expected] of [
      [{ amount: 8_551 }, rejection('exceeds', 8_550)],
      [{ venueId: 'nowhere' }, rejection('no_venue')],
    ] as const) {
      const request = payoutOf('no', parts);
      expect(await desk.reserve(request)).toEqual(expected);
      expect(await desk.reserve(request, { runId: 'run-2' })).toEqual({ kind: 'settled', result: expected.result });
      expect(await db.store.payouts.release(releaseOf(request))).toEqual(expected.result);
      expect(await desk.postedBy(payoutOperationOf(request))).toEqual({});
      const record = await db.store.payouts.get('no', request.payoutId);
      expect(record).toMatchObject({ status: 'rejected', result: expected.result });
      expect(record).not.toHaveProperty('payout');
    }
  });

  it('of an id with another body leaves the first one alone', async () => {
    await openPayable(db.store, 'body');
    await sold(db.store, 'body');
    const request = payoutOf('body', { amount: 100 });
    await desk.reserved(request);
    expect(await desk.reserve({ ...request, amount: 200 })).toEqual(rejection('key_reused'));
    expect((await desk.reserved(request)).amount).toBe(100);
  });
});

describe('a venue that cannot be paid', () => {
  it('is waited for, and reserves once it can', async () => {
    await openSale(db.store, 'wait', { frozen: true });
    const request = payoutOf('wait');
    const change = (parts: object) => db.store.venues.put('wait', 'venue', { ...venue, ...parts });
    expect(await desk.reserve(request)).toEqual({ kind: 'waiting', obstacle: 'frozen' });
    await change({ frozen: false });
    await sold(db.store, 'wait');
    expect(await desk.reserve(request)).toEqual({ kind: 'waiting', obstacle: 'no_account' });
    await change({ connectedAccount: 'acct_venue' });
    expect(await desk.reserve(request)).toEqual({ kind: 'waiting', obstacle: 'payouts_disabled' });
    expect(await db.store.payouts.get('wait', request.payoutId)).toMatchObject({ status: 'waiting' });
    expect(await desk.reserve(request, { runId: 'run-2' })).toMatchObject({ kind: 'foreign', runId: 'run-1' });
    await change(payable);
    const claims = await Promise.all([desk.reserved(request), desk.reserved(request)]);
    for (const { amount } of claims) expect(amount).toBe(8_550);
    expect(await desk.balancesOf('wait')).toMatchObject({ venue_payout: -8_550 });
  });

  it('may become so while people think, and is looked at again', async () => {
    await openPayable(db.store, 'think');
    await sold(db.store, 'think');
    const request = payoutOf('think');
    await desk.reserved(request);
    const look = () => db.store.payouts.mayGoOn(reservePayoutOf(request));
    expect(await look()).toBeUndefined();
    await db.store.venues.put('think', 'venue', { ...venue, frozen: true });
    expect(await look()).toBe('frozen');
    await db.store.venues.put('think', 'venue', { ...venue, frozen: false });
    expect(await look()).toBeUndefined();
  });

  it('is not waited for by a payout that was given up', async () => {
    await openSale(db.store, 'given-up');
    const request = payoutOf('given-up');
    expect(await desk.reserve(request)).toMatchObject({ kind: 'waiting' });
    const cancelled = { status: 'cancelled', moneyMoved: 'with_us', actor: 'agent', reason: 'no' } as const;
    expect(await db.store.payouts.release(releaseOf(request, cancelled))).toEqual(cancelled);
    expect(await desk.reserve(request)).toEqual({ kind: 'settled', result: cancelled });
    expect(await desk.balancesOf('given-up')).toEqual({});
  });
});

const idsOf = (page: { payouts: { payoutId: string }[] }) => page.payouts.map(({ payoutId }) => payoutId);

describe('looking up', () => {
  it('tells all of a payout', async () => {
    await openPayable(db.store, 'look');
    await sold(db.store, 'look');
    const request = payoutOf('look', { reason: 'nul \0' });
    const { operation, input, now } = reservePayoutOf(request);
    await desk.paid(request);
    expect(await db.store.payouts.get('look', request.payoutId)).toEqual({
      payoutId: request.payoutId,
      status: 'paid',
      workflowId: operation.workflowId,
      runId: 'run-1',
      fingerprint: input.fingerprint,
      claimedAt: now,
      endedAt: now,
      result: paymentOf(request, 8_550).result,
      payout: {
        venueId: 'venue',
        amount: 8_550,
        currency: 'USD',
        account: 'acct_venue',
        transferAmount: 8_550,
        approvalsNeeded: 1,
        reason: 'nul \u{FFFD}',
        requestedBy: 'agent',
        reservedAt: now,
        transferId: transferOf(request).transfer.transferId,
        providerPayoutId: `po_look_${request.payoutId}`,
        paidAt: now,
      },
    });
    expect(await db.store.payouts.get('look', 'never')).toBeUndefined();
    expect(await db.store.payouts.get('body', request.payoutId)).toBeUndefined();
    expect(await db.store.payouts.balances('body', 'nowhere', now)).toBeUndefined();
  });

  it("finds a webhook's payout by the provider's id, and the venues of an account", async () => {
    await openPayable(db.store, 'route', { connectedAccount: 'acct_route' });
    await sold(db.store, 'route');
    const request = payoutOf('route');
    await desk.created(request);
    expect(await db.store.payouts.byProvider(`po_route_${request.payoutId}`)).toEqual({
      tenantId: 'route',
      payoutId: request.payoutId,
      workflowId: payoutOperationOf(request).workflowId,
      status: 'created',
      account: 'acct_route',
    });
    expect(await db.store.payouts.byProvider('po_unknown')).toBeUndefined();
    const venues = `select tenant_id, venue_id from venues where connected_account = 'acct_route'`;
    expect(await asSystem(db.pool, (tx) => tx.rows(venues))).toEqual([{ tenant_id: 'route', venue_id: 'venue' }]);
  });

  it('pages through those of a venue, newest first, and through all', async () => {
    await openPayable(db.store, 'pages');
    await db.store.venues.put('pages', 'other', { ...venue, ...payable });
    const event = { venueId: 'other', name: 'Other', endsAt: '2027-06-01T22:00:00Z', salesOpen: true };
    await db.store.events.put('pages', 'other', event);
    await sold(db.store, 'pages');
    await sold(db.store, 'pages', { venueId: 'other', eventId: 'other' });
    const requests = ['venue', 'other', 'venue', 'venue'].map((venueId) => payoutOf('pages', { venueId, amount: 10 }));
    for (const request of requests) await desk.reserved(request);
    await desk.reserve(payoutOf('pages', { amount: 20_000 }));
    const ids = requests.map(({ payoutId }) => payoutId);
    const list = (tenantId: string, filter: PayoutFilter) => db.store.payouts.list(tenantId, filter);
    const first = await list('pages', { venueId: 'venue', limit: 2 });
    expect(idsOf(first)).toEqual([ids[3], ids[2]]);
    const second = await list('pages', { venueId: 'venue', limit: 2, cursor: first.nextCursor! });
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second.nextCursor).toBeUndefined();
    expect(idsOf(await list('pages', { limit: 100 }))).toEqual(ids.toReversed());
    expect(idsOf(await list('nobody', { limit: 100 }))).toEqual([]);
    await expect(list('pages', { limit: 1, cursor: 'x' })).rejects.toThrow(InvalidCursorError);
  });
});

describe("a venue's policy", () => {
  const policy = {
    reserveDays: 30,
    payoutApproval: { one: 1, two: 2 },
    refundApproval: { one: 3, two: 4 },
  };

  it('has defaults, and stays as it is where a body says nothing about it', async () => {
    const get = () => db.store.venues.get('policy', 'venue');
    await db.store.venues.put('policy', 'venue', venue);
    const none = 2 ** 53 - 1;
    expect(await get()).toMatchObject({
      reserveDays: 7,
      payoutApproval: { one: 0, two: 1_000_000 },
      refundApproval: { one: none, two: none },
    });
    await db.store.venues.put('policy', 'venue', { ...venue, ...policy });
    expect(await get()).toMatchObject(policy);
    await db.store.venues.put('policy', 'venue', { ...venue, name: 'Renamed' });
    expect(await get()).toMatchObject({ ...policy, name: 'Renamed' });
    await db.store.venues.put('policy', 'venue', { ...venue, payoutApproval: { one: 0, two: 0 } });
    expect(await get()).toMatchObject({ ...policy, payoutApproval: { one: 0, two: 0 } });
  });

  it.each([{ payoutApproval: { one: 2, two: 1 } }, { refundApproval: { one: 2, two: 1 } }, { reserveDays: 366 }])(
    '%j is refused',
    async (parts) => {
      await expect(db.store.venues.put('policy', 'bad', { ...venue, ...parts })).rejects.toThrow(/check constraint/);
    },
  );
});
