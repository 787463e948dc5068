import { createServer } from 'node:http';
import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { portOf, readBody } from '../../sandbox/sim/http.ts';
import { closeAfterTest, failureOf, setUp } from './sim-stripe-helpers.ts';
import { balanceOf, capture, days, eventTypes, fund } from './sim-stripe-money.ts';
import { shapeFaults } from './sim-stripe-shapes.ts';

const venue = 'acct_venue1';
const atVenue = { stripeAccount: venue };

describe('connected accounts', () => {
  test('are there when they were created, with payouts by hand', async () => {
    const { stripe, control } = await setUp();
    expect(await failureOf(stripe.accounts.retrieve(venue))).toMatchObject({
      statusCode: 403,
      code: 'account_invalid',
    });
    await control('POST', 'accounts', { id: venue, currency: 'jpy' });
    const account = await stripe.accounts.retrieve(venue);
    expect(account).toMatchObject({ id: venue, default_currency: 'jpy', country: 'JP', payouts_enabled: true });
    expect(account.settings?.payouts?.schedule.interval).toBe('manual');
    expect(account.external_accounts?.data).toMatchObject([{ object: 'bank_account', currency: 'jpy' }]);
    expect((await stripe.accounts.retrieveCurrent({}, atVenue)).id).toBe(venue);
    const own = await control('POST', 'accounts', {});
    expect(own['id']).toMatch(/^acct_/);
    expect((await stripe.accounts.list()).data.map(({ id }) => id)).toEqual([own['id'], venue]);
    await expect(control('POST', 'accounts', { id: 'venue' })).rejects.toThrow('id');
    await expect(control('POST', 'accounts', { currency: 'xxx' })).rejects.toThrow("currency is 'xxx'");
  });

  test('have balances, transactions and events of their own', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'accounts', { id: venue, currency: 'jpy' });
    await capture(stripe);
    expect(await balanceOf(stripe, venue)).toEqual({ available: { jpy: 0 }, pending: { jpy: 0 } });
    expect((await stripe.balanceTransactions.list({}, atVenue)).data).toEqual([]);
    expect(await eventTypes(stripe, { account: venue })).toEqual([]);
    expect(await failureOf(stripe.paymentIntents.list({}, atVenue))).toMatchObject({ statusCode: 400 });
    expect(await failureOf(stripe.balance.retrieve({}, { stripeAccount: 'acct_none' }))).toMatchObject({
      statusCode: 403,
      code: 'account_invalid',
    });
  });

  test('have idempotency keys of their own', async () => {
    const { stripe, control } = await setUp();
    for (const id of [venue, 'acct_venue2']) await control('POST', 'accounts', { id });
    await fund(stripe);
    for (const destination of [venue, 'acct_venue2']) {
      await stripe.transfers.create({ amount: 1000, currency: 'usd', destination });
    }
    const pay = (stripeAccount: string) =>
      stripe.payouts.create({ amount: 500, currency: 'usd' }, { stripeAccount, idempotencyKey: 'payout-1' });
    const [first, again, other] = [await pay(venue), await pay(venue), await pay('acct_venue2')];
    expect(again.id).toBe(first.id);
    expect(other.id).not.toBe(first.id);
    expect(await balanceOf(stripe, venue)).toMatchObject({ available: { usd: 500 } });
  });

  test('have rate limits of their own', async () => {
    const { stripe, control } = await setUp({ limits: { perSecond: 1 } });
    await control('POST', 'accounts', { id: venue });
    await stripe.balance.retrieve();
    await stripe.balance.retrieve({}, atVenue);
    expect(await failureOf(stripe.balance.retrieve({}, atVenue))).toMatchObject({ statusCode: 429 });
    const { calls } = await control('GET', 'log');
    expect(calls).toMatchObject([{}, { account: venue }, { account: venue, status: 429 }]);
  });
});

/** An endpoint that verifies each delivery with the SDK and its own secret. */
async function receiver(secret: string) {
  const stripe = new Stripe('sk_test_unused');
  const events: Stripe.Event[] = [];
  const server = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const signature = String(request.headers['stripe-signature']);
      events.push(stripe.webhooks.constructEvent(await readBody(request), signature, secret));
      response.writeHead(200).end();
    };
    void take();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closeAfterTest({
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  const types = () => events.map(({ type }) => type);
  return { endpoint: { url: `http://127.0.0.1:${portOf(server.address())}/`, secret }, events, types };
}

describe('webhooks of connected accounts', () => {
  test('go to the Connect endpoint, with its secret and the account; the others do not', async () => {
    const [own, connect] = [await receiver('whsec_own'), await receiver('whsec_connect')];
    const endpoints = [own.endpoint, { ...connect.endpoint, connect: true }];
    const { stripe, control } = await setUp({ webhooks: { endpoints } });
    await control('POST', 'accounts', { id: venue });
    await control('POST', 'accounts', { id: venue, payoutsEnabled: false });
    await control('POST', 'accounts', { id: venue, payoutsEnabled: true });
    await fund(stripe);
    await stripe.transfers.create({ amount: 1000, currency: 'usd', destination: venue });
    await stripe.payouts.create({ amount: 400, currency: 'usd' }, { ...atVenue, idempotencyKey: 'k' });
    await stripe.payouts.create({ amount: 300, currency: 'usd' });
    await control('POST', 'clock', days(2));
    await expect
      .poll(() => connect.types().toSorted())
      .toEqual(['account.updated', 'account.updated', 'payout.created', 'payout.paid', 'payout.updated']);
    await expect
      .poll(() =>
        own
          .types()
          .filter((type) => type.startsWith('payout'))
          .toSorted(),
      )
      .toEqual(['payout.created', 'payout.paid', 'payout.updated']);
    for (const event of [...connect.events, ...own.events]) expect(shapeFaults(event)).toEqual([]);
    expect(connect.events.every(({ account }) => account === venue)).toBe(true);
    expect(own.events.some((event) => 'account' in event)).toBe(false);
    const created = connect.events.find(({ type }) => type === 'payout.created');
    expect(created).toMatchObject({ pending_webhooks: 1, request: { idempotency_key: 'k' } });
    await control('POST', 'webhooks/resend', { event: created?.id });
    await expect.poll(() => connect.events.filter(({ id }) => id === created?.id)).toHaveLength(2);
    const shown = await control('GET', 'webhooks');
    expect(shown).toMatchObject({ endpoints: [{}, { connect: true }] });
    expect(JSON.stringify(shown)).not.toContain('whsec_');
  });
});
