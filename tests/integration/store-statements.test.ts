import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../contracts/money.ts';
import { withTenant } from '../../infrastructure/postgres.ts';
import type { Statement } from '../../store/index.ts';
import { post } from '../../store/ledger.ts';
import { type Posting, writtenOff } from '../../store/postings.ts';
import {
  openPayable,
  payoutAt,
  payoutDeskOf,
  payoutOf,
  payoutOperationOf,
  releaseOf,
  reserveDueAt,
  returnOperationOf,
} from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { deskOf, failureOf, refundOf, refundOperationOf, sold } from '../support/refunds.ts';
import { operationOf, settlementOf } from '../support/sales.ts';

let db: TestDatabase;
let desk: ReturnType<typeof payoutDeskOf>;
let refundDesk: ReturnType<typeof deskOf>;
beforeAll(async () => {
  db = await startTestDatabase();
  desk = payoutDeskOf(db);
  refundDesk = deskOf(db);
});
afterAll(() => db.stop());

async function statementOf(tenantId: string, payoutId: string): Promise<Statement> {
  const statement = await db.store.payouts.statement(tenantId, payoutId);
  if (!statement) throw new Error('no statement');
  const { openingBalance, closingBalance, amount, lines } = statement;
  for (const { gross, platformFee, reserve, net } of lines) expect(gross + platformFee + reserve).toBe(net);
  const listed = lines.reduce((sum, { net }) => sum + net, 0);
  expect(openingBalance + listed - amount).toBe(closingBalance);
  return statement;
}

/** The next statement, of all that is available. */
async function drawnUp(tenantId: string, now?: string): Promise<Statement> {
  const request = payoutOf(tenantId);
  await desk.paid(request, now ? { now } : {});
  return statementOf(tenantId, request.payoutId);
}

const held = (amount: number): Posting[] => [
  { account: 'venue_payable', amount },
  { account: 'venue_hold', amount: -amount },
];

const kindsOf = ({ lines }: Statement) => lines.map(({ kind, net }) => [kind, net]);

describe('a statement', () => {
  it('lists what the payout pays, to the minor unit', async () => {
    await openPayable(db.store, 'lists');
    const [kept, partly, whole] = [
      await sold(db.store, 'lists'),
      await sold(db.store, 'lists'),
      await sold(db.store, 'lists'),
    ];
    const [part, all, lost] = [refundOf(partly, { amount: 3_333 }), refundOf(whole), refundOf(kept, { amount: 100 })];
    await refundDesk.completed(part);
    await refundDesk.completed(all);
    await refundDesk.reserved(lost);
    await db.store.refunds.giveBack(failureOf(lost));
    const request = payoutOf('lists');
    const amount = await desk.paid(request);
    expect(amount).toBe(3 * 8_550 - 3_167 - 9_500);
    const purchase = (order: typeof kept) => ({
      kind: 'purchase',
      operation: operationOf(order).workflowId,
      paymentKey: order.idempotencyKey,
      occurredAt: settlementOf(order).now,
      gross: 10_000,
      platformFee: -500,
      reserve: -950,
      net: 8_550,
    });
    const refund = (of: typeof part, gross: number, platformFee: number) => ({
      kind: 'refund',
      operation: refundOperationOf(of).workflowId,
      paymentKey: of.paymentKey,
      occurredAt: '2027-01-01T12:00:00.000Z',
      gross,
      platformFee,
      reserve: 0,
      net: gross + platformFee,
    });
    expect(await statementOf('lists', request.payoutId)).toEqual({
      payoutId: request.payoutId,
      venueId: 'venue',
      currency: 'USD',
      status: 'paid',
      amount,
      openingBalance: 0,
      closingBalance: 0,
      to: payoutAt,
      lines: [
        purchase(kept),
        purchase(partly),
        purchase(whole),
        refund(part, -3_333, 166),
        refund(all, -10_000, 500),
        refund(lost, -100, 5),
        refund(lost, 100, -5),
      ],
    });
    expect(await db.store.payouts.statement('lists', 'never')).toBeUndefined();
    expect(await db.store.payouts.statement('other', request.payoutId)).toBeUndefined();
  });

  it('opens with what the one before closed with, and lists nothing twice', async () => {
    await openPayable(db.store, 'next');
    const order = await sold(db.store, 'next');
    const first = payoutOf('next', { amount: 5_000 });
    await desk.paid(first);
    expect(await statementOf('next', first.payoutId)).toMatchObject({ openingBalance: 0, closingBalance: 3_550 });
    await refundDesk.completed(refundOf(order, { amount: 1_000 }));
    await sold(db.store, 'next');
    const second = await drawnUp('next');
    expect(second).toMatchObject({ openingBalance: 3_550, closingBalance: 0, from: payoutAt, amount: 11_150 });
    expect(kindsOf(second)).toEqual([
      ['refund', -950],
      ['purchase', 8_550],
    ]);
    const third = await drawnUp('next', reserveDueAt);
    expect(kindsOf(third)).toEqual([
      ['reserve_released', 950],
      ['reserve_released', 950],
    ]);
    expect(third).toMatchObject({ amount: 1_900, closingBalance: 0, to: reserveDueAt });
    expect(third.lines[0]).toMatchObject({ paymentKey: order.idempotencyKey, gross: 0, platformFee: 0, reserve: 950 });
  });

  it('lists what came back of payouts before, with the payout that it is about', async () => {
    await openPayable(db.store, 'back');
    await sold(db.store, 'back');
    const [lost, failed, returned] = [payoutOf('back'), payoutOf('back'), payoutOf('back')];
    await desk.reserved(lost);
    await db.store.payouts.release(releaseOf(lost));
    await desk.created(failed);
    await db.store.payouts.release(releaseOf(failed));
    await desk.returned(returned);
    const last = await drawnUp('back');
    expect(last.lines).toEqual([
      expect.objectContaining({
        kind: 'payout_returned',
        operation: returnOperationOf(returned).workflowId,
        gross: 8_550,
        net: 8_550,
      }),
    ]);
    expect(kindsOf(await statementOf('back', failed.payoutId))).toEqual([['payout_released', 8_550]]);
    expect(await statementOf('back', returned.payoutId)).toMatchObject({
      status: 'returned',
      lines: [{ kind: 'payout_released', operation: payoutOperationOf(failed).workflowId }],
    });
  });

  it('of very many sales is drawn up in several transactions, and adds up', async () => {
    await openPayable(db.store, 'many');
    // Without the triggers, which are not what is shown here.
    await db.look(`begin; set local session_replication_role = replica;
      insert into ledger_transactions (tenant_id, operation, step, occurred_at)
        select 'many', 'payment:many:k' || n, 'capture', '2027-01-01' from generate_series(1, 5100) n;
      insert into ledger_entries (tenant_id, transaction_id, venue_id, currency, account, amount)
        select 'many', id, 'venue', 'USD', account, amount from ledger_transactions,
          (values ('stripe_balance', 10), ('venue_payable', -10)) as entry (account, amount) where tenant_id = 'many';
      commit`);
    const statement = await drawnUp('many');
    expect(statement.lines).toHaveLength(5_100);
    expect(statement).toMatchObject({ amount: 51_000, openingBalance: 0, closingBalance: 0 });
  });

  it('lists disputes, their fees and corrections by who posted them', async () => {
    await openPayable(db.store, 'else');
    await sold(db.store, 'else', { price: 100_000 });
    const postAs = (operation: string, step: string, postings: Posting[]) =>
      withTenant(
        db.pool,
        'else',
        (tx) =>
        post(tx, {
          tenantId: 'else', operation, step, occurredAt: payoutAt, venueId: 'venue', currency: 'USD', postings,
        }), // prettier-ignore
      );
    await postAs('dispute:else:d', 'funds_withdrawn', held(9_500));
    await postAs('dispute:else:d', 'dispute_fee', held(1_500));
    await postAs('somebody', 'write_off', writtenOff(10));
    expect(kindsOf(await drawnUp('else'))).toEqual([
      ['purchase', 85_500],
      ['dispute', -9_500],
      ['dispute_fee', -1_500],
      ['adjustment', 10],
    ]);
  });

  it.each<[Currency, number]>([
    ['JPY', 333],
    ['USD', 3_333],
    ['KWD', 33_330],
  ])('in %s adds up over many payouts, made at once', async (currency, price) => {
    const tenantId = `in-${currency}`;
    await openPayable(db.store, tenantId, { currency, feeFixed: 3 });
    const requests: ReturnType<typeof payoutOf>[] = [];
    for (let round = 1; round <= 3; round += 1) {
      const orders = [
        await sold(db.store, tenantId, { currency, price }),
        await sold(db.store, tenantId, { currency, price }),
      ];
      const batch = Array.from({ length: 4 }, () => payoutOf(tenantId, { amount: 10 * round }));
      requests.push(...batch);
      await Promise.all([
        ...batch.map((request) => desk.paid(request)),
        ...orders.map((order) => refundDesk.completed(refundOf(order, { amount: 10 }))),
      ]);
    }
    const rest = payoutOf(tenantId);
    await desk.paid(rest, { now: reserveDueAt });
    const statements = await Promise.all([...requests, rest].map(({ payoutId }) => statementOf(tenantId, payoutId)));
    const lines = statements.flatMap((statement) => statement.lines);
    expect(lines.filter(({ kind }) => kind === 'purchase')).toHaveLength(6);
    expect(lines.filter(({ kind }) => kind === 'refund')).toHaveLength(6);
    expect(lines.filter(({ kind }) => kind === 'reserve_released')).toHaveLength(6);
    const paid = statements.reduce((sum, { amount }) => sum + amount, 0);
    const { payable } = (await db.store.payouts.balances(tenantId, 'venue', reserveDueAt))!;
    expect(lines.reduce((sum, { net }) => sum + net, 0)).toBe(paid + payable);
    expect(statements.at(-1)?.closingBalance).toBe(payable);
  });
});
