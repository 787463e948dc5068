import { describe, expect, test } from 'vitest';
import { failureOf, setUp, type Setup } from './sim-stripe-helpers.ts';
import { balanceOf, capture, days, eventTypes, fund, transactionsOf, idsOf, ref } from './sim-stripe-money.ts';

const venue = 'acct_venue1';

/** A platform with money and a venue without. */
async function ready(): Promise<Setup> {
  const setup = await setUp();
  await setup.control('POST', 'accounts', { id: venue });
  await fund(setup.stripe);
  return setup;
}

const of = (amount: number, more = {}) => ({ amount, currency: 'usd', destination: venue, ...more });

describe('transfers', () => {
  test('move available money to the account, with a transaction on either side', async () => {
    const { stripe } = await ready();
    const before = await balanceOf(stripe);
    const transfer = await stripe.transfers.create(of(8550, { transfer_group: 'order-1', metadata: { payout: 'p1' } }));
    expect(transfer).toMatchObject({ amount: 8550, amount_reversed: 0, reversed: false, transfer_group: 'order-1' });
    expect(await balanceOf(stripe)).toMatchObject({ available: { usd: (before.available['usd'] ?? 0) - 8550 } });
    expect(await balanceOf(stripe, venue)).toEqual({ available: { usd: 8550 }, pending: { usd: 0 } });
    expect(await transactionsOf(stripe, transfer.id)).toMatchObject([{ type: 'transfer', net: -8550 }]);
    const payment = ref(transfer.destination_payment);
    expect(await transactionsOf(stripe, payment, venue)).toMatchObject([{ type: 'payment', net: 8550, fee: 0 }]);
    expect(await stripe.charges.retrieve(payment, {}, { stripeAccount: venue })).toMatchObject({
      object: 'charge',
      source_transfer: transfer.id,
    });
    expect(await failureOf(stripe.charges.retrieve(payment))).toMatchObject({ statusCode: 404 });
    expect(await eventTypes(stripe, { after: 'payment_intent.succeeded' })).toEqual(['transfer.created']);
  });

  test('money that is pending, or not there, is insufficient', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'accounts', { id: venue });
    await capture(stripe);
    const refused = await failureOf(stripe.transfers.create(of(100)));
    expect(refused).toMatchObject({ statusCode: 400, code: 'balance_insufficient' });
    await control('POST', 'clock', days(2));
    expect((await failureOf(stripe.transfers.create(of(9681)))).code).toBe('balance_insufficient');
    expect((await stripe.transfers.create(of(9680))).amount).toBe(9680);
    expect((await failureOf(stripe.transfers.create(of(1)))).code).toBe('balance_insufficient');
  });

  test('fifty at once take what is there and no more', async () => {
    const { stripe, sim } = await ready();
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => stripe.transfers.create(of(4000))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(24);
    expect(sim.world.store.transfers.all()).toHaveLength(24);
  });

  test('an unknown destination, another currency and an odd parameter are refused', async () => {
    const { stripe, control } = await ready();
    expect(await failureOf(stripe.transfers.create(of(1, { destination: 'acct_none' })))).toMatchObject({
      code: 'resource_missing',
      param: 'destination',
      message: "No such destination: 'acct_none'",
    });
    await control('POST', 'accounts', { id: 'acct_euro', currency: 'eur' });
    expect((await failureOf(stripe.transfers.create(of(1, { destination: 'acct_euro' })))).param).toBe('currency');
    expect((await failureOf(stripe.transfers.create({ currency: 'usd', destination: venue }))).code).toBe(
      'parameter_missing',
    );
    expect((await failureOf(stripe.transfers.create(of(0)))).code).toBe('parameter_invalid_integer');
    expect((await failureOf(stripe.transfers.create(of(1), { stripeAccount: venue }))).message).toContain(
      'on behalf of a connected account',
    );
  });

  test('with a source they take no available money, are bound to the charge, and become available with it', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'accounts', { id: venue });
    const { charge } = await capture(stripe);
    const transfer = await stripe.transfers.create(of(6000, { source_transaction: charge }));
    expect(transfer).toMatchObject({ source_transaction: charge, transfer_group: 'order-1' });
    expect(await balanceOf(stripe, venue)).toEqual({ available: { usd: 0 }, pending: { usd: 6000 } });
    const more = await failureOf(stripe.transfers.create(of(4001, { source_transaction: charge })));
    expect(more.message).toContain('must not exceed the source amount of $100.00');
    await control('POST', 'clock', days(2));
    expect(await balanceOf(stripe, venue)).toEqual({ available: { usd: 6000 }, pending: { usd: 0 } });
    expect((await failureOf(stripe.transfers.create(of(1, { source_transaction: 'ch_none' })))).param).toBe(
      'source_transaction',
    );
  });

  test('are listed by group and destination, retrieved, expanded and described', async () => {
    const { stripe, control } = await ready();
    await control('POST', 'accounts', { id: 'acct_venue2' });
    const first = await stripe.transfers.create(of(100, { transfer_group: 'g1' }));
    const second = await stripe.transfers.create(of(200, { transfer_group: 'g1', destination: 'acct_venue2' }));
    expect(idsOf(await stripe.transfers.list({ transfer_group: 'g1' }))).toEqual([second.id, first.id]);
    expect(idsOf(await stripe.transfers.list({ destination: venue }))).toEqual([first.id]);
    const updated = await stripe.transfers.update(first.id, { metadata: { a: '1' }, description: 'share' });
    expect(updated).toMatchObject({ metadata: { a: '1' }, description: 'share' });
    const found = await stripe.transfers.retrieve(first.id, { expand: ['destination', 'balance_transaction.source'] });
    expect(found.destination).toMatchObject({ object: 'account', id: venue });
    expect(found.balance_transaction).toMatchObject({ source: { object: 'transfer', id: first.id } });
  });
});

describe('reversals', () => {
  test('take a transfer back in parts, up to its amount', async () => {
    const { stripe } = await ready();
    const before = await balanceOf(stripe);
    const { id } = await stripe.transfers.create(of(5000));
    const part = await stripe.transfers.createReversal(id, { amount: 2000, metadata: { why: 'x' } });
    expect(part).toMatchObject({ amount: 2000, transfer: id, metadata: { why: 'x' } });
    expect(await transactionsOf(stripe, part.id)).toMatchObject([{ type: 'transfer_refund', net: 2000 }]);
    const atVenue = await transactionsOf(stripe, ref(part.destination_payment_refund), venue);
    expect(atVenue).toMatchObject([{ type: 'payment_refund', net: -2000 }]);
    const more = await failureOf(stripe.transfers.createReversal(id, { amount: 3001 }));
    expect(more.message).toBe('Reversal amount ($30.01) is greater than unreversed amount on transfer ($30.00)');
    const rest = await stripe.transfers.createReversal(id);
    expect(rest.amount).toBe(3000);
    expect(await failureOf(stripe.transfers.createReversal(id))).toMatchObject({ statusCode: 400 });
    const transfer = await stripe.transfers.retrieve(id);
    expect(transfer).toMatchObject({ amount_reversed: 5000, reversed: true });
    expect(transfer.reversals.data.map((reversal) => reversal.id)).toEqual([rest.id, part.id]);
    expect((await stripe.transfers.listReversals(id)).data).toHaveLength(2);
    expect((await stripe.transfers.retrieveReversal(id, part.id)).id).toBe(part.id);
    expect(await failureOf(stripe.transfers.retrieveReversal(id, 'trr_none'))).toMatchObject({ statusCode: 404 });
    expect(await balanceOf(stripe)).toEqual(before);
    expect(await balanceOf(stripe, venue)).toMatchObject({ available: { usd: 0 } });
    expect(await eventTypes(stripe, { after: 'transfer.created' })).toEqual(['transfer.reversed', 'transfer.reversed']);
  });

  test('need the money in the account', async () => {
    const { stripe } = await ready();
    const { id } = await stripe.transfers.create(of(5000));
    await stripe.payouts.create({ amount: 3000, currency: 'usd' }, { stripeAccount: venue });
    expect(await failureOf(stripe.transfers.createReversal(id, { amount: 2001 }))).toMatchObject({
      code: 'balance_insufficient',
    });
    expect((await stripe.transfers.createReversal(id, { amount: 2000 })).amount).toBe(2000);
  });
});
