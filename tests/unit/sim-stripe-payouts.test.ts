import type { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { businessDaysLater } from '../../sandbox/stripe/resources/payouts/progress.ts';
import { failureOf, setUp, type Setup } from './sim-stripe-helpers.ts';
import { balanceOf, days, daySeconds, eventTypes, fund, transactionsOf, idsOf, ref } from './sim-stripe-money.ts';

const venue = 'acct_venue1';
const atVenue = { stripeAccount: venue };
const usd = (amount: number): Stripe.PayoutCreateParams => ({ amount, currency: 'usd' });

/** A venue that has 10,000. */
async function ready(): Promise<Setup> {
  const setup = await setUp();
  const { stripe, control } = setup;
  await control('POST', 'clock', { now: '2030-01-07T12:00:00Z' });
  await control('POST', 'accounts', { id: venue });
  await fund(stripe);
  await stripe.transfers.create({ amount: 10_000, currency: 'usd', destination: venue });
  return setup;
}

describe('payouts', () => {
  test('take the money at once and go from pending to the bank to paid by the clock', async () => {
    const { stripe, control } = await ready();
    const payout = await stripe.payouts.create({ ...usd(8550), metadata: { payout: 'p1' } }, atVenue);
    expect(payout).toMatchObject({ status: 'pending', amount: 8550, automatic: false, metadata: { payout: 'p1' } });
    expect(payout.arrival_date).toBe(payout.created + 2 * daySeconds);
    expect(await balanceOf(stripe, venue)).toEqual({ available: { usd: 1450 }, pending: { usd: 0 } });
    expect(await transactionsOf(stripe, payout.id, venue)).toMatchObject([
      { id: payout.balance_transaction, type: 'payout', net: -8550, fee: 0 },
    ]);
    const status = async () => (await stripe.payouts.retrieve(payout.id, {}, atVenue)).status;
    await control('POST', 'clock', days(1));
    expect(await status()).toBe('in_transit');
    await control('POST', 'clock', { advance: (daySeconds - 5) * 1000 });
    expect(await status()).toBe('in_transit');
    await control('POST', 'clock', { advance: 5000 });
    expect(await status()).toBe('paid');
    expect(await eventTypes(stripe, { account: venue })).toEqual(['payout.created', 'payout.updated', 'payout.paid']);
    expect(await eventTypes(stripe, { after: 'transfer.created' })).toEqual([]);
    expect(await balanceOf(stripe, venue)).toMatchObject({ available: { usd: 1450 } });
  });

  test('belong to their account', async () => {
    const { stripe } = await ready();
    const { id } = await stripe.payouts.create(usd(100), atVenue);
    const own = await stripe.payouts.create(usd(200));
    expect(await failureOf(stripe.payouts.retrieve(id))).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    expect(idsOf(await stripe.payouts.list())).toEqual([own.id]);
    expect(idsOf(await stripe.payouts.list({}, atVenue))).toEqual([id]);
    expect(await eventTypes(stripe, { after: 'transfer.created' })).toEqual(['payout.created']);
  });

  test('never take more than is available in the currency', async () => {
    const { stripe, sim } = await ready();
    expect(await failureOf(stripe.payouts.create(usd(10_001), atVenue))).toMatchObject({
      statusCode: 400,
      code: 'balance_insufficient',
    });
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => stripe.payouts.create(usd(400), atVenue)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(25);
    expect(sim.world.accounts.get(venue)?.store.payouts.all()).toHaveLength(25);
    expect((await failureOf(stripe.payouts.create({ amount: 1, currency: 'eur' }, atVenue))).message).toBe(
      "Sorry, you don't have any external accounts in that currency (eur).",
    );
  });

  test('wait for accounts that may not be paid', async () => {
    const { stripe, control } = await ready();
    await control('POST', 'accounts', { id: venue, payoutsEnabled: false });
    expect(await failureOf(stripe.payouts.create(usd(100), atVenue))).toMatchObject({ code: 'payouts_not_allowed' });
    await control('POST', 'accounts', { id: venue, payoutsEnabled: true });
    expect((await stripe.payouts.create(usd(100), atVenue)).status).toBe('pending');
  });

  test('can be canceled while they are pending', async () => {
    const { stripe, control } = await ready();
    const { id } = await stripe.payouts.create(usd(4000), atVenue);
    const canceled = await stripe.payouts.cancel(id, {}, atVenue);
    expect(canceled).toMatchObject({ status: 'canceled' });
    expect(await transactionsOf(stripe, id, venue)).toMatchObject([
      { type: 'payout', net: -4000 },
      { type: 'payout_cancel', net: 4000, id: canceled.failure_balance_transaction },
    ]);
    await control('POST', 'clock', days(3));
    expect((await stripe.payouts.retrieve(id, {}, atVenue)).status).toBe('canceled');
    const sent = await stripe.payouts.create(usd(4000), atVenue);
    await control('POST', 'clock', days(1));
    expect((await failureOf(stripe.payouts.cancel(sent.id, {}, atVenue))).message).toBe(
      'Payouts can only be canceled while they are pending.',
    );
  });

  test('are listed by status, arrival and destination, expanded and described', async () => {
    const { stripe, control } = await ready();
    const first = await stripe.payouts.create(usd(100), atVenue);
    await control('POST', 'clock', days(2));
    const second = await stripe.payouts.create(usd(200), atVenue);
    const ids = async (params: Stripe.PayoutListParams) =>
      (await stripe.payouts.list(params, atVenue)).data.map(({ id }) => id);
    expect(await ids({ status: 'paid' })).toEqual([first.id]);
    expect(await ids({ arrival_date: { gt: first.arrival_date } })).toEqual([second.id]);
    expect(await ids({ destination: ref(first.destination) })).toEqual([second.id, first.id]);
    expect((await failureOf(stripe.payouts.list({ status: 'lost' }, atVenue))).param).toBe('status');
    expect((await stripe.payouts.update(first.id, { metadata: { a: '1' } }, atVenue)).metadata).toEqual({ a: '1' });
    const expand = ['destination', 'balance_transaction.source'];
    expect(await stripe.payouts.retrieve(first.id, { expand }, atVenue)).toMatchObject({
      destination: { object: 'bank_account', account: venue },
      balance_transaction: { source: { object: 'payout', id: first.id } },
    });
  });
});

describe('payouts that fail', () => {
  test('before they are paid: the money is back', async () => {
    const { stripe, control } = await ready();
    await control('POST', 'payouts', { next: 'fail_before_paid', account: venue, failureCode: 'account_closed' });
    const platform = await stripe.payouts.create(usd(100));
    const { id } = await stripe.payouts.create(usd(8550), atVenue);
    await control('POST', 'clock', days(2));
    const failed = await stripe.payouts.retrieve(id, {}, atVenue);
    expect(failed).toMatchObject({ status: 'failed', failure_code: 'account_closed' });
    expect(failed.failure_message).toContain('closed');
    expect(await transactionsOf(stripe, id, venue)).toMatchObject([
      { type: 'payout', net: -8550 },
      { type: 'payout_failure', net: 8550, id: failed.failure_balance_transaction },
    ]);
    expect(await balanceOf(stripe, venue)).toMatchObject({ available: { usd: 10_000 } });
    expect(await eventTypes(stripe, { account: venue })).toEqual(['payout.created', 'payout.updated', 'payout.failed']);
    expect((await stripe.payouts.retrieve(platform.id)).status).toBe('paid');
  });

  test('after they were paid, within five business days', async () => {
    const { stripe, control } = await ready();
    await control('POST', 'payouts', { next: 'fail_after_paid' });
    const { id } = await stripe.payouts.create(usd(8550), atVenue);
    await control('POST', 'clock', days(2));
    expect((await stripe.payouts.retrieve(id, {}, atVenue)).status).toBe('paid');
    await control('POST', 'clock', days(2));
    expect((await stripe.payouts.retrieve(id, {}, atVenue)).status).toBe('failed');
    expect(await balanceOf(stripe, venue)).toMatchObject({ available: { usd: 10_000 } });
    expect((await eventTypes(stripe, { account: venue })).slice(-2)).toEqual(['payout.paid', 'payout.failed']);
  });

  test('by the control route, at any time until then', async () => {
    const { stripe, control } = await ready();
    const [early, late] = [
      await stripe.payouts.create(usd(100), atVenue),
      await stripe.payouts.create(usd(200), atVenue),
    ];
    expect(await control('POST', 'payouts', { id: early.id, outcome: 'submit' })).toMatchObject({
      status: 'in_transit',
    });
    expect(await control('POST', 'payouts', { id: early.id, outcome: 'fail' })).toMatchObject({ status: 'failed' });
    await expect(control('POST', 'payouts', { id: early.id, outcome: 'pay' })).rejects.toThrow('is failed');
    expect(await control('POST', 'payouts', { id: late.id, outcome: 'pay' })).toMatchObject({ status: 'paid' });
    // Arrives on a Wednesday: the fifth business day is the Wednesday after.
    await control('POST', 'clock', { now: '2030-01-16T11:59:00Z' });
    expect(await control('POST', 'payouts', { id: late.id, outcome: 'fail' })).toMatchObject({ status: 'failed' });
    const kept = await stripe.payouts.create(usd(300), atVenue);
    await control('POST', 'clock', days(2 + 7 + 1));
    await expect(control('POST', 'payouts', { id: kept.id, outcome: 'fail' })).rejects.toThrow('is paid');
    await expect(control('POST', 'payouts', { id: 'po_none', outcome: 'fail' })).rejects.toThrow("no payout 'po_none'");
    await expect(control('POST', 'payouts', { next: 'pay', account: 'acct_none' })).rejects.toThrow('acct_none');
  });

  test('business days leave out the weekend', () => {
    const friday = Date.parse('2030-01-11T09:00:00Z') / 1000;
    expect(new Date(businessDaysLater(friday, 1) * 1000).toISOString()).toBe('2030-01-14T09:00:00.000Z');
    expect(new Date(businessDaysLater(friday, 5) * 1000).toISOString()).toBe('2030-01-18T09:00:00.000Z');
  });
});

describe('the limit of payouts', () => {
  test('15 in any second for an account, 429 before the idempotency layer, switchable', async () => {
    const { stripe, control } = await setUp({ payoutLimits: { perSecond: 15 } });
    await control('POST', 'accounts', { id: venue });
    await fund(stripe);
    await stripe.transfers.create({ amount: 10_000, currency: 'usd', destination: venue });
    const one = (key: string) => stripe.payouts.create(usd(100), { ...atVenue, idempotencyKey: key });
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => one(`k${index}`)));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ statusCode: 429, code: 'rate_limit' });
    expect(refused[0].headers).toMatchObject({ 'stripe-rate-limited-reason': 'endpoint-rate' });
    expect((await stripe.payouts.create(usd(1))).status).toBe('pending');
    expect((await stripe.payouts.list({}, atVenue)).data).toHaveLength(10);
    await control('POST', 'payout-limits', { perSecond: null });
    expect((await one('k19')).status).toBe('pending');
  });

  test('is there by default, and off where calls have no limit', async () => {
    const limited = await setUp({ limits: {} });
    expect(await limited.control('GET', 'payout-limits')).toMatchObject({ perSecond: 15 });
    const free = await setUp();
    expect(await free.control('GET', 'payout-limits')).toMatchObject({ perSecond: null });
  });
});
