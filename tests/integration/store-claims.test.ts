import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClaimLostError } from '../../store/index.ts';
import { lockOrderOf } from '../support/lock-order.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { claimOf, inputOf, openSale, operationOf, orderOf, settlementOf, start } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

const later = '2027-01-01T01:00:00.000Z';
const declined = { status: 'declined', moneyMoved: 'none', code: 'insufficient_funds' } as const;
const policy = { feeBasisPoints: 500, feeFixed: 0, reserveBasisPoints: 1_000 };

const liveHolds = (paymentKey: string) =>
  db.look('select kind, id from holds where payment_key = $1 and released_at is null', [paymentKey]);

describe('a payment claim', () => {
  it('is owned, and again by the same run', async () => {
    const order = orderOf('acme');
    expect(await db.store.payments.claim(claimOf(order))).toEqual({ kind: 'owned', policy });
    expect(await db.store.payments.claim(claimOf(order))).toEqual({ kind: 'owned', policy });
    expect(await liveHolds(order.idempotencyKey)).toHaveLength(2);
  });

  it('keeps the policy of its moment', async () => {
    await openSale(db.store, 'policy');
    const order = orderOf('policy');
    await db.store.payments.claim(claimOf(order));
    await openSale(db.store, 'policy', { feeBasisPoints: 9_000 });
    expect(await db.store.payments.claim(claimOf(order))).toEqual({ kind: 'owned', policy });
    await db.store.payments.settle(settlementOf(order));
    expect((await db.store.payments.get('policy', order.idempotencyKey))?.sale?.platformFee).toBe(500);
  });

  it('with another body is refused and leaves the first one alone', async () => {
    const order = orderOf('acme');
    await db.store.payments.claim(claimOf(order));
    const other = { ...order, userId: 'somebody-else' };
    const refusal = { kind: 'refused', result: { status: 'refused', moneyMoved: 'none', reason: 'key_reused' } };
    expect(await db.store.payments.claim(claimOf(other))).toEqual(refusal);
    const settled = await db.store.payments.settle(settlementOf(order));
    expect(settled.status).toBe('completed');
    expect(await db.store.payments.claim(claimOf(other))).toEqual(refusal);
    expect(await db.store.payments.claim(claimOf(order, 'run-2'))).toEqual({ kind: 'settled', result: settled });
  });

  it('of an order that is live names the other payment, and of a ticket too', async () => {
    const first = orderOf('acme');
    await db.store.payments.claim(claimOf(first));
    const sameOrder = orderOf('acme', { orderId: first.orderId });
    expect(await db.store.payments.claim(claimOf(sameOrder))).toMatchObject({
      kind: 'refused',
      result: { reason: 'order_live', otherPayment: first.idempotencyKey },
    });
    const sameTicket = orderOf('acme', { tickets: ['fresh-ticket', first.tickets[0]!.ticketId] });
    expect(await db.store.payments.claim(claimOf(sameTicket))).toMatchObject({
      kind: 'refused',
      result: { reason: 'ticket_live', otherPayment: first.idempotencyKey },
    });
    expect(await liveHolds(sameTicket.idempotencyKey)).toEqual([]);
    // The refusal is the end of that key, kept like every end.
    expect(await db.store.payments.claim(claimOf(sameTicket, 'run-2'))).toMatchObject({
      kind: 'settled',
      result: { reason: 'ticket_live' },
    });
  });

  it.each([
    ['no_venue', { venueId: 'nowhere' }],
    ['no_event', { eventId: 'never' }],
    ['no_event', { venueId: 'second' }],
    ['currency', { currency: 'EUR' }],
    ['venue_frozen', { venueId: 'frozen', eventId: 'on-ice' }],
    ['sales_closed', { eventId: 'over' }],
  ] as const)('is refused as %s for %j', async (reason, parts) => {
    const event = { venueId: 'venue', name: 'e', endsAt: '2027-06-01T22:00:00Z', salesOpen: true };
    await openSale(db.store, 'rules');
    for (const id of ['second', 'frozen']) {
      await db.store.venues.put('rules', id, { ...policy, name: id, currency: 'USD', frozen: id === 'frozen' });
    }
    await db.store.events.put('rules', 'on-ice', { ...event, venueId: 'frozen' });
    await db.store.events.put('rules', 'over', { ...event, salesOpen: false });
    const order = orderOf('rules', parts);
    expect(await db.store.payments.claim(claimOf(order))).toEqual({
      kind: 'refused',
      result: { status: 'refused', moneyMoved: 'none', reason },
    });
    expect(await liveHolds(order.idempotencyKey)).toEqual([]);
  });

  it('released by a decline, frees order and tickets for another card', async () => {
    const first = orderOf('acme');
    await db.store.payments.claim(claimOf(first));
    const closing = { operation: operationOf(first), key: first.idempotencyKey, result: declined, now: later };
    expect(await db.store.payments.close(closing)).toEqual(declined);
    expect(await db.store.payments.close(closing)).toEqual(declined);
    const second = { ...orderOf('acme'), orderId: first.orderId, tickets: first.tickets, lines: first.lines };
    expect((await db.store.payments.claim(claimOf(second))).kind).toBe('owned');
    expect(await liveHolds(second.idempotencyKey)).toHaveLength(2);
  });

  it('of a completed payment stays held', async () => {
    const first = orderOf('acme');
    await db.store.payments.claim(claimOf(first));
    await db.store.payments.settle(settlementOf(first));
    const again = orderOf('acme', { tickets: [first.tickets[0]!.ticketId] });
    expect(await db.store.payments.claim(claimOf(again))).toMatchObject({ result: { reason: 'ticket_live' } });
  });
});

describe('many claims at once', () => {
  it('of one ticket have exactly one owner, whom the others name', async () => {
    const orders = Array.from({ length: 50 }, () => orderOf('acme', { tickets: ['the-last-seat'] }));
    const claims = await Promise.all(orders.map((order) => db.store.payments.claim(claimOf(order))));
    const owners = orders.filter((_, index) => claims[index]?.kind === 'owned');
    expect(owners).toHaveLength(1);
    const named = claims.flatMap((claim) => (claim.kind === 'refused' ? claim.result.otherPayment : []));
    expect(named).toEqual(Array.from({ length: 49 }, () => owners[0]?.idempotencyKey));
  });

  it('of overlapping tickets in opposite orders have exactly one owner too', async () => {
    const seats = Array.from({ length: 12 }, (_, seat) => `row-7-${seat}`);
    const orders = Array.from({ length: 40 }, (_, index) =>
      orderOf('acme', { tickets: index % 2 === 0 ? seats : seats.toReversed() }),
    );
    const claims = await Promise.all(orders.map((order) => db.store.payments.claim(claimOf(order))));
    expect(claims.filter(({ kind }) => kind === 'owned')).toHaveLength(1);
  });

  it.each([
    ['a', 'm', 'z'],
    ['z', 'm', 'a'],
  ])(
    'cannot deadlock: whoever waits for a ticket has the lesser ones and none of the greater, given as %s %s %s',
    async (...names) => {
      const prefix = `seat-${names[0]}`;
      const claimed = orderOf('acme', { tickets: names.map((name) => `${prefix}-${name}`) });
      const waiting = await lockOrderOf(db, {
        insert: (id) =>
          `insert into holds (tenant_id, kind, id, payment_key, taken_at)
           values ('acme', 'ticket', '${prefix}-${id}', 'somebody', now()) on conflict do nothing`,
        held: 'm',
        probes: ['a', 'z'],
        start: () => db.store.payments.claim(claimOf(claimed)),
      });
      expect(waiting.locked).toEqual(['a']);
      expect((await waiting.outcome).kind).toBe('owned');
    },
  );

  it('of the same key are one operation', async () => {
    const order = orderOf('acme');
    const runs = Array.from({ length: 20 }, (_, run) => `run-${run}`);
    const claims = await Promise.all(runs.map((run) => db.store.payments.claim(claimOf(order, run))));
    expect(claims.map(({ kind }) => kind).toSorted()).toEqual([...Array<string>(19).fill('foreign'), 'owned']);
  });
});

describe('taking over', () => {
  it('moves a live claim from the run that is gone, once', async () => {
    const order = orderOf('acme');
    await db.store.payments.claim(claimOf(order, 'gone'));
    expect(await db.store.payments.claim(claimOf(order, 'a'))).toEqual({
      kind: 'foreign',
      workflowId: operationOf(order).workflowId,
      runId: 'gone',
    });
    const takeOver = (runId: string) =>
      db.store.payments.takeOver({
        operation: operationOf(order, runId),
        key: order.idempotencyKey,
        from: operationOf(order, 'gone'),
      });
    const runs = ['a', 'b', 'c'];
    const moved = await Promise.all(runs.map(takeOver));
    expect(moved.filter(Boolean)).toHaveLength(1);
    const owner = runs[moved.indexOf(true)]!;
    expect(await takeOver(owner)).toBe(true);
    expect((await db.store.payments.claim(claimOf(order, owner))).kind).toBe('owned');
    await expect(db.store.payments.settle(settlementOf(order, 'gone'))).rejects.toThrow(ClaimLostError);
    expect((await db.store.payments.settle(settlementOf(order, owner))).status).toBe('completed');
    const { operation, key } = settlementOf(order, 'd');
    expect(await db.store.payments.takeOver({ operation, key, from: operationOf(order, owner) })).toBe(false);
  });
});

describe('a claim of a message', () => {
  const operation = { tenantId: 'acme', workflowId: 'email:acme:m1', runId: 'r1' };
  const claim = {
    operation,
    kind: 'email',
    key: 'm1',
    fingerprint: inputOf(orderOf('acme')).fingerprint,
    queueName: 'communication',
    jobType: 'send-email',
    now: start,
    keepForMs: 60_000,
  } as const;
  const result = { status: 'sent', messageId: '<m1@boxoffice>' } as const;

  it('answers with its result until it has expired, and then begins anew', async () => {
    const { claims } = db.store;
    expect(await claims.claim(claim)).toEqual({ kind: 'owned' });
    const settled = { operation, kind: 'email', key: 'm1', result, now: '2027-01-01T00:00:30.000Z' } as const;
    expect(await claims.settle(settled)).toEqual(result);
    expect(await claims.settle({ ...settled, result: { ...result, messageId: 'other' } })).toEqual(result);
    // Kept for a minute from its end, not from its beginning.
    expect(await claims.claim({ ...claim, now: '2027-01-01T00:01:29.000Z' })).toEqual({ kind: 'settled', result });
    expect(await claims.claim({ ...claim, fingerprint: 'f'.repeat(64) })).toEqual({
      kind: 'refused',
      reason: 'key_reused',
    });
    expect(await claims.claim({ ...claim, now: '2027-01-01T00:01:30.000Z' })).toEqual({ kind: 'owned' });
  });

  it('never expires while it is live: its outcome is unknown', async () => {
    const live = { ...claim, key: 'm2' };
    await db.store.claims.claim(live);
    const muchLater = { ...live, operation: { ...operation, runId: 'r2' }, now: '2028-01-01T00:00:00.000Z' };
    expect((await db.store.claims.claim(muchLater)).kind).toBe('foreign');
  });
});
