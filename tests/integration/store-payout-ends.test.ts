import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReleasedPayout } from '../../contracts/payout.ts';
import type { PayoutRequest } from '../../contracts/schema/payout.ts';
import { ClaimLostError, PayoutStateError } from '../../store/index.ts';
import {
  bankSaidNo,
  returnInputOf,
  creationOf,
  openPayable,
  payable,
  paymentOf,
  payoutDeskOf,
  payoutOf,
  payoutOperationOf,
  releaseOf,
  returnOf,
  returnOperationOf,
  transferOf,
} from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sold } from '../support/refunds.ts';
import { venue } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof payoutDeskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = payoutDeskOf(db);
});
afterAll(() => db.stop());

let tenants = 0;
/** A venue with one sale: 8,550 are available. */
async function opened(): Promise<string> {
  const tenantId = `venue-${(tenants += 1)}`;
  await openPayable(db.store, tenantId);
  await sold(db.store, tenantId);
  return tenantId;
}

const sale = { platform_fees: -500, provider_fees: 320, venue_reserve: -950 };
const onTheWay = {
  payout_reserved: { venue_payable: 8_550, venue_payout: -8_550 },
  transferred: { connected_balance: 8_550, stripe_balance: -8_550 },
  payout_created: { in_transit: 8_550, connected_balance: -8_550 },
};
const posted = (request: PayoutRequest) => desk.postedBy(payoutOperationOf(request));

describe('a payout that is paid', () => {
  it('twice over, also at once, is posted once and answers the same', async () => {
    const tenantId = await opened();
    const { payouts } = db.store;
    const request = payoutOf(tenantId);
    await desk.reserved(request);
    await Promise.all([payouts.transferred(transferOf(request)), payouts.transferred(transferOf(request))]);
    expect((await payouts.get(tenantId, request.payoutId))?.status).toBe('transferred');
    await Promise.all([payouts.created(creationOf(request)), payouts.created(creationOf(request))]);
    const settle = () => payouts.settle(paymentOf(request, 8_550));
    const results = [...(await Promise.all([settle(), settle()])), await settle()];
    results.push(await payouts.release(releaseOf(request)));
    for (const result of results) expect(result).toEqual(paymentOf(request, 8_550).result);
    await payouts.transferred(transferOf(request));
    await payouts.created(creationOf(request));
    expect(await desk.reserve(request, { runId: 'run-2' })).toEqual({ kind: 'settled', result: results[0] });
    expect(await posted(request)).toEqual({ ...onTheWay, paid: { venue_payout: 8_550, in_transit: -8_550 } });
    expect(await desk.balancesOf(tenantId)).toEqual({ ...sale, stripe_balance: 9_680 - 8_550 });
  });

  it('is posted as transferred and created by its settling when nothing did before', async () => {
    const request = payoutOf(await opened());
    await desk.reserved(request);
    await db.store.payouts.settle(paymentOf(request, 8_550));
    expect(await posted(request)).toEqual({ ...onTheWay, paid: { venue_payout: 8_550, in_transit: -8_550 } });
  });

  it('refuses what contradicts what was reserved, and objects of the provider that did it already', async () => {
    const tenantId = await opened();
    const { payouts } = db.store;
    const request = payoutOf(tenantId, { amount: 100 });
    await desk.reserved(request);
    const { transferId: _, ...withoutTransfer } = paymentOf(request, 100).result;
    const contradictions = [
      () => payouts.settle(paymentOf(request, 101)),
      () => payouts.settle(paymentOf(request, 100, { currency: 'EUR' })),
      () => payouts.settle({ ...paymentOf(request, 100), result: withoutTransfer }),
      () => payouts.created(creationOf(request)),
    ];
    for (const contradict of contradictions) await expect(contradict()).rejects.toThrow(PayoutStateError);
    await payouts.transferred(transferOf(request));
    const another = { ...transferOf(request), transfer: { transferId: 'tr_other' } };
    await expect(payouts.transferred(another)).rejects.toThrow(/cannot be transferred by tr_other: tr_.* did it/);
    await payouts.created(creationOf(request));
    const second = { ...creationOf(request), payout: { providerPayoutId: 'po_other', status: 'pending' } as const };
    await expect(payouts.created(second)).rejects.toThrow(/cannot be made by po_other: po_.* is it already/);

    const next = payoutOf(tenantId, { amount: 100 });
    await desk.reserved(next);
    const stolen = { ...transferOf(next), transfer: transferOf(request).transfer };
    await expect(payouts.transferred(stolen)).rejects.toThrow(`that is payout ${request.payoutId}'s`);
    await payouts.transferred(transferOf(next));
    const taken = { ...creationOf(next), payout: creationOf(request).payout };
    await expect(payouts.created(taken)).rejects.toThrow(`that is payout ${request.payoutId}'s`);
    expect((await payouts.settle(paymentOf(request, 100))).status).toBe('paid');
  });
});

const cancelled = { status: 'cancelled', moneyMoved: 'with_us', actor: 'agent', reason: 'no\0' } as const;
const notApproved = { status: 'rejected', moneyMoved: 'with_us', reason: 'not_approved', actor: 'boss' } as const;
const expired = { status: 'expired', moneyMoved: 'with_us' } as const;
const released = { venue_payout: 8_550, venue_payable: -8_550 };
const backInTheAccount = { ...sale, venue_payable: -8_550, connected_balance: 8_550, stripe_balance: 9_680 - 8_550 };

describe('a payout that is not paid', () => {
  it.each<[string, ReleasedPayout]>([
    ['cancelled', cancelled],
    ['rejected', notApproved],
    ['expired', expired],
    ['returned', bankSaidNo],
  ])('%s, gives its reservation back, once', async (status, result) => {
    const tenantId = await opened();
    const before = await desk.balancesOf(tenantId);
    const { payouts } = db.store;
    const request = payoutOf(tenantId);
    await desk.reserved(request);
    const release = () => payouts.release(releaseOf(request, result));
    const results = await Promise.all([release(), release()]);
    results.push(await payouts.settle(paymentOf(request, 8_550)), await payouts.release(releaseOf(request, expired)));
    for (const answer of results) expect(answer).toEqual(result);
    expect(await posted(request)).toEqual({ payout_reserved: onTheWay.payout_reserved, payout_released: released });
    expect(await desk.balancesOf(tenantId)).toEqual(before);
    expect(await payouts.get(tenantId, request.payoutId)).toMatchObject({ status, result });
    await expect(payouts.transferred(transferOf(request))).rejects.toThrow(PayoutStateError);
    expect((await desk.reserved(payoutOf(tenantId))).amount).toBe(8_550);
  });

  it('leaves what was transferred in the account, for the next one', async () => {
    const tenantId = await opened();
    const request = payoutOf(tenantId);
    await desk.reserved(request);
    await db.store.payouts.transferred(transferOf(request));
    await db.store.payouts.release(releaseOf(request));
    const { payout_reserved, transferred } = onTheWay;
    expect(await posted(request)).toEqual({ payout_reserved, transferred, payout_released: released });
    expect(await desk.balancesOf(tenantId)).toEqual(backInTheAccount);
    // A repetition that comes late finds it done already.
    await db.store.payouts.transferred(transferOf(request));
    expect(await desk.balancesOf(tenantId)).toEqual(backInTheAccount);
    expect(await desk.reserved(payoutOf(tenantId))).toMatchObject({ amount: 8_550, transferAmount: 0 });
  });

  it('failed at the bank, is back in the account and owed again', async () => {
    const tenantId = await opened();
    const request = payoutOf(tenantId);
    await desk.created(request);
    await db.store.payouts.release(releaseOf(request));
    const payout_failed = { connected_balance: 8_550, in_transit: -8_550, ...released };
    expect(await posted(request)).toEqual({ ...onTheWay, payout_failed });
    expect(await desk.balancesOf(tenantId)).toEqual(backInTheAccount);
    const record = await db.store.payouts.get(tenantId, request.payoutId);
    expect(record).toMatchObject({ status: 'returned', payout: { failureCode: 'account_closed' } });
    expect(record?.payout).not.toHaveProperty('returnedAt');
    expect(await desk.paid(payoutOf(tenantId))).toBe(8_550);
    expect(await desk.balancesOf(tenantId)).toEqual({ ...sale, stripe_balance: 9_680 - 8_550 });
  });

  it('and settling at once have one end, and both answer it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const request = payoutOf(await opened());
      await desk.reserved(request);
      const settle = () => db.store.payouts.settle(paymentOf(request, 8_550));
      const release = () => db.store.payouts.release(releaseOf(request));
      const [one, other] = await Promise.all(round % 2 === 0 ? [settle(), release()] : [release(), settle()]);
      expect(one).toEqual(other);
      expect(Object.hasOwn(await posted(request), 'paid')).toBe(one.status === 'paid');
    }
  });
});

describe('a payout that came back after it was paid', () => {
  it('is owed again, once, and lies in the account', async () => {
    const tenantId = await opened();
    const { payouts, payoutReturns } = db.store;
    const request = payoutOf(tenantId);
    const amount = await desk.paid(request);
    const paid = { amount, currency: 'USD', account: 'acct_venue', ...paidBy(request) };
    const find = () => payoutReturns.find(returnInputOf(request));
    expect(await find()).toEqual({ kind: 'owned', payout: paid });
    const book = () => payoutReturns.book(returnOf(request, amount));
    const results = [...(await Promise.all([book(), book()])), await book()];
    for (const result of results) expect(result).toEqual(returnOf(request, amount).returned);
    expect(await find()).toEqual({ kind: 'ended', result: results[0] });
    expect(await desk.postedBy(returnOperationOf(request))).toEqual({
      payout_returned: { connected_balance: 8_550, venue_payable: -8_550 },
    });
    expect(await desk.balancesOf(tenantId)).toEqual(backInTheAccount);
    expect(await payouts.get(tenantId, request.payoutId)).toMatchObject({
      status: 'returned',
      result: { status: 'paid' },
      payout: { failureCode: 'account_closed', returnedAt: returnOf(request, amount).now },
    });
    expect(await payouts.settle(paymentOf(request, amount))).toMatchObject({ status: 'paid' });
    expect(await desk.reserved(payoutOf(tenantId))).toMatchObject({ amount, transferAmount: 0 });
  });

  it('is not in the way of a later one while it is only looked into: nothing is claimed', async () => {
    const request = payoutOf(await opened());
    const amount = await desk.paid(request);
    await db.store.payoutReturns.find(returnInputOf(request));
    const claims = () => db.look(`select from idempotency_keys where kind = 'payout-return' and key = $1`, [request.payoutId]); // prettier-ignore
    expect(await claims()).toEqual([]);
    expect((await db.store.payouts.get(request.tenantId, request.payoutId))?.status).toBe('paid');
    const later = returnOf(request, amount);
    const operation = { ...later.operation, runId: 'a-later-run' };
    expect(await db.store.payoutReturns.book({ ...later, operation })).toEqual(later.returned);
    expect(await claims()).toHaveLength(1);
  });

  it('has to have been paid', async () => {
    const tenantId = await opened();
    const { payouts, payoutReturns } = db.store;
    const request = payoutOf(tenantId);
    await desk.created(request);
    await expect(payoutReturns.find(returnInputOf(request))).rejects.toThrow(/cannot be returned: it is created/);
    await expect(payoutReturns.book(returnOf(request, 8_550))).rejects.toThrow(PayoutStateError);
    await payouts.release(releaseOf(request));
    const nothing = { kind: 'ended', result: { status: 'withdrawn' } };
    expect(await payoutReturns.find(returnInputOf(request))).toEqual(nothing);
    expect(await payoutReturns.find(returnInputOf(payoutOf(tenantId)))).toEqual(nothing);
    expect(await desk.balancesOf(tenantId)).toEqual(backInTheAccount);
  });

  it('refuses another amount, and what was never reserved', async () => {
    const request = payoutOf(await opened());
    await expect(db.store.payoutReturns.book(returnOf(request, 8_550))).rejects.toThrow(ClaimLostError);
    await desk.paid(request);
    await expect(db.store.payoutReturns.book(returnOf(request, 1))).rejects.toThrow(PayoutStateError);
  });
});

const paidBy = (request: PayoutRequest) => ({ providerPayoutId: creationOf(request).payout.providerPayoutId });

describe('what lies in the account', () => {
  it('is taken first, and by one payout only', async () => {
    const tenantId = await opened();
    await desk.returned(payoutOf(tenantId, { amount: 3_000 }));
    const [first, second] = [payoutOf(tenantId, { amount: 2_000 }), payoutOf(tenantId, { amount: 2_000 })];
    expect(await desk.reserved(first)).toMatchObject({ transferAmount: 0 });
    expect(await desk.reserved(second)).toMatchObject({ transferAmount: 1_000 });
    await db.store.payouts.transferred(transferOf(second));
    expect(await desk.reserved(payoutOf(tenantId, { amount: 500 }))).toMatchObject({ transferAmount: 500 });
    // Nothing was transferred for the first, so there is no transfer to name.
    await db.store.payouts.created(creationOf(first));
    const { transferId: _, ...result } = paymentOf(first, 2_000).result;
    await expect(db.store.payouts.settle(paymentOf(first, 2_000))).rejects.toThrow(/account lacks 0 USD/);
    expect(await db.store.payouts.settle({ ...paymentOf(first, 2_000), result })).toEqual(result);
    await db.store.payouts.created(creationOf(second));
    await db.store.payouts.settle(paymentOf(second, 2_000));
    expect(await desk.balancesOf(tenantId)).not.toHaveProperty('connected_balance');
  });

  it('is there again when the payout that would take it is given up', async () => {
    const tenantId = await opened();
    await desk.returned(payoutOf(tenantId, { amount: 3_000 }));
    const request = payoutOf(tenantId, { amount: 4_000 });
    expect(await desk.reserved(request)).toMatchObject({ transferAmount: 1_000 });
    await db.store.payouts.transferred(transferOf(request));
    await db.store.payouts.release(releaseOf(request));
    expect(await desk.reserved(payoutOf(tenantId, { amount: 4_500 }))).toMatchObject({ transferAmount: 500 });
  });

  it('of an account that the venue has given up is out of reach', async () => {
    const tenantId = await opened();
    await desk.returned(payoutOf(tenantId, { amount: 3_000 }));
    await db.store.venues.put(tenantId, 'venue', { ...venue, ...payable, connectedAccount: 'acct_new' });
    const request = payoutOf(tenantId, { amount: 4_000 });
    expect(await desk.reserved(request)).toMatchObject({ account: 'acct_new', transferAmount: 4_000 });
  });
});

describe('taking over', () => {
  it('moves a live payout from the run that is gone, once', async () => {
    const tenantId = await opened();
    const request = payoutOf(tenantId, { amount: 10 });
    await desk.reserve(request, { runId: 'gone' });
    const from = { workflowId: payoutOperationOf(request).workflowId, runId: 'gone' };
    expect(await desk.reserve(request)).toEqual({ kind: 'foreign', ...from });
    await expect(db.store.payouts.transferred(transferOf(request))).rejects.toThrow(ClaimLostError);
    const takeOver = (runId: string) =>
      db.store.payouts.takeOver({ operation: payoutOperationOf(request, runId), key: request.payoutId, from });
    expect(await takeOver('run-1')).toBe(true);
    expect(await takeOver('run-1')).toBe(true);
    expect(await takeOver('run-2')).toBe(false);
    expect((await db.store.payouts.settle(paymentOf(request, 10))).status).toBe('paid');
    expect((await db.store.payouts.get(tenantId, request.payoutId))?.runId).toBe('run-1');
  });

  it('finds nothing under the id of another kind of workflow, and nothing that was never reserved', async () => {
    const request = payoutOf(await opened());
    const operation = { ...payoutOperationOf(request), workflowId: 'payment:acme:x' };
    await expect(db.store.payouts.release({ ...releaseOf(request), operation })).rejects.toThrow(ClaimLostError);
    await expect(db.store.payouts.mayGoOn(releaseOf(request))).rejects.toThrow(ClaimLostError);
    await expect(db.store.payouts.transferred(transferOf(request))).rejects.toThrow(ClaimLostError);
  });
});
