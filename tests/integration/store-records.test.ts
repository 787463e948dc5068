import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidCursorError } from '../../store/index.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { captureOf, claimOf, openSale, operationOf, orderOf, settlementOf, start, venue } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await openSale(db.store, 'acme');
});
afterAll(() => db.stop());

describe('a payment', () => {
  it('is found by its key, with what was sold and how it ended', async () => {
    const order = orderOf('acme', {
      tickets: ['b', 'a'],
      lines: [
        { kind: 'ticket', ticketId: 'b', amount: 10_000 },
        { kind: 'ticket', ticketId: 'a', amount: 10_000 },
        { kind: 'fee', amount: 500 },
        { kind: 'discount', amount: -500 },
      ],
    });
    const key = order.idempotencyKey;
    await db.store.payments.claim(claimOf(order));
    const live = await db.store.payments.get('acme', key);
    expect(live).toMatchObject({ key, status: 'live', claimedAt: start, ...withoutTenant(operationOf(order)) });
    expect(live).not.toHaveProperty('result');
    const result = await db.store.payments.settle(settlementOf(order));
    const { orderId, userId, currency, amount, lines, tickets } = order;
    const { intentId, chargeId, providerFee, availableOn } = captureOf(order);
    expect(await db.store.payments.get('acme', key)).toMatchObject({
      status: 'completed',
      result,
      endedAt: '2027-01-01T00:00:05.000Z',
      sale: {
        orderId,
        userId,
        currency,
        amount,
        lines,
        tickets,
        intentId,
        chargeId,
        providerFee,
        availableOn,
        platformFee: 1_000,
        venueReserve: 1_900,
        venuePayable: 17_100,
        emailRef: 'buyer',
      },
    });
  });

  it('that was refused is found too, without a sale; an unknown one is not', async () => {
    const order = orderOf('acme', { venueId: 'nowhere' });
    await db.store.payments.claim(claimOf(order));
    const found = await db.store.payments.get('acme', order.idempotencyKey);
    expect(found).toMatchObject({ status: 'refused', result: { reason: 'no_venue' } });
    expect(found).not.toHaveProperty('sale');
    expect(await db.store.payments.get('acme', 'unknown')).toBeUndefined();
    expect(await db.store.payments.get('globex', order.idempotencyKey)).toBeUndefined();
  });

  it('ends with any reason that a person may type', async () => {
    const order = orderOf('acme');
    await db.store.payments.claim(claimOf(order));
    const reason = 'a\0b \u{1F3AB} \uD800';
    const result = { status: 'cancelled', moneyMoved: 'none', actor: 'operator', reason } as const;
    const closing = { operation: operationOf(order), key: order.idempotencyKey, result, now: start };
    expect(await db.store.payments.close(closing)).toEqual(result);
    expect((await db.store.payments.get('acme', order.idempotencyKey))?.result).toEqual(result);
  });
});

const withoutTenant = ({ workflowId, runId }: { workflowId: string; runId: string }) => ({ workflowId, runId });

const list = async (filter: Partial<Parameters<typeof db.store.payments.list>[1]>) => {
  const page = await db.store.payments.list('list', { limit: 2, ...filter });
  return { keys: page.payments.map(({ key }) => key), cursor: page.nextCursor };
};

describe('the list of payments', () => {
  const orders = Array.from({ length: 5 }, () => orderOf('list'));
  const keys = orders.map(({ idempotencyKey }) => idempotencyKey).toReversed();
  beforeAll(async () => {
    await openSale(db.store, 'list');
    for (const order of orders) await db.store.payments.claim(claimOf(order));
    await db.store.payments.settle(settlementOf(orders[2]!));
  });

  it('comes in pages, newest first', async () => {
    const first = await list({});
    const second = await list({ cursor: first.cursor! });
    const third = await list({ cursor: second.cursor! });
    expect([first.keys, second.keys, third.keys]).toEqual([keys.slice(0, 2), keys.slice(2, 4), keys.slice(4)]);
    expect(third.cursor).toBeUndefined();
  });

  it('takes filters', async () => {
    expect((await list({ status: 'completed' })).keys).toEqual([orders[2]!.idempotencyKey]);
    expect((await list({ orderId: orders[1]!.orderId })).keys).toEqual([orders[1]!.idempotencyKey]);
    expect((await list({ eventId: 'event', limit: 100 })).keys).toEqual(keys);
    expect((await list({ eventId: 'other' })).keys).toEqual([]);
  });

  it.each(['x', '0', '-1', '9'.repeat(20), ''])('refuses the cursor %j', async (cursor) => {
    await expect(list({ cursor })).rejects.toThrow(InvalidCursorError);
  });
});

describe('parked work', () => {
  const operation = { tenantId: 'acme', workflowId: 'payment:acme:parked', runId: 'r' };
  const parked = {
    operation,
    queueName: 'money',
    jobType: 'payment-process',
    step: 'capture',
    error: 'no answer\0',
    attempts: 10,
    moneyMoved: 'unknown',
    data: { intentId: 'pi_1' },
  } as const;

  it('is one open row per step until it is resolved', async () => {
    await db.store.deadLetters.park(parked);
    await db.store.deadLetters.park({ ...parked, attempts: 12 });
    const resolve = () => db.store.deadLetters.unpark({ operation, step: 'capture', outcome: 'captured after all' });
    expect(await resolve()).toBe(true);
    expect(await resolve()).toBe(false);
    await db.store.deadLetters.park({ ...parked, attempts: 13 });
    const sql = `select original_job_id, attempts, money_moved, error, outcome, failed_at is not null as failed
      from dead_letter_jobs order by id`;
    const common = {
      original_job_id: operation.workflowId,
      money_moved: 'unknown',
      error: 'no answer\u{FFFD}',
      failed: true,
    };
    expect(await db.look(sql)).toEqual([
      { ...common, attempts: 12, outcome: 'captured after all' },
      { ...common, attempts: 13, outcome: null },
    ]);
  });
});

describe('a webhook', () => {
  it('is new until it was processed, then known', async () => {
    const event = {
      tenantId: 'acme',
      provider: 'stripe',
      eventId: 'evt_1',
      type: 'charge.captured',
      livemode: false,
      payload: { id: 'evt_1' },
      now: start,
    } as const;
    const { webhooks } = db.store;
    expect(await Promise.all([webhooks.record(event), webhooks.record(event)])).toEqual(['new', 'new']);
    await webhooks.processed(event);
    await webhooks.processed({ ...event, now: '2028-01-01T00:00:00Z' });
    expect(await webhooks.record(event)).toBe('known');
    expect(await webhooks.record({ ...event, tenantId: 'globex' })).toBe('new');
    expect(await db.look(`select processed_at from webhook_events where processed_at > '2027-06-01'`)).toEqual([]);
  });
});

describe('setting up', () => {
  it('keeps what a change leaves out', async () => {
    const { venues } = db.store;
    await venues.put('acme', 'new', venue);
    expect(await venues.get('acme', 'new')).toEqual({
      ...venue,
      venueId: 'new',
      frozen: false,
      payoutsEnabled: false,
      reserveDays: 7,
      payoutApproval: { one: 0, two: 1_000_000 },
      refundApproval: { one: Number.MAX_SAFE_INTEGER, two: Number.MAX_SAFE_INTEGER },
    });
    await venues.put('acme', 'new', { ...venue, frozen: true, payoutsEnabled: true, connectedAccount: 'acct_1' });
    await venues.put('acme', 'new', { ...venue, name: 'Renamed' });
    expect(await venues.get('acme', 'new')).toMatchObject({
      name: 'Renamed',
      frozen: true,
      payoutsEnabled: true,
      connectedAccount: 'acct_1',
    });
    expect(await venues.get('acme', 'unknown')).toBeUndefined();
  });

  it('says when an event has no venue', async () => {
    const event = { venueId: 'nowhere', name: 'e', endsAt: '2027-06-01T22:00:00Z', salesOpen: true };
    expect(await db.store.events.put('acme', 'homeless', event)).toBe(false);
    expect(await db.store.events.put('acme', 'housed', { ...event, venueId: 'venue' })).toBe(true);
    expect(await db.store.events.get('acme', 'homeless')).toBeUndefined();
    expect(await db.store.events.get('acme', 'housed')).toMatchObject({
      venueId: 'venue',
      endsAt: '2027-06-01T22:00:00.000Z',
    });
  });

  it('resolves a reference, for its own tenant only', async () => {
    const contact = { kind: 'email', value: 'buyer@example.org' } as const;
    await db.store.contacts.put({ tenantId: 'acme', ref: 'buyer', ...contact });
    expect(await db.store.contacts.resolve('acme', 'buyer')).toEqual(contact);
    await db.store.contacts.put({ tenantId: 'acme', ref: 'buyer', ...contact, name: 'B. Uyer' });
    expect(await db.store.contacts.resolve('acme', 'buyer')).toEqual({ ...contact, name: 'B. Uyer' });
    expect(await db.store.contacts.resolve('globex', 'buyer')).toBeUndefined();
  });
});
