import { describe, expect, test } from 'vitest';
import { failureOf, order, setUp } from './sim-stripe-helpers.ts';
import { balanceOf, capture, days, eventTypes, transactionsOf, idsOf, ref } from './sim-stripe-money.ts';

describe('refunds', () => {
  test('a refund takes the money from the balance and leaves the fee at Stripe', async () => {
    const { stripe } = await setUp();
    const { intent, charge } = await capture(stripe);
    const refund = await stripe.refunds.create({
      payment_intent: intent,
      amount: 3333,
      reason: 'requested_by_customer',
      metadata: { refund: 'r1' },
    });
    expect(refund).toMatchObject({
      status: 'succeeded',
      amount: 3333,
      charge,
      payment_intent: intent,
      currency: 'usd',
    });
    expect(refund.metadata).toEqual({ refund: 'r1' });
    expect(await transactionsOf(stripe, refund.id)).toMatchObject([
      {
        id: refund.balance_transaction,
        type: 'refund',
        amount: -3333,
        fee: 0,
        net: -3333,
        reporting_category: 'refund',
      },
    ]);
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 - 3333 } });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 3333, refunded: false });
    expect(await eventTypes(stripe, { after: 'payment_intent.succeeded' })).toEqual([
      'refund.created',
      'charge.refunded',
    ]);
  });

  test('several partial refunds end at the captured amount; nothing and too much are refused', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    await stripe.paymentIntents.capture(id, { amount_to_capture: 8000 });
    await stripe.refunds.create({ payment_intent: id, amount: 5000 });
    const more = await failureOf(stripe.refunds.create({ payment_intent: id, amount: 3001 }));
    expect(more).toMatchObject({ statusCode: 400, code: 'amount_too_large', param: 'amount' });
    expect(more.message).toBe('Refund amount ($30.01) is greater than unrefunded amount on charge ($30.00)');
    const rest = await stripe.refunds.create({ payment_intent: id });
    expect(rest.amount).toBe(3000);
    expect(await stripe.charges.retrieve(ref(rest.charge))).toMatchObject({ amount_refunded: 8000, refunded: true });
    const again = await failureOf(stripe.refunds.create({ charge: ref(rest.charge) }));
    expect(again).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' });
    expect(again.message).toBe(`Charge ${ref(rest.charge)} has already been refunded.`);
  });

  test('fifty at once give back the amount and no more', async () => {
    const { stripe, sim } = await setUp();
    const { charge } = await capture(stripe);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => stripe.refunds.create({ charge, amount: 400 })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(25);
    expect(sim.world.store.charges.get(charge)).toMatchObject({ amount_refunded: 10_000, refunded: true });
  });

  test('what was not captured, is unknown or does not belong together is refused', async () => {
    const { stripe } = await setUp();
    const { intent } = await capture(stripe);
    const held = await stripe.paymentIntents.create(order());
    const refused = await failureOf(stripe.refunds.create({ payment_intent: held.id }));
    expect(refused.message).toBe(`This PaymentIntent (${held.id}) does not have a successful charge to refund.`);
    expect((await failureOf(stripe.refunds.create({}))).message).toContain('payment_intent or charge');
    expect(await failureOf(stripe.refunds.create({ charge: 'ch_none' }))).toMatchObject({ code: 'resource_missing' });
    expect(await failureOf(stripe.refunds.create({ payment_intent: 'pi_none' }))).toMatchObject({ statusCode: 400 });
    const foreign = stripe.refunds.create({ payment_intent: intent, charge: ref(held.latest_charge) });
    expect((await failureOf(foreign)).param).toBe('charge');
    const reversing = stripe.refunds.create({ payment_intent: intent, reverse_transfer: true });
    expect((await failureOf(reversing)).message).toContain('the simulator does not have');
    expect(await failureOf(stripe.refunds.retrieve('re_none'))).toMatchObject({ statusCode: 404 });
  });

  test('amounts follow the currency', async () => {
    const { stripe } = await setUp();
    const { charge } = await capture(stripe, { currency: 'kwd', amount: 10_010 });
    const odd = await failureOf(stripe.refunds.create({ charge, amount: 1005 }));
    expect(odd).toMatchObject({ code: 'parameter_invalid_integer', param: 'amount' });
    const more = await failureOf(stripe.refunds.create({ charge, amount: 20_000 }));
    expect(more.message).toContain('(KWD 20.000)');
    expect((await stripe.refunds.create({ charge })).amount).toBe(10_010);
    const yen = await capture(stripe, { currency: 'jpy', amount: 5000 });
    expect((await failureOf(stripe.refunds.create({ charge: yen.charge, amount: 5001 }))).message).toContain(
      '(¥5,001)',
    );
  });

  test('are listed by charge, intent and time, retrieved, expanded and described', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'clock', { now: 1_800_000_000_000 });
    const { intent, charge } = await capture(stripe);
    const other = await capture(stripe);
    const first = await stripe.refunds.create({ charge, amount: 100 });
    await control('POST', 'clock', { advance: 60_000 });
    const second = await stripe.refunds.create({ charge, amount: 200 });
    await stripe.refunds.create({ charge: other.charge });
    expect(idsOf(await stripe.refunds.list({ charge }))).toEqual([second.id, first.id]);
    expect(idsOf(await stripe.refunds.list({ payment_intent: intent, created: { gt: first.created } }))).toEqual([
      second.id,
    ]);
    const updated = await stripe.refunds.update(first.id, { metadata: { note: 'x' } });
    expect(updated.metadata).toEqual({ note: 'x' });
    const found = await stripe.refunds.retrieve(first.id, {
      expand: ['charge.payment_intent', 'balance_transaction.source', 'payment_method'],
    });
    expect(found).toMatchObject({ charge: { id: charge, payment_intent: { id: intent } } });
    expect(found.balance_transaction).toMatchObject({ net: -100, source: { id: first.id, object: 'refund' } });
  });

  test('the same key gives the same refund, once', async () => {
    const { stripe, sim } = await setUp();
    const { charge } = await capture(stripe);
    const once = () => stripe.refunds.create({ charge, amount: 500 }, { idempotencyKey: 'refund-1' });
    expect((await once()).id).toBe((await once()).id);
    expect(sim.world.store.refunds.all()).toHaveLength(1);
  });
});

describe('refunds that take their time', () => {
  test('pm_card_pendingRefund: pending, then succeeded by the clock', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe, { payment_method: 'pm_card_pendingRefund' });
    const refund = await stripe.refunds.create({ charge });
    expect(refund).toMatchObject({ status: 'pending', pending_reason: 'processing' });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 10_000, refunded: true });
    await control('POST', 'clock', { advance: 5000 });
    const done = await stripe.refunds.retrieve(refund.id);
    expect(done.status).toBe('succeeded');
    expect(done).not.toHaveProperty('pending_reason');
    expect(await eventTypes(stripe, { after: 'charge.refunded' })).toEqual(['refund.updated']);
    expect(await transactionsOf(stripe, refund.id)).toHaveLength(1);
  });

  test('pm_card_refundFail: succeeded, then failed; the money is back and can be refunded again', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe, { payment_method: 'pm_card_refundFail' });
    const refund = await stripe.refunds.create({ charge, amount: 4000 });
    expect(refund.status).toBe('succeeded');
    await control('POST', 'clock', { advance: 5000 });
    const failed = await stripe.refunds.retrieve(refund.id);
    expect(failed).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card' });
    expect(await transactionsOf(stripe, refund.id)).toMatchObject([
      { type: 'refund', net: -4000 },
      { type: 'refund_failure', net: 4000, id: failed.failure_balance_transaction },
    ]);
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 } });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false });
    expect(await eventTypes(stripe, { after: 'charge.refunded' })).toEqual(['refund.updated', 'refund.failed']);
  });

  test('the control route orders the next refunds and decides about one', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe);
    await control('POST', 'refunds', { next: 'pending', times: 2 });
    const [first, second, third] = [
      await stripe.refunds.create({ charge, amount: 100 }),
      await stripe.refunds.create({ charge, amount: 200 }),
      await stripe.refunds.create({ charge, amount: 300 }),
    ];
    expect([first, second, third].map(({ status }) => status)).toEqual(['pending', 'pending', 'succeeded']);
    await control('POST', 'clock', days(30));
    expect((await stripe.refunds.retrieve(first.id)).status).toBe('pending');
    expect(await control('POST', 'refunds', { id: first.id, outcome: 'succeed' })).toMatchObject({
      status: 'succeeded',
    });
    await control('POST', 'refunds', { id: second.id, outcome: 'fail', failureReason: 'lost_or_stolen_card' });
    expect(await stripe.refunds.retrieve(second.id)).toMatchObject({ failure_reason: 'lost_or_stolen_card' });
    await control('POST', 'refunds', { id: first.id, outcome: 'fail' });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 300 });
    await expect(control('POST', 'refunds', { id: first.id, outcome: 'succeed' })).rejects.toThrow('is failed');
    await expect(control('POST', 'refunds', { id: 're_none', outcome: 'fail' })).rejects.toThrow("no refund 're_none'");
    await expect(control('POST', 'refunds', { next: 'never' })).rejects.toThrow('next');
  });

  test('one that waits for the customer can be canceled, another cannot', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe);
    await control('POST', 'refunds', { next: 'requires_action' });
    const waiting = await stripe.refunds.create({ charge, amount: 1000 });
    expect(waiting.status).toBe('requires_action');
    expect((await stripe.refunds.cancel(waiting.id)).status).toBe('canceled');
    expect(await balanceOf(stripe)).toMatchObject({ pending: { usd: 9680 } });
    const done = await stripe.refunds.create({ charge });
    expect(done.amount).toBe(10_000);
    expect((await failureOf(stripe.refunds.cancel(done.id))).message).toContain('has a status of succeeded');
  });

  test('a refund counts when the money of its charge does', async () => {
    const { stripe, control } = await setUp();
    const { charge } = await capture(stripe);
    await stripe.refunds.create({ charge, amount: 1000 });
    expect(await balanceOf(stripe)).toEqual({ available: { usd: 0 }, pending: { usd: 8680 } });
    await control('POST', 'clock', days(2));
    await stripe.refunds.create({ charge, amount: 9000 });
    expect(await balanceOf(stripe)).toEqual({ available: { usd: -320 }, pending: { usd: 0 } });
  });
});
