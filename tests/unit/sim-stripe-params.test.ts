import type { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { failureOf, order, secretKey, setUp } from './sim-stripe-helpers.ts';

/** A call with a form that the SDK's types would not let through. */
async function raw(url: string, path: string, form: Record<string, string>) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secretKey}` },
    body: new URLSearchParams(form),
  });
  const body: { error: Record<string, string> } = Object(await response.json());
  return { status: response.status, error: body.error };
}

const base = { amount: '1000', currency: 'usd' };

describe('parameters', () => {
  test.each([
    [{ ...base, amout: '1' }, 'parameter_unknown', 'amout', 'Received unknown parameter: amout'],
    [{ ...base, 'automatic_payment_methods[on]': 'true' }, 'parameter_unknown', 'automatic_payment_methods[on]', ''],
    [{ amount: '1000' }, 'parameter_missing', 'currency', 'Missing required param: currency.'],
    [{ ...base, amount: '10.5' }, 'parameter_invalid_integer', 'amount', 'Invalid integer: 10.5'],
    [{ ...base, amount: '-5' }, 'parameter_invalid_integer', 'amount', 'greater than or equal to 1'],
    [{ ...base, amount: '' }, 'parameter_invalid_empty', 'amount', "You passed an empty string for 'amount'"],
    [{ ...base, currency: 'xxx' }, undefined, 'currency', 'Invalid currency: xxx. Stripe currently supports'],
    [{ ...base, confirm: 'yes' }, undefined, 'confirm', 'Invalid boolean: yes'],
    [{ ...base, capture_method: 'later' }, undefined, 'capture_method', 'must be one of automatic'],
    [{ ...base, metadata: 'a' }, undefined, 'metadata', 'Invalid object'],
    [{ ...base, __proto__x: '1' }, 'parameter_unknown', '__proto__x', ''],
    [
      { ...base, 'payment_method_types[]': 'card' },
      'payment_method_types_no_longer_supported',
      'payment_method_types',
      '',
    ],
    [{ ...base, on_behalf_of: 'acct_1' }, undefined, 'on_behalf_of', 'that the simulator does not have'],
    [{ ...base, return_url: 'https://a.example' }, undefined, 'return_url', 'when confirm is true'],
    [
      { ...base, confirm: 'true', payment_method: 'pm_card_visa' },
      undefined,
      undefined,
      'you must provide a `return_url`',
    ],
    [{ ...base, payment_method: 'pm_none' }, 'resource_missing', 'payment_method', "No such PaymentMethod: 'pm_none'"],
    [{ ...base, 'expand[0]': 'amount' }, undefined, 'expand', 'This property cannot be expanded (amount)'],
  ])('%o is refused', async (form, code, param, message) => {
    const { sim } = await setUp();
    const { status, error } = await raw(sim.url, '/v1/payment_intents', form);
    expect(status).toBe(400);
    expect(error).toMatchObject({ type: 'invalid_request_error' });
    expect([error['code'], error['param']]).toEqual([code, param]);
    expect(error['message']).toContain(message);
    expect(sim.world.store.payment_intents.all()).toEqual([]);
  });

  test.each([
    ['usd', 49, 'amount_too_small'],
    ['jpy', 49, 'amount_too_small'],
    ['gbp', 29, 'amount_too_small'],
    ['usd', 100_000_000, 'amount_too_large'],
    ['kwd', 1005, 'parameter_invalid_integer'],
  ])('%s %i is %s', async (currency, amount, code) => {
    const { stripe } = await setUp();
    const error = await failureOf(stripe.paymentIntents.create(order({ currency, amount })));
    expect(error).toMatchObject({ statusCode: 400, code, param: 'amount' });
  });

  test.each([
    ['usd', 10_000, 320],
    ['jpy', 5000, 175],
    ['kwd', 10_010, 380],
    ['usd', 50, 31],
  ])('%s %i costs %i', async (currency, amount, fee) => {
    const { stripe } = await setUp();
    const intent = await stripe.paymentIntents.create(
      order({ currency, amount, capture_method: 'automatic', expand: ['latest_charge.balance_transaction'] }),
    );
    expect(intent.latest_charge).toMatchObject({ balance_transaction: { fee, net: amount - fee, currency } });
  });

  test('metadata merges, an empty value unsets one, an empty hash unsets all', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order({ metadata: { a: '1', b: '2' } }));
    const update = async (metadata: Stripe.MetadataParam | '') =>
      (await stripe.paymentIntents.update(id, { metadata })).metadata;
    expect(await update({ b: '', c: '3' })).toEqual({ a: '1', c: '3' });
    expect(await update('')).toEqual({});
    expect(await failureOf(stripe.paymentIntents.update(id, { metadata: { k: 'x'.repeat(501) } }))).toMatchObject({
      statusCode: 400,
      param: 'metadata',
    });
  });
});

async function five() {
  const { stripe, control } = await setUp();
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    await control('POST', 'clock', { now: 1_800_000_000_000 + index * 60_000 });
    ids.push((await stripe.paymentIntents.create(order({ transfer_group: `order-${index}` }))).id);
  }
  return { stripe, control, ids };
}
const idsOf = ({ data }: { data: { id: string }[] }): string[] => data.map(({ id }) => id);
/** Amounts by currency. */
const of = (funds: { currency: string; amount: number }[]) =>
  Object.fromEntries(funds.map((f) => [f.currency, f.amount]));

describe('lists', () => {
  test('pages go from the newest on, forth and back', async () => {
    const { stripe, ids } = await five();
    const [oldest, second, third, fourth, newest] = ids;
    const first = await stripe.paymentIntents.list({ limit: 2 });
    expect(idsOf(first)).toEqual([newest, fourth]);
    expect(first.has_more).toBe(true);
    expect(first.url).toBe('/v1/payment_intents');
    const next = await stripe.paymentIntents.list({ limit: 3, starting_after: fourth ?? '' });
    expect(idsOf(next)).toEqual([third, second, oldest]);
    expect(next.has_more).toBe(false);
    const back = await stripe.paymentIntents.list({ limit: 2, ending_before: oldest ?? '' });
    expect(idsOf(back)).toEqual([third, second]);
    expect(back.has_more).toBe(true);
    const walked: string[] = [];
    for await (const { id } of stripe.paymentIntents.list({ limit: 2 })) walked.push(id);
    expect(walked).toEqual(ids.toReversed());
  });

  test('created is a filter, and limit has a range', async () => {
    const { stripe, ids } = await five();
    const created = { gte: 1_800_000_060, lte: 1_800_000_120 };
    expect(idsOf(await stripe.paymentIntents.list({ created }))).toEqual([ids[2], ids[1]]);
    expect(idsOf(await stripe.paymentIntents.list({ created: { gt: 1_800_000_180 } }))).toEqual([ids[4]]);
    expect(idsOf(await stripe.paymentIntents.list({ created: 1_800_000_000 }))).toEqual([ids[0]]);
    expect(await failureOf(stripe.paymentIntents.list({ limit: 101 }))).toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
    expect((await failureOf(stripe.paymentIntents.list({ starting_after: 'pi_none' }))).code).toBe('resource_missing');
  });

  test('lists expand below data, and say so where they are asked wrongly', async () => {
    const { stripe } = await five();
    const { data } = await stripe.paymentIntents.list({ limit: 1, expand: ['data.latest_charge'] });
    expect(data[0]?.latest_charge).toMatchObject({ object: 'charge' });
    const error = await failureOf(stripe.paymentIntents.list({ expand: ['latest_charge'] }));
    expect(error.message).toContain("You may want to try expanding 'data.latest_charge' instead.");
    const deep = ['data.latest_charge.payment_intent.latest_charge.payment_intent'];
    expect((await failureOf(stripe.paymentIntents.list({ expand: deep }))).message).toContain('4 levels');
  });

  test('charges are found by intent, by transfer group and by time', async () => {
    const { stripe, ids } = await five();
    const byIntent = await stripe.charges.list({ payment_intent: ids[3] ?? '' });
    expect(byIntent.data).toHaveLength(1);
    expect(idsOf(await stripe.charges.list({ transfer_group: 'order-3' }))).toEqual(idsOf(byIntent));
    expect((await stripe.charges.list({ created: { lt: 1_800_000_060 } })).data).toHaveLength(1);
  });

  test('money is pending for two days, then available, by currency', async () => {
    const { stripe, control } = await setUp();
    for (const currency of ['usd', 'usd', 'eur']) {
      await stripe.paymentIntents.create(order({ currency, capture_method: 'automatic' }));
    }
    const before = await stripe.balance.retrieve();
    expect([of(before.pending), of(before.available)]).toEqual([
      { usd: 19_360, eur: 9680 },
      { usd: 0, eur: 0 },
    ]);
    const { data } = await stripe.balanceTransactions.list({ currency: 'eur' });
    expect(data[0]).toMatchObject({ status: 'pending', available_on: (data[0]?.created ?? 0) + 172_800 });
    await control('POST', 'clock', { advance: 172_800_000 });
    const after = await stripe.balance.retrieve();
    expect([of(after.pending).usd, of(after.available).usd]).toEqual([0, 19_360]);
    expect((await stripe.balanceTransactions.retrieve(data[0]?.id ?? '')).status).toBe('available');
  });
});
