import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { clientOf, failureOf, order, setUp } from './sim-stripe-helpers.ts';

const key = (idempotencyKey: string) => ({ idempotencyKey });
const hour = 3_600_000;

/** The status of each call in the log, and whether it was a replay. */
async function logOf({ sim }: Awaited<ReturnType<typeof setUp>>) {
  return sim.state.log.list().map(({ status, replayed }) => (replayed ? `${status} replayed` : String(status)));
}

describe('idempotency keys', () => {
  test('the first answer is replayed, whatever happened since, and says so', async () => {
    const { stripe, sim } = await setUp();
    const first = await stripe.paymentIntents.create(order(), key('k1'));
    await stripe.paymentIntents.capture(first.id);
    const again = await stripe.paymentIntents.create(order(), key('k1'));
    expect(again).toEqual(first);
    expect(again.status).toBe('requires_capture');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'idempotency-key': 'k1',
      'original-request': first.lastResponse.requestId,
    });
    expect(again.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
    expect(sim.world.store.charges.all()).toHaveLength(1);
  });

  test('declines and state errors are replayed, and execute nothing', async () => {
    const setup = await setUp();
    const { stripe, sim } = setup;
    const declined = order({ payment_method: 'pm_card_chargeDeclined' });
    const first = await failureOf(stripe.paymentIntents.create(declined, key('k')));
    const again = await failureOf(stripe.paymentIntents.create(declined, key('k')));
    expect(again.charge).toBe(first.charge);
    const { id } = await stripe.paymentIntents.create(order());
    await failureOf(stripe.paymentIntents.confirm(id, {}, key('c')));
    await failureOf(stripe.paymentIntents.confirm(id, {}, key('c')));
    expect(await logOf(setup)).toEqual(['402', '402 replayed', '200', '400', '400 replayed']);
    expect(sim.world.store.charges.all()).toHaveLength(2);
  });

  test('the same key with other parameters, or at another endpoint, is an idempotency error', async () => {
    const { stripe } = await setUp();
    const { id } = await stripe.paymentIntents.create(order(), key('k'));
    const other = await failureOf(stripe.paymentIntents.create(order({ amount: 10_001 }), key('k')));
    expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(other).toMatchObject({ statusCode: 400, rawType: 'idempotency_error' });
    expect(other.message).toContain('can only be used with the same parameters they were first used with');
    const elsewhere = await failureOf(stripe.paymentIntents.capture(id, {}, key('k')));
    expect(elsewhere.message).toContain(`('/v1/payment_intents/${id}/capture' vs '/v1/payment_intents')`);
  });

  test('parameters are compared without their order, and a key may have 255 characters', async () => {
    const { stripe } = await setUp();
    const long = 'x'.repeat(255);
    const { id } = await stripe.paymentIntents.create(order(), key(long));
    const reversed = Object.fromEntries(Object.entries(order()).toReversed());
    expect((await stripe.paymentIntents.create({ ...order(), ...reversed }, key(long))).id).toBe(id);
    const tooLong = await failureOf(stripe.paymentIntents.create(order(), key(`${long}x`)));
    expect(tooLong).toMatchObject({ statusCode: 400, rawType: 'invalid_request_error' });
  });

  test('a key whose first call is still under way is a conflict, for every other call with it', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'slow', ms: 400, match: { keyRegex: '^k$' } });
    const slow = stripe.paymentIntents.create(order(), key('k'));
    await expect.poll(() => sim.state.log.inFlight).toBe(1);
    const conflict = await failureOf(stripe.paymentIntents.create(order(), key('k')));
    expect(conflict).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use', rawType: 'idempotency_error' });
    const { id } = await slow;
    expect((await stripe.paymentIntents.create(order(), key('k'))).id).toBe(id);
    expect(sim.world.store.charges.all()).toHaveLength(1);
  });

  test('what was refused before its execution is not stored: validation, authentication, limits', async () => {
    const setup = await setUp();
    const { stripe, sim, control } = setup;
    await failureOf(stripe.paymentIntents.create(order({ amount: 1 }), key('k')));
    await failureOf(clientOf(sim.url, { apiKey: 'sk_test_other' }).paymentIntents.create(order(), key('k')));
    await control('POST', 'faults', { kind: 'rate_limit' });
    expect((await failureOf(stripe.paymentIntents.create(order(), key('k')))).code).toBe('rate_limit');
    await stripe.paymentIntents.create(order(), key('k'));
    expect(await logOf(setup)).toEqual(['400', '401', '429', '200']);
  });

  test('a stored 500 is final under its key; a 503 in front of the endpoint is not', async () => {
    const setup = await setUp();
    const { stripe, sim, control } = setup;
    await control('POST', 'faults', { kind: 'status', status: 500 });
    const broken = await failureOf(stripe.paymentIntents.create(order(), key('k')));
    expect(broken).toMatchObject({ statusCode: 500, rawType: 'api_error' });
    expect(broken.headers).toMatchObject({ 'stripe-should-retry': 'false' });
    expect((await failureOf(stripe.paymentIntents.create(order(), key('k')))).statusCode).toBe(500);
    expect(sim.world.store.payment_intents.all()).toHaveLength(0);

    await control('POST', 'faults', { kind: 'status', status: 503 });
    expect((await failureOf(stripe.paymentIntents.create(order(), key('k2')))).statusCode).toBe(503);
    expect((await stripe.paymentIntents.create(order(), key('k2'))).status).toBe('requires_capture');
    expect(await logOf(setup)).toEqual(['500', '500 replayed', '503', '200']);
  });

  test('a 500 after the effect: the charge exists, the key answers 500 for ever', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'status', status: 500, after: true });
    for (let call = 0; call < 3; call += 1) {
      expect((await failureOf(stripe.paymentIntents.create(order(), key('k')))).statusCode).toBe(500);
    }
    expect(sim.world.store.charges.all()).toHaveLength(1);
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  test('a 502 after the effect, in front of Stripe: the key knows the true answer', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'status', status: 502, after: true });
    expect((await failureOf(stripe.paymentIntents.create(order(), key('k')))).statusCode).toBe(502);
    expect(sim.world.store.charges.all()).toHaveLength(1);
    expect((await stripe.paymentIntents.create(order(), key('k'))).status).toBe('requires_capture');
    expect(sim.world.store.charges.all()).toHaveLength(1);
  });

  test('keys are pruned after 24 hours of the clock: the same call is then another charge', async () => {
    const { stripe, sim, control } = await setUp();
    const { id } = await stripe.paymentIntents.create(order(), key('k'));
    await control('POST', 'clock', { advance: 24 * hour - 60_000 });
    expect((await stripe.paymentIntents.create(order(), key('k'))).id).toBe(id);
    await control('POST', 'clock', { advance: 61_000 });
    expect((await stripe.paymentIntents.create(order(), key('k'))).id).not.toBe(id);
    expect(sim.world.store.charges.all()).toHaveLength(2);
  });

  test('two calls that change one object at once: the second meets its lock and may come again', async () => {
    const { stripe, sim, control } = await setUp();
    const { id } = await stripe.paymentIntents.create(order());
    await control('POST', 'faults', { kind: 'slow', ms: 300, match: { pathRegex: 'capture$' } });
    const capture = stripe.paymentIntents.capture(id);
    await expect.poll(() => sim.state.log.inFlight).toBe(1);
    const locked = await failureOf(stripe.paymentIntents.cancel(id, {}, key('cancel')));
    expect(locked).toMatchObject({ statusCode: 429, code: 'lock_timeout' });
    expect(locked.headers).toMatchObject({ 'stripe-should-retry': 'true' });
    await capture;
    expect((await failureOf(stripe.paymentIntents.cancel(id, {}, key('cancel')))).payment_intent).toMatchObject({
      status: 'succeeded',
    });
  });
});
