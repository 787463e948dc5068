import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Currency } from '../../contracts/money.ts';
import type { CurrencyOfDay, ReportResult } from '../../contracts/report.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { reportWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import { withTenant } from '../../infrastructure/postgres.ts';
import { type LedgerTransaction, post } from '../../store/ledger.ts';
import { writtenOff } from '../../store/postings.ts';
import { openPayable, paymentOf, payoutOf, reservePayoutOf, transferOf, creationOf } from '../support/payouts.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { completionOf, doneOf, refundOf, reserveOf } from '../support/refunds.ts';
import { claimOf, openSale, orderOf, settlementOf } from '../support/sales.ts';

let db: TestDatabase;
beforeAll(async () => void (db = await startTestDatabase()));
afterAll(() => db.stop());

/** Far ahead: a day in the past would be closed already, and what is recorded now would be in today's books. */
const day = (date: number) => `2094-03-${String(date).padStart(2, '0')}`;
const noon = (date: number) => `${day(date)}T12:00:00.000Z`;

async function sale(tenantId: string, now: string, parts?: Parameters<typeof orderOf>[1]): Promise<PurchaseOrder> {
  const order = orderOf(tenantId, parts);
  await db.store.payments.claim(claimOf(order));
  await db.store.payments.settle({ ...settlementOf(order), now });
  return order;
}

async function refund(order: PurchaseOrder, now: string, amount: number): Promise<void> {
  const request = refundOf(order, { amount });
  await db.store.refunds.reserve({ ...reserveOf(request), now });
  await db.store.refunds.refunded({ ...doneOf(request), now });
  await db.store.refunds.settle({ ...completionOf(request, amount, { currency: order.currency }), now });
}

async function payout(tenantId: string, now: string, amount: number): Promise<void> {
  const request = payoutOf(tenantId, { amount });
  await db.store.payouts.reserve(reservePayoutOf(request, { now }));
  await db.store.payouts.transferred({ ...transferOf(request), now });
  await db.store.payouts.created({ ...creationOf(request), now });
  await db.store.payouts.settle({ ...paymentOf(request, amount), now });
}

const makingOf = (tenantId: string, of: string, venueId = 'venue') => {
  const request = { tenantId, venueId, day: of };
  return {
    operation: { tenantId, workflowId: reportWorkflowId(tenantId, venueId, of), runId: 'run-1' },
    input: { request, fingerprint: fingerprintOf(request) },
    now: '2094-04-01T03:00:00.000Z',
  };
};
const make = (tenantId: string, of: string, venueId?: string) => db.store.reports.make(makingOf(tenantId, of, venueId));

/** Made, read back, and checked as accountants would: every line against its neighbours. */
async function reported(tenantId: string, of: string): Promise<CurrencyOfDay[]> {
  await make(tenantId, of);
  const { report, csv, sha256 } = (await db.store.reports.get(tenantId, 'venue', of))!;
  expect(createHash('sha256').update(csv).digest('hex')).toBe(sha256);
  expect(csv.split('\r\n').filter((line) => line !== '' && !line.startsWith(`${of},venue,`))).toHaveLength(1);
  for (const { accounts, movements } of report.currencies) {
    for (const { amounts } of movements) expect(sumOf(amounts)).toBe(0);
    for (const { account, opening, change, closing } of accounts) {
      const moved = movements.flatMap(({ amounts }) => amounts.filter((entry) => entry.account === account));
      expect([account, sumOf(moved), opening + change]).toEqual([account, change, closing]);
    }
  }
  return report.currencies;
}

const capturedOn = async (tenantId: string, of: string) => (await reported(tenantId, of))[0]?.totals.captured ?? 0;

const sumOf = (amounts: readonly { amount: number }[]) => amounts.reduce((sum, { amount }) => sum + amount, 0);
const closings = ({ accounts }: Pick<CurrencyOfDay, 'accounts'>) =>
  accounts.map(({ account, closing }) => ({ account, closing })).filter(({ closing }) => closing !== 0);

/** What the ledger itself says that the venue's accounts hold. */
async function ledgerOf(tenantId: string, currency: Currency) {
  const balances = await db.store.ledger.balances(tenantId, { venueId: 'venue', currency });
  return balances.map(({ account, balance }) => ({ account, closing: balance })).filter(({ closing }) => closing !== 0);
}

const byAccount = (a: { account: string }, b: { account: string }) => a.account.localeCompare(b.account);

const postAs = (transaction: Pick<LedgerTransaction, 'tenantId' | 'operation' | 'step' | 'occurredAt' | 'postings'>) =>
  withTenant(db.pool, transaction.tenantId, (tx) => post(tx, { venueId: 'venue', currency: 'USD', ...transaction }));

describe('a report', () => {
  it('says what a day moved, and its balances are the ledger’s', async () => {
    await openPayable(db.store, 'days');
    const first = await sale('days', noon(1));
    const second = await sale('days', noon(2), { price: 20_000 });
    await refund(first, noon(2), 3_333);
    await payout('days', noon(2), 5_000);
    await postAs({
      tenantId: 'days', operation: 'dispute:days:dp', step: 'dispute_funds_1', occurredAt: noon(3),
      postings: [
        { account: 'disputed', amount: second.amount },
        { account: 'dispute_fees', amount: 1_500 },
        { account: 'stripe_balance', amount: -(second.amount + 1_500) },
      ],
    }); // prettier-ignore
    await postAs({
      tenantId: 'days', operation: 'somebody', step: 'write_off', occurredAt: noon(3), postings: writtenOff(10),
    }); // prettier-ignore

    const [one] = await reported('days', day(1));
    expect(one).toMatchObject({
      currency: 'USD',
      totals: { captured: 10_000, platformFees: 500, providerFees: 320, refunded: 0, disputed: 0, paidOut: 0 },
      movements: [
        { kind: 'purchase', transactions: 1 },
        {
          kind: 'provider_fee',
          transactions: 1,
          amounts: [
            { account: 'stripe_balance', amount: -320 },
            { account: 'provider_fees', amount: 320 },
          ],
        },
      ],
    });
    expect(one!.accounts.map(({ opening }) => opening)).toEqual([0, 0, 0, 0, 0]);

    const [two] = await reported('days', day(2));
    expect(two!.totals).toEqual({
      captured: 20_000, platformFees: 1_000 - 166, providerFees: 320, refunded: 3_333, disputed: 0, disputeFees: 0,
      paidOut: 5_000,
    }); // prettier-ignore
    expect(two!.movements.map(({ kind, transactions }) => [kind, transactions])).toEqual([
      ['purchase', 1],
      ['provider_fee', 1],
      ['refund', 2],
      // Decades after the event, its reserve is due.
      ['reserve_released', 2],
      ['payout_reserved', 1],
      ['payout_transferred', 1],
      ['payout_created', 1],
      ['payout_paid', 1],
    ]);
    const opened = new Map(two!.accounts.map(({ account, opening }) => [account, opening]));
    for (const { account, closing } of one!.accounts)
      expect([account, opened.get(account)]).toEqual([account, closing]);

    const [three] = await reported('days', day(3));
    expect(three!.totals).toMatchObject({ captured: 0, disputed: 20_000, disputeFees: 1_500, platformFees: 0 });
    expect(three!.movements.map(({ kind }) => kind)).toEqual(['dispute', 'adjustment']);
    expect(closings(three!).toSorted(byAccount)).toEqual((await ledgerOf('days', 'USD')).toSorted(byAccount));
    const [four] = await reported('days', day(4));
    expect(four!.movements).toEqual([]);
    expect(closings(four!)).toEqual(closings(three!));
  });

  it('takes the day in UTC, from its first moment to its last', async () => {
    await openSale(db.store, 'edges');
    await sale('edges', `${day(1)}T23:59:59.999Z`);
    await sale('edges', `${day(2)}T00:00:00.000Z`);
    await sale('edges', `${day(2)}T23:59:59.999Z`);
    const counts = [1, 2, 3].map(async (date) => (await reported('edges', day(date)))[0]?.movements[0]?.transactions);
    expect(await Promise.all(counts)).toEqual([1, 2, undefined]);
  });

  it('counts what was recorded too late for its day where it was recorded, so that no day changes any more', async () => {
    const plant = (operation: string, occurred: string, recorded: string) =>
      db.look(`begin; set local session_replication_role = replica;
        with t as (insert into ledger_transactions (tenant_id, operation, step, occurred_at, recorded_at)
          values ('late', '${operation}', 'capture', '${occurred}', '${recorded}') returning id)
        insert into ledger_entries (tenant_id, transaction_id, venue_id, currency, account, amount)
          select 'late', id, 'venue', 'USD', account, amount from t,
            (values ('stripe_balance', 7), ('venue_payable', -7)) as entry (account, amount); commit`);
    await openSale(db.store, 'late');
    await plant('payment:late:in-time', '2020-05-01T23:00:00Z', '2020-05-02T01:59:59Z');
    await plant('payment:late:too-late', '2020-05-01T23:00:00Z', '2020-05-02T02:00:00Z');
    await plant('payment:late:days-later', '2020-05-01T23:00:00Z', '2020-05-04T23:59:59Z');
    expect(await Promise.all(['01', '02', '03', '04'].map((date) => capturedOn('late', `2020-05-${date}`)))).toEqual([
      7, 7, 0, 7,
    ]);
  });

  it('keeps currencies apart', async () => {
    await openSale(db.store, 'two');
    await sale('two', noon(1));
    await openSale(db.store, 'two', { currency: 'JPY' });
    await sale('two', noon(1), { currency: 'JPY', price: 333 });
    const currencies = await reported('two', day(1));
    expect(currencies.map(({ currency, totals }) => [currency, totals.captured])).toEqual([
      ['JPY', 333],
      ['USD', 10_000],
    ]);
  });

  it('is of one venue of one tenant', async () => {
    for (const tenantId of ['one', 'other']) await openSale(db.store, tenantId);
    await sale('other', noon(1));
    expect(await reported('one', day(1))).toEqual([]);
    expect(await db.store.reports.get('one', 'venue', day(1))).toBeDefined();
    expect(await db.store.reports.get('other', 'venue', day(1))).toBeUndefined();
  });
});

describe('making it', () => {
  it('is done once: the second time answers the first one’s, and its claim is kept for a day', async () => {
    await openSale(db.store, 'once');
    const results = await Promise.all([make('once', day(1)), make('once', day(1))]);
    const expected: ReportResult = {
      status: 'completed',
      location: `/reports/venue/${day(1)}`,
      sha256: expect.any(String),
    };
    expect(results).toEqual([expected, expected]);
    expect(await make('once', day(1))).toEqual(results[0]);
    expect(
      await db.look(`select kind, key, status, result, expires_at - processed_at = interval '24 hours' as a_day
        from idempotency_keys where tenant_id = 'once'`),
    ).toEqual([{ kind: 'report', key: `venue:${day(1)}`, status: 'settled', result: results[0], a_day: true }]);
  });

  it('of a venue that does not exist is refused, and made once it does', async () => {
    expect(await make('later', day(1))).toEqual({ status: 'refused', reason: 'no_venue' });
    await openSale(db.store, 'later');
    expect(await make('later', day(1))).toMatchObject({ status: 'completed' });
  });
});

describe('the list', () => {
  it('goes from the newest day to the oldest, page by page, of all venues or of one', async () => {
    await openSale(db.store, 'list');
    const { name, currency, feeBasisPoints, feeFixed, reserveBasisPoints } = (await db.store.venues.get(
      'list',
      'venue',
    ))!;
    await db.store.venues.put('list', 'club', { name, currency, feeBasisPoints, feeFixed, reserveBasisPoints });
    for (const [of, venueId] of [
      [1, 'venue'],
      [2, 'venue'],
      [2, 'club'],
      [3, 'club'],
    ] as const)
      // prettier-ignore
      await make('list', day(of), venueId);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await db.store.reports.list('list', { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.reports.map(({ day: of, venueId }) => `${of} ${venueId}`));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([`${day(3)} club`, `${day(2)} venue`, `${day(2)} club`, `${day(1)} venue`]);
    const { reports } = await db.store.reports.list('list', { venueId: 'venue' });
    expect(reports.map(({ day: of }) => of)).toEqual([day(2), day(1)]);
    expect((await db.store.reports.list('nobody')).reports).toEqual([]);
  });
});

describe('the daily round', () => {
  it('finds venues of all tenants without a report of the day, in an order that it can go on in', async () => {
    const of = '2094-06-01';
    for (const tenantId of ['round-a', 'round-b', 'round-c']) await openSale(db.store, tenantId);
    await make('round-b', of);
    const all = await db.store.dailyRounds.venuesWithoutReport(of, { limit: 1_000 });
    const mine = all.filter(({ tenantId }) => tenantId.startsWith('round-'));
    expect(mine).toEqual([
      { tenantId: 'round-a', venueId: 'venue' },
      { tenantId: 'round-c', venueId: 'venue' },
    ]);
    const next = await db.store.dailyRounds.venuesWithoutReport(of, { after: mine[0]!, limit: 1 });
    expect(next).toEqual([mine[1]]);
    const tenants = await db.store.dailyRounds.tenants({ limit: 1_000 });
    expect(tenants).toEqual(expect.arrayContaining(['platform', 'round-a', 'round-b', 'round-c']));
    expect(await db.store.dailyRounds.tenants({ after: 'round-a', limit: 1 })).toEqual(['round-b']);
    expect(tenants).toEqual([...new Set(tenants)]);
  });
});
