import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { idOf } from '../../sandbox/stripe/store.ts';
import { clientOf, failureOf, order, setUp } from './sim-stripe-helpers.ts';

const day = 24 * 3600;

describe('authorization and capture', () => {
  test('a manual intent is held, then captured with fee and balance transaction', async () => {
    const { stripe } = await setUp();
    const held = await stripe.paymentIntents.create(order(), { idempotencyKey: 'auth' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 10_000, amount_received: 0 });
    expect(held.client_secret).toMatch(new RegExp(`^${held.id}_secret_`));
    expect(held.lastResponse.requestId).toMatch(/^req_/);
    const charge = await stripe.charges.retrieve(idOf(held.latest_charge) ?? '');
    expect(charge).toMatchObject({ captured: false, paid: true, status: 'succeeded', balance_transaction: null });
    expect(charge.payment_method_details?.card?.capture_before).toBe(charge.created + 7 * day);

    const captured = await stripe.paymentIntents.capture(held.id, { expand: ['latest_charge.balance_transaction'] });
    expect(captured).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 10_000 });
    expect(captured.latest_charge).toMatchObject({
      captured: true,
      amount_captured: 10_000,
      transfer_group: 'order-1',
      balance_transaction: { amount: 10_000, fee: 320, net: 9680, currency: 'usd', status: 'pending', type: 'charge' },
    });
  });

  test('capturing twice, and capturing what is canceled, is an unexpected state with the intent in the error', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    await stripe.paymentIntents.capture(id);
    const twice = await failureOf(stripe.paymentIntents.capture(id));
    expect(twice).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    expect(twice.payment_intent).toMatchObject({ id, status: 'succeeded' });
    const canceled = await stripe.paymentIntents.create(order());
    await stripe.paymentIntents.cancel(canceled.id);
    const late = await failureOf(stripe.paymentIntents.capture(canceled.id));
    expect(late.payment_intent).toMatchObject({ status: 'canceled' });
    expect(late.message).toContain('has a status of canceled');
  });

  test('part of an authorization can be captured, more than it cannot', async () => {
    const { stripe, control } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    const more = await failureOf(stripe.paymentIntents.capture(id, { amount_to_capture: 10_001 }));
    expect(more).toMatchObject({ code: 'amount_too_large', param: 'amount_to_capture' });
    const part = await stripe.paymentIntents.capture(id, { amount_to_capture: 4000 });
    expect(part).toMatchObject({ amount: 10_000, amount_received: 4000, amount_capturable: 0 });
    expect(await control('GET', 'summary')).toMatchObject({
      currencies: { usd: { captured: { count: 1, amount: 4000 }, fees: 146 } },
    });
  });

  test('a capture can fail although the authorization held', async () => {
    const { stripe, control } = await setUp();
    const { id } = await stripe.paymentIntents.create(order({ payment_method: 'pm_card_sim_captureFails' }));
    const error = await failureOf(stripe.paymentIntents.capture(id));
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ status: 'requires_payment_method' });
    expect(await control('GET', 'summary')).toMatchObject({
      currencies: { usd: { captured: { count: 0 }, held: { count: 0 }, declined: { count: 1 } } },
    });
  });

  test('canceling releases the hold; canceling again is refused with the intent', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    const canceled = await stripe.paymentIntents.cancel(id, {
      cancellation_reason: 'abandoned',
      expand: ['latest_charge'],
    });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned', amount_capturable: 0 });
    expect(canceled.latest_charge).toMatchObject({ refunded: true, captured: false, amount_refunded: 10_000 });
    const again = await failureOf(stripe.paymentIntents.cancel(id));
    expect(again).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    expect(again.payment_intent).toMatchObject({ id, status: 'canceled' });
  });

  test('an authorization ends by itself, by the clock, with an event', async () => {
    const { stripe, control } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    const captured = await stripe.paymentIntents.create(order());
    await stripe.paymentIntents.capture(captured.id);
    await control('POST', 'clock', { advance: (7 * day - 5) * 1000 });
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_capture');
    await control('POST', 'clock', { advance: 10_000 });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'automatic',
    });
    const types = (await stripe.events.list()).data.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(['payment_intent.canceled', 'charge.expired']);
    expect((await failureOf(stripe.paymentIntents.capture(id))).code).toBe('payment_intent_unexpected_state');
    expect((await stripe.paymentIntents.retrieve(captured.id)).status).toBe('succeeded');
  });

  test('a shorter authorization ends in real time too', async () => {
    const { sim, stripe } = await setUp({ authorizationSeconds: 1 });
    const { id } = await stripe.paymentIntents.create(order());
    await expect.poll(() => sim.world.store.payment_intents.get(id)?.status, { timeout: 3000 }).toBe('canceled');
  });

  test('automatic capture takes the money at once', async () => {
    const { stripe } = await setUp();
    const intent = await stripe.paymentIntents.create(order({ capture_method: 'automatic' }));
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 10_000 });
  });
});

describe('cards', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('%s is a card error 402 with its codes, intent and charge', async (payment_method, code, decline_code) => {
    const { stripe } = await setUp();
    const error = await failureOf(stripe.paymentIntents.create(order({ payment_method })));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({ statusCode: 402, type: 'StripeCardError', code, decline_code });
    const { payment_intent: intent } = error;
    expect(intent).toMatchObject({ status: 'requires_payment_method', payment_method: null });
    expect(intent?.last_payment_error).toMatchObject({ code, decline_code });
    const charge = await stripe.charges.retrieve(String(error.charge));
    expect(charge).toMatchObject({ status: 'failed', paid: false, captured: false, failure_code: code });

    const paid = await stripe.paymentIntents.confirm(intent?.id ?? '', { payment_method: 'pm_card_visa' });
    expect(paid).toMatchObject({ status: 'requires_capture', last_payment_error: null });
  });

  test('a card that wants authentication waits for the customer', async () => {
    const { stripe, control } = await setUp();
    const card = { payment_method: 'pm_card_authenticationRequired' };
    const waiting = await stripe.paymentIntents.create(order(card));
    expect(waiting).toMatchObject({ status: 'requires_action', next_action: { type: 'use_stripe_sdk' } });
    await control('POST', 'authenticate', { payment_intent: waiting.id, outcome: 'succeed' });
    expect(await stripe.paymentIntents.retrieve(waiting.id)).toMatchObject({
      status: 'requires_capture',
      next_action: null,
    });

    const redirected = await stripe.paymentIntents.create(
      order({ payment_method: 'pm_card_threeDSecure2Required', return_url: 'https://shop.example/back' }),
    );
    expect(redirected.next_action?.redirect_to_url?.return_url).toBe('https://shop.example/back');
    await control('POST', 'authenticate', { payment_intent: redirected.id, outcome: 'fail' });
    const failed = await stripe.paymentIntents.retrieve(redirected.id);
    expect(failed.status).toBe('requires_payment_method');
    expect(failed.last_payment_error?.code).toBe('payment_intent_authentication_failure');

    const left = await stripe.paymentIntents.create(order(card));
    expect((await stripe.paymentIntents.cancel(left.id)).status).toBe('canceled');
    await expect(control('POST', 'authenticate', { payment_intent: left.id, outcome: 'succeed' })).rejects.toThrow(
      'only an intent that requires_action',
    );
  });

  test('off session, or where no action is wanted, authentication is a decline', async () => {
    const { stripe } = await setUp();
    for (const more of [{ off_session: true }, { error_on_requires_action: true }]) {
      const call = stripe.paymentIntents.create(order({ payment_method: 'pm_card_authenticationRequired', ...more }));
      expect(await failureOf(call)).toMatchObject({ statusCode: 402, code: 'authentication_required' });
    }
  });

  test('without confirm nothing is charged until it is confirmed', async () => {
    const { stripe } = await setUp();
    const intent = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'EUR',
      capture_method: 'manual',
      allowed_payment_method_types: ['card'],
    });
    expect(intent).toMatchObject({ status: 'requires_payment_method', latest_charge: null, currency: 'eur' });
    expect((await failureOf(stripe.paymentIntents.confirm(intent.id))).code).toBe('payment_intent_unexpected_state');
    const updated = await stripe.paymentIntents.update(intent.id, { payment_method: 'pm_card_visa', amount: 600 });
    expect(updated.status).toBe('requires_confirmation');
    const confirmed = await stripe.paymentIntents.confirm(intent.id);
    expect(confirmed).toMatchObject({ status: 'requires_capture', amount_capturable: 600 });
    expect((await failureOf(stripe.paymentIntents.update(intent.id, { amount: 700 }))).code).toBe(
      'payment_intent_unexpected_state',
    );
  });
});

describe('who and where', () => {
  test('a wrong or missing key is 401, an account of somebody else 403, an unknown address 404', async () => {
    const { sim, stripe } = await setUp();
    const stranger = clientOf(sim.url, { apiKey: 'sk_test_other' });
    expect(await failureOf(stranger.balance.retrieve())).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect((await fetch(`${sim.url}/v1/balance`)).status).toBe(401);
    const basic = Buffer.from('sk_test_simulator:').toString('base64');
    const answer = await fetch(`${sim.url}/v1/balance`, { headers: { authorization: `Basic ${basic}` } });
    expect(answer.status).toBe(200);
    expect(await failureOf(stripe.balance.retrieve({}, { stripeAccount: 'acct_other' }))).toMatchObject({
      statusCode: 403,
      code: 'account_invalid',
    });
    const unknown = await failureOf(stripe.coupons.list());
    expect(unknown).toMatchObject({ statusCode: 404 });
    expect(unknown.message).toMatch(/^Unrecognized request URL \(GET: \/v1\/coupons\)\./);
    expect(await failureOf(stripe.paymentIntents.retrieve('pi_none'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      param: 'intent',
      message: "No such payment_intent: 'pi_none'",
    });
  });
});
