import { afterAll, beforeAll, expect, it } from 'vitest';
import { nothingYet } from '../../contracts/event-cancellation.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { eventCancellationWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { ClaimLostError } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { completionOf, deskOf, failureOf, refundOf, refundOperationOf, sold } from '../support/refunds.ts';
import { claimOf, openSale, operationOf, orderOf, settlementOf, venue } from '../support/sales.ts';
import { cancellationRequest } from '../support/cancelled-event-outside.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db.stop());

const now = '2027-02-01T00:00:00.000Z';
const event = { venueId: 'venue', name: 'The Event', endsAt: '2027-06-01T22:00:00Z', salesOpen: true };

/** A tenant of its own, whose event is cancelled. */
function cancellationOf(tenantId: string, runId = 'run-1') {
  const request = { ...cancellationRequest('event'), tenantId };
  const operation = { tenantId, workflowId: eventCancellationWorkflowId(tenantId, 'event'), runId };
  const { eventCancellations } = db.store;
  return {
    operation,
    claim: (change: object = {}) => {
      const wanted = { ...request, ...change };
      return eventCancellations.claim({
        operation,
        input: { request: wanted, fingerprint: fingerprintOf(wanted) },
        now,
      });
    },
    wave: (cursor: number, window: number, at = now) =>
      eventCancellations.wave({ operation, eventId: 'event', cursor, window, now: at }),
    end: (end: Parameters<typeof eventCancellations.end>[0]['end'] = { status: 'completed' }) =>
      eventCancellations.end({ operation, eventId: 'event', end, now }),
    record: () => eventCancellations.get(tenantId, 'event'),
  };
}

/** The request that the activity makes of a planned refund. */
const requestOf = (order: PurchaseOrder, refundId: string) => refundOf(order, { refundId, tickets: 'burn' });

it('closes sales for good, once, whatever is put over them', async () => {
  await openSale(db.store, 'closing');
  const cancellation = cancellationOf('closing');
  expect(await cancellation.claim()).toEqual({ kind: 'owned' });
  expect(await cancellation.claim()).toEqual({ kind: 'owned' });
  await db.store.events.put('closing', 'event', event);
  expect(await db.store.events.get('closing', 'event')).toMatchObject({ salesOpen: false });
  const late = await db.store.payments.claim(claimOf(orderOf('closing')));
  expect(late).toMatchObject({ kind: 'refused', result: { reason: 'sales_closed' } });
  expect(await cancellation.claim({ reason: 'another' })).toMatchObject({ result: { reason: 'key_reused' } });
  expect(await cancellationOf('closing', 'run-2').claim()).toMatchObject({ kind: 'foreign', runId: 'run-1' });
  expect(await cancellation.record()).toMatchObject({ status: 'live', report: nothingYet, startedAt: now });
  const other = await db.store.events.put('closing', 'other', event);
  expect([other, (await db.store.events.get('closing', 'other'))?.salesOpen]).toEqual([true, true]);
});

it('claims nothing where there is no event, so that one that is put later can be cancelled', async () => {
  const cancellation = cancellationOf('eventless');
  const refused = { kind: 'refused', result: { status: 'refused', moneyMoved: 'none', reason: 'no_event' } };
  expect(await cancellation.claim()).toEqual(refused);
  await openSale(db.store, 'eventless');
  expect(await cancellation.claim()).toEqual({ kind: 'owned' });
});

it.each(Array.from({ length: 5 }, (_, round) => round))(
  'lets no purchase slip in beside it: what is let in is there to be found (%i)',
  async (round) => {
    const tenantId = `race-${round}`;
    await openSale(db.store, tenantId);
    const orders = Array.from({ length: 40 }, () => orderOf(tenantId));
    const claims = orders.map((order) => db.store.payments.claim(claimOf(order)));
    // The pool serves them in turn, so the cancellation comes somewhere among them.
    await Promise.race(claims);
    const live = () => db.look(`select from payments where tenant_id = $1`, [tenantId]);
    await cancellationOf(tenantId).claim();
    const found = await live();
    const kinds = (await Promise.all(claims)).map(({ kind }) => kind);
    expect(found).toHaveLength(kinds.filter((kind) => kind === 'owned').length);
    expect(await live()).toHaveLength(found.length);
  },
);

it('waits for the claims that have looked at the event, and they do not wait for each other', async () => {
  const tenantId = 'waiting';
  await openSale(db.store, tenantId);
  // As a claim that has read "open" and is not through.
  const client = await db.pool.connect();
  try {
    await client.query(`begin`);
    await client.query(`select pg_advisory_xact_lock_shared(hashtext('boxoffice-event'), hashtext('waiting:event'))`);
    expect((await db.store.payments.claim(claimOf(orderOf(tenantId)))).kind).toBe('owned');
    let closed = false;
    const closing = cancellationOf(tenantId)
      .claim()
      .then(() => (closed = true));
    const waits = `select from pg_locks where locktype = 'advisory' and not granted and database =
      (select oid from pg_database where datname = current_database())`;
    await expect.poll(() => db.look(waits)).toHaveLength(1);
    expect([closed, (await db.store.events.get(tenantId, 'event'))?.salesOpen]).toEqual([false, true]);
    await client.query('rollback');
    await closing;
  } finally {
    client.release();
  }
  expect((await db.store.payments.claim(claimOf(orderOf(tenantId)))).kind).toBe('refused');
});

it('writes refunds down before they are started, up to the window, and never two for one purchase', async () => {
  const tenantId = 'waves';
  await openSale(db.store, tenantId);
  const orders: PurchaseOrder[] = [];
  for (let index = 0; index < 5; index += 1) orders.push(await sold(db.store, tenantId));
  await db.store.venues.put(tenantId, 'other', venue);
  await db.store.events.put(tenantId, 'elsewhere', { ...event, venueId: 'other' });
  await sold(db.store, tenantId, { venueId: 'other', eventId: 'elsewhere' });
  const free = await sold(db.store, tenantId, { price: 0 });
  expect(free.amount).toBe(0);
  const cancellation = cancellationOf(tenantId);
  await cancellation.claim();
  const desk = deskOf(db);

  const first = await cancellation.wave(0, 2);
  expect(first.report).toEqual({ ...nothingYet, purchases: 6, free: 1, pending: 2, notStarted: 3 });
  expect(first.start.map(({ paymentKey }) => paymentKey).toSorted()).toEqual(
    orders.slice(0, 2).map(({ idempotencyKey }) => idempotencyKey).toSorted(),
  ); // prettier-ignore
  // Nobody knows yet whether they were started, so they are to be started again, and the window is full.
  expect(await cancellation.wave(first.cursor, 2)).toEqual(first);

  const planned = new Map(first.start.map(({ paymentKey, refundId }) => [paymentKey, refundId]));
  const [done, parked] = orders.slice(0, 2).map((order) => requestOf(order, planned.get(order.idempotencyKey)!));
  await desk.completed(done!);
  await desk.reserved(parked!);
  await db.store.deadLetters.park({
    operation: refundOperationOf(parked!), queueName: 'money', jobType: 'refund-process', step: 'refund', error: 'e',
    attempts: 1, moneyMoved: 'unknown', data: {},
  }); // prettier-ignore
  // What waits for a person leaves the window free.
  const second = await cancellation.wave(first.cursor, 2);
  expect(second.report).toMatchObject({
    refunded: 1,
    inReview: 1,
    pending: 2,
    notStarted: 1,
    amounts: { USD: 10_000 },
  });
  expect(second.start).toHaveLength(2);
  // So does what a bank has been at for long; nothing is begun with a window of 0.
  expect((await cancellation.wave(second.cursor, 0)).report.notStarted).toBe(1);
  const later = await cancellation.wave(second.cursor, 2, '2027-02-01T01:00:00.000Z');
  expect(later.report).toMatchObject({ pending: 3, notStarted: 0 });
  expect(later.cursor).toBe(0);

  expect(await db.look(`select from event_refunds where tenant_id = $1`, [tenantId])).toHaveLength(5);
  await expect(
    db.store.eventCancellations.wave({
      operation: { ...cancellation.operation, runId: 'run-2' }, eventId: 'event', cursor: 0, window: 9, now,
    }), // prettier-ignore
  ).rejects.toThrow(ClaimLostError);
});

it('counts what others gave back, what was rejected, and what failed; only what is left is refunded', async () => {
  const tenantId = 'others';
  await openSale(db.store, tenantId);
  const desk = deskOf(db);
  const [whole, part, pending, failing] = [
    await sold(db.store, tenantId),
    await sold(db.store, tenantId),
    await sold(db.store, tenantId),
    await sold(db.store, tenantId),
  ];
  await desk.completed(refundOf(whole));
  await desk.completed(refundOf(part, { amount: 3_333 }));
  const theirs = refundOf(pending);
  await desk.reserved(theirs);
  const cancellation = cancellationOf(tenantId);
  await cancellation.claim();
  const { start, report } = await cancellation.wave(0, 9);
  expect(report).toEqual({ ...nothingYet, purchases: 4, refundedBefore: 1, pending: 3 });
  const idOf = (order: PurchaseOrder) => start.find(({ paymentKey }) => paymentKey === order.idempotencyKey)!.refundId;
  expect(start).toHaveLength(2);

  await desk.completed(requestOf(part, idOf(part)));
  const failure = requestOf(failing, idOf(failing));
  await desk.reserved(failure);
  await db.store.refunds.giveBack(failureOf(failure));
  // Theirs failed after all: now it is for this one.
  await db.store.refunds.giveBack(failureOf(theirs));
  const again = await cancellation.wave(0, 9);
  expect(again.report).toMatchObject({ refunded: 1, failed: 1, pending: 1, amounts: { USD: 6_667 } });
  const mine = requestOf(pending, again.start[0]!.refundId);
  await desk.completed(mine);
  expect((await db.store.refunds.settle(completionOf(mine, 10_000))).status).toBe('completed');

  const result = await cancellation.end();
  expect(result).toEqual({
    status: 'completed',
    moneyMoved: 'refunded',
    report: { ...nothingYet, purchases: 4, refunded: 2, refundedBefore: 1, failed: 1, amounts: { USD: 16_667 } },
  });
  // The end stays, and so do the refunds of it.
  expect(await cancellation.end({ status: 'cancelled', actor: 'a', reason: 'r' })).toEqual(result);
  expect(await cancellation.claim()).toEqual({ kind: 'settled', result });
  expect(await cancellation.record()).toMatchObject({ status: 'completed', result, endedAt: now });
});

it('finds purchases in flight, and tells those that ended unpaid from those that were paid after all', async () => {
  const tenantId = 'flying';
  await openSale(db.store, tenantId);
  const [late, undone, before] = [orderOf(tenantId), orderOf(tenantId), orderOf(tenantId)];
  for (const order of [late, undone, before]) await db.store.payments.claim(claimOf(order));
  const close = (order: PurchaseOrder, at: string) =>
    db.store.payments.close({
      operation: operationOf(order), key: order.idempotencyKey,
      result: { status: 'cancelled', moneyMoved: 'none', actor: 'ada', reason: 'r' }, now: at,
    }); // prettier-ignore
  await close(before, '2027-01-31T23:59:59.000Z');
  const cancellation = cancellationOf(tenantId);
  await cancellation.claim();
  const flying = (after: number, limit: number) =>
    db.store.eventCancellations.inFlight(tenantId, 'event', { after, limit });
  const found = await flying(0, 1);
  expect(found).toMatchObject([{ workflowId: operationOf(late).workflowId }]);
  const rest = await flying(found[0]!.paymentId, 9);
  expect(rest.map(({ workflowId }) => workflowId)).toEqual([operationOf(undone).workflowId]);

  await close(undone, now);
  expect((await cancellation.wave(0, 9)).report).toEqual({ ...nothingYet, inFlight: 1, cancelledInFlight: 1 });
  await db.store.payments.settle(settlementOf(late));
  const { report, start } = await cancellation.wave(0, 9);
  expect(report).toEqual({ ...nothingYet, purchases: 1, pending: 1, cancelledInFlight: 1 });
  expect(start.map(({ paymentKey }) => paymentKey)).toEqual([late.idempotencyKey]);
});
