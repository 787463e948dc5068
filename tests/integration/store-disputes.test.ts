import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { disputeWorkflowId, refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { ProviderDispute } from '../../contracts/dispute.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import { ClaimLostError, DisputeStateError } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { deskOf, doneOf, failureOf, refundOf, sold } from '../support/refunds.ts';
import { captureOf, operationOf, openSale, start } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = deskOf(db);
});
afterAll(() => db.stop());

let count = 0;
const later = '2027-02-01T00:00:00.000Z';

/** A purchase in a tenant of its own, so that its balances are the purchase's. */
async function purchase(tickets?: string[]): Promise<PurchaseOrder> {
  const tenantId = `tenant-${(count += 1)}`;
  await openSale(db.store, tenantId);
  return sold(db.store, tenantId, tickets ? { tickets, price: 10_000 / tickets.length } : {});
}

const out = (amount: number, fee = 1_500, id = 'out') => ({ transactionId: `txn_${id}`, amount: -amount, fee, currency: 'USD' }); // prettier-ignore
const back = (amount: number, fee = 0, id = 'back') => ({ transactionId: `txn_${id}`, amount, fee, currency: 'USD' });

function disputeOf(order: PurchaseOrder, change: Partial<ProviderDispute> = {}): ProviderDispute {
  return {
    disputeId: 'dp_1', chargeId: captureOf(order).chargeId, status: 'needs_response', amount: 10_000, currency: 'USD',
    reason: 'fraudulent', refundable: false, movements: [out(change.amount ?? 10_000)], ...change,
  }; // prettier-ignore
}

const disputing = ({ tenantId, idempotencyKey: paymentKey }: PurchaseOrder, disputeId = 'dp_1', runId = 'run-1') => {
  const operation = { tenantId, workflowId: disputeWorkflowId(tenantId, disputeId), runId };
  const request = { tenantId, disputeId, paymentKey };
  const body: object = { disputeId };
  const { disputes } = db.store;
  const recorded = (dispute: ProviderDispute) => ({ operation, paymentKey, dispute, now: later });
  return {
    claim: () => disputes.claim({ operation, input: { request, fingerprint: fingerprintOf(body) }, now: start }),
    book: (dispute: ProviderDispute) => disputes.book(recorded(dispute)),
    settle: (dispute: ProviderDispute) => disputes.settle(recorded(dispute)),
    posted: () =>
      db.look<{ step: string; account: string; amount: number }>(
        `select step, account, amount::int from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
         where t.operation = $1 and t.tenant_id = $2 order by e.id`,
        [operation.workflowId, tenantId],
      ),
  };
};

const entries = (rows: { step: string; account: string; amount: number }[], step: string) =>
  Object.fromEntries(rows.filter((row) => row.step === step).map(({ account, amount }) => [account, amount]));

const asked = (order: PurchaseOrder, change?: Partial<RefundRequest>) => desk.reserve(refundOf(order, change));

describe('a dispute', () => {
  it("posts the money model's table when funds are withdrawn, once, and when it is lost", async () => {
    const order = await purchase(['a', 'b']);
    const dispute = disputing(order);
    expect(await dispute.claim()).toEqual({ kind: 'owned' });
    const open = disputeOf(order);
    await Promise.all([dispute.book(open), dispute.book(open)]);
    expect(await dispute.book(open)).toEqual({ currency: 'USD', withdrawn: 10_000, fee: 1_500 });
    expect(entries(await dispute.posted(), 'dispute_funds_txn_out')).toEqual({
      disputed: 10_000, dispute_fees: 1_500, stripe_balance: -11_500, venue_payable: 9_500, venue_hold: -9_500,
    }); // prettier-ignore

    const lost = { ...open, status: 'lost' } as const;
    const result = { status: 'lost', amount: 10_000, currency: 'USD', fee: 1_500, locked: ['a', 'b'] };
    expect(await Promise.all([dispute.settle(lost), dispute.settle(lost)])).toEqual([result, result]);
    expect(entries(await dispute.posted(), 'dispute_lost')).toEqual({
      venue_hold: 9_500, platform_fees: 500, disputed: -10_000,
    }); // prettier-ignore
    expect(await desk.balancesOf(order.tenantId)).toEqual({
      provider_fees: 320, dispute_fees: 1_500, stripe_balance: -1_820, venue_payable: 950, venue_reserve: -950,
    }); // prettier-ignore
    expect(await dispute.posted()).toHaveLength(8);
    expect(await dispute.claim()).toEqual({ kind: 'settled', result });
    const mints = await db.store.mints.of(operationOf(order));
    expect(mints.map(({ lockedAt }) => lockedAt)).toEqual([later, later]);
  });

  it.each([
    ['and the fee comes back', -1_500, {}],
    ['and the fee stays', 0, { dispute_fees: 1_500 }],
  ])('that is won leaves everything as it was, %s', async (_, fee, kept) => {
    const order = await purchase();
    const before = await desk.balancesOf(order.tenantId);
    const dispute = disputing(order);
    await dispute.claim();
    const won = disputeOf(order, { status: 'won', refundable: true, movements: [out(10_000), back(10_000, fee)] });
    expect(await dispute.settle(won)).toEqual({
      status: 'won', amount: 10_000, currency: 'USD', fee: 1_500 + fee,
    }); // prettier-ignore
    expect(await desk.balancesOf(order.tenantId)).toEqual({
      ...before,
      ...kept,
      stripe_balance: before['stripe_balance']! - 1_500 - fee,
    });
    expect((await db.store.mints.of(operationOf(order)))[0]?.lockedAt).toBeUndefined();
    expect(await asked(order)).toMatchObject({ kind: 'owned', reservation: { amount: 10_000 } });
  });

  it('that is an inquiry posts nothing and leaves the purchase refundable', async () => {
    const order = await purchase();
    const dispute = disputing(order);
    await dispute.claim();
    const inquiry = disputeOf(order, { status: 'warning_needs_response', refundable: true, movements: [] });
    expect(await dispute.book(inquiry)).toMatchObject({ withdrawn: 0 });
    expect(await asked(order, { amount: 1_000 })).toMatchObject({ kind: 'owned' });
    expect(await dispute.settle({ ...inquiry, status: 'warning_closed' })).toEqual({ status: 'withdrawn' });
    expect(await dispute.posted()).toEqual([]);
    expect(await db.store.disputes.get(order.tenantId, 'dp_1')).toMatchObject({ outcome: 'withdrawn', withdrawn: 0 });
  });

  it('refuses refunds while it is open; when it is lost, what is refundable shrinks by it', async () => {
    const order = await purchase();
    await desk.completed(refundOf(order, { amount: 3_333 }));
    const dispute = disputing(order);
    await dispute.claim();
    const open = disputeOf(order, { amount: 4_000 });
    await dispute.book(open);
    const disputed = { status: 'rejected', moneyMoved: 'captured', reason: 'disputed' };
    expect(await asked(order, { amount: 1 })).toEqual({ kind: 'refused', result: disputed });
    await dispute.settle({ ...open, status: 'lost' });
    const tooMuch = await asked(order, { amount: 2_668 });
    expect(tooMuch).toMatchObject({ kind: 'refused', result: { reason: 'exceeds', refundable: 2_667 } });
    await desk.completed(refundOf(order));
    // All of the fee and all of the venue's part are given back, to the minor unit.
    expect(await desk.balancesOf(order.tenantId)).toEqual({
      provider_fees: 320, dispute_fees: 1_500, stripe_balance: -1_820, venue_payable: 950, venue_reserve: -950,
    }); // prettier-ignore
  });

  it('refuses refunds also while the provider calls the charge not refundable, before any money moved', async () => {
    const order = await purchase();
    const dispute = disputing(order);
    await dispute.claim();
    await dispute.book(disputeOf(order, { movements: [] }));
    expect(await asked(order)).toMatchObject({ kind: 'refused', result: { reason: 'disputed' } });
  });

  it('of more than is left of the purchase takes what is left of the fee, and nothing can be refunded', async () => {
    const order = await purchase();
    await desk.completed(refundOf(order, { amount: 4_000 }));
    const dispute = disputing(order);
    await dispute.claim();
    await dispute.settle(disputeOf(order, { status: 'lost' }));
    expect(await asked(order, { amount: 1 })).toMatchObject({
      result: { reason: 'exceeds', refundable: 0 },
    });
    const { platform_fees: fees } = await desk.balancesOf(order.tenantId);
    expect(fees).toBeUndefined();
  });

  it('gives the venue what a refund that failed meanwhile had counted as its own', async () => {
    const order = await purchase();
    const refund = refundOf(order, { amount: 4_000 });
    await desk.reserved(refund);
    const dispute = disputing(order);
    await dispute.claim();
    const open = disputeOf(order);
    await dispute.book(open);
    await db.store.refunds.giveBack(failureOf(refund));
    await dispute.settle({ ...open, status: 'lost' });
    expect(entries(await dispute.posted(), 'dispute_lost')).toEqual({
      venue_hold: 9_700, platform_fees: 500, venue_payable: -200, disputed: -10_000,
    }); // prettier-ignore
    expect(await desk.balancesOf(order.tenantId)).toMatchObject({ venue_payable: 950, venue_reserve: -950 });
  });

  it('that is lost while a refund of the same money is asked for takes the whole fee when that is refused', async () => {
    const order = await purchase();
    const refund = refundOf(order, { amount: 9_000 });
    await desk.reserved(refund);
    const dispute = disputing(order);
    await dispute.claim();
    await dispute.settle(disputeOf(order, { status: 'lost' }));
    await db.store.refunds.giveBack(failureOf(refund));
    await db.store.refunds.giveBack(failureOf(refund));
    // Nothing of the money is left, so nothing of the fee is.
    expect(await desk.balancesOf(order.tenantId)).toEqual({
      provider_fees: 320, dispute_fees: 1_500, stripe_balance: -1_820, venue_payable: 950, venue_reserve: -950,
    }); // prettier-ignore
  });

  it('given back in parts gives back its fee share in parts', async () => {
    const order = await purchase();
    const before = await desk.balancesOf(order.tenantId);
    const dispute = disputing(order);
    await dispute.claim();
    const open = disputeOf(order, { movements: [out(10_000, 0)] });
    await dispute.book(open);
    const half = { ...open, movements: [...open.movements, back(3_333, 0, 'one')] };
    expect(await dispute.book(half)).toMatchObject({ withdrawn: 6_667 });
    await dispute.settle({ ...half, status: 'won', movements: [...half.movements, back(6_667, 0, 'two')] });
    expect(await desk.balancesOf(order.tenantId)).toEqual(before);
  });

  it('has no end before its money has moved', async () => {
    const order = await purchase();
    const dispute = disputing(order);
    await dispute.claim();
    await expect(dispute.settle(disputeOf(order, { status: 'won' }))).rejects.toThrow(DisputeStateError);
    await expect(dispute.settle(disputeOf(order, { status: 'lost', movements: [] }))).rejects.toThrow(
      /0 are withdrawn/,
    );
    expect(await dispute.posted()).toEqual([]);
  });

  it.each<[string, Partial<ProviderDispute>, RegExp]>([
    ['another charge', { chargeId: 'ch_other' }, /of charge ch_other/],
    ['another currency', { currency: 'EUR' }, /in EUR, the payment in USD/],
    ['movements in another currency', { movements: [{ ...out(1), currency: 'EUR' }] }, /in EUR/],
    ['more back than was taken', { movements: [back(1)] }, /reinstated by 1: 0 are withdrawn/],
  ])('of %s is refused, and nothing is written', async (_, change, message) => {
    const order = await purchase();
    const dispute = disputing(order);
    await dispute.claim();
    await expect(dispute.book(disputeOf(order, change))).rejects.toThrow(message);
    expect(await db.store.disputes.get(order.tenantId, 'dp_1')).toBeUndefined();
  });

  it('belongs to one run, and can be taken over', async () => {
    const order = await purchase();
    await disputing(order).claim();
    const other = disputing(order, 'dp_1', 'run-2');
    const { workflowId } = { workflowId: disputeWorkflowId(order.tenantId, 'dp_1') };
    expect(await other.claim()).toEqual({ kind: 'foreign', workflowId, runId: 'run-1' });
    await expect(other.book(disputeOf(order))).rejects.toThrow(ClaimLostError);
    const operation = { tenantId: order.tenantId, workflowId, runId: 'run-2' };
    expect(await db.store.disputes.takeOver({ operation, key: 'dp_1', from: { workflowId, runId: 'run-1' } })).toBe(
      true,
    );
    expect(await other.claim()).toEqual({ kind: 'owned' });
    expect(await other.book(disputeOf(order))).toMatchObject({ withdrawn: 10_000 });
  });

  it('is found by its charge or intent, across tenants, and read by its tenant only', async () => {
    const order = await purchase();
    const { chargeId, intentId } = captureOf(order);
    const wanted = { tenantId: order.tenantId, paymentKey: order.idempotencyKey };
    expect(await db.store.disputes.paymentOf({ chargeId })).toEqual(wanted);
    expect(await db.store.disputes.paymentOf({ chargeId: 'ch_unknown', intentId })).toEqual(wanted);
    expect(await db.store.disputes.paymentOf({ chargeId: 'ch_unknown' })).toBeUndefined();
    const dispute = disputing(order);
    await dispute.claim();
    await dispute.book(disputeOf(order, { evidenceDueBy: later }));
    const record = { disputeId: 'dp_1', paymentKey: order.idempotencyKey, evidenceDueBy: later, withdrawn: 10_000 };
    expect(await db.store.disputes.ofPayment(order.tenantId, order.idempotencyKey)).toMatchObject([record]);
    expect(await db.store.disputes.get('globex', 'dp_1')).toBeUndefined();
  });
});

const returning = (request: RefundRequest, change: { providerRefundId?: string } = {}) => {
  const { tenantId, refundId } = request;
  const providerRefundId = change.providerRefundId ?? `re_${refundId}`;
  const body = { tenantId, refundId, providerRefundId };
  return db.store.refundReturns.take({
    operation: { tenantId, workflowId: refundReturnWorkflowId(tenantId, refundId), runId: 'run-1' },
    input: { request: body, fingerprint: fingerprintOf(body) },
    refund: { providerRefundId, status: 'failed', failureCode: 'declined' },
    now: later,
  });
};

describe('a refund that comes back', () => {
  it('is reversed once, a person hears of it, and the money can be refunded anew', async () => {
    const order = await purchase();
    const before = await desk.balancesOf(order.tenantId);
    const request = refundOf(order, { amount: 3_333 });
    await desk.completed(request);
    const ended = { kind: 'ended', result: { status: 'returned', amount: 3_333, currency: 'USD', code: 'declined' } };
    expect(await Promise.all([returning(request), returning(request)])).toEqual([ended, ended]);
    expect(await returning(request)).toEqual(ended);
    expect(await desk.balancesOf(order.tenantId)).toEqual(before);
    expect(await db.store.refunds.get(order.tenantId, request.refundId)).toMatchObject({
      status: 'returned',
      refund: { failureCode: 'declined' },
      result: { status: 'completed' },
    });
    const letters = await db.look(
      `select step, error, money_moved, job_data from dead_letter_jobs where tenant_id = $1`,
      [order.tenantId],
    );
    const data = { paymentKey: order.idempotencyKey, refundId: request.refundId, amount: 3_333, currency: 'USD' };
    expect(letters).toEqual([{ step: 'refund_returned', error: 'declined', money_moved: 'captured', job_data: data }]);
    expect(await asked(order)).toMatchObject({ kind: 'owned', reservation: { amount: 10_000 } });
  });

  it('waits for the refund to end, and is nothing when it never was, was given up, or is another object', async () => {
    const order = await purchase();
    const withdrawn = { kind: 'ended', result: { status: 'withdrawn' } };
    const request = refundOf(order, { amount: 100 });
    expect(await returning(request)).toEqual(withdrawn);
    await desk.reserved(request);
    expect(await returning(request)).toEqual({ kind: 'not_yet' });
    await db.store.refunds.refunded(doneOf(request));
    expect(await returning(request)).toEqual({ kind: 'not_yet' });
    await db.store.refunds.giveBack(failureOf(request));
    expect(await returning(request)).toEqual(withdrawn);
    const other = refundOf(order, { amount: 100 });
    await desk.completed(other);
    expect(await returning(other, { providerRefundId: 're_else' })).toEqual(withdrawn);
  });
});
