import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { failureOf, order, setUp } from './sim-stripe-helpers.ts';

const key = (idempotencyKey: string) => ({ idempotencyKey });

describe('limits', () => {
  test('25 calls in any second, the 26th is 429 before the idempotency layer', async () => {
    let now = 0;
    const { stripe, sim } = await setUp({ limits: {}, limitsNow: () => now });
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => stripe.paymentIntents.create(order(), key(`k${index}`))),
    );
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(5);
    for (const error of refused) {
      expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
      expect(error).toMatchObject({ statusCode: 429, code: 'rate_limit' });
      expect(error.headers).toMatchObject({ 'stripe-rate-limited-reason': 'global-rate' });
      expect(error.headers).not.toHaveProperty('retry-after');
    }
    const limited = sim.state.log.list().find(({ status }) => status === 429);
    const again = () => stripe.paymentIntents.create(order(), key(limited?.idempotencyKey ?? ''));
    now = 999;
    await expect(again()).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    now = 1_000;
    expect(await again()).toMatchObject({ status: 'requires_capture' });
    expect(sim.world.store.charges.all()).toHaveLength(26);
  });

  test('limits change at run time, Retry-After can be sent, concurrency is limited', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'limits', { perSecond: 1, retryAfter: 2 });
    await stripe.balance.retrieve();
    expect((await failureOf(stripe.balance.retrieve())).headers).toMatchObject({ 'retry-after': '2' });
    await control('POST', 'limits', { perSecond: null, concurrent: 1 });
    await control('POST', 'faults', { kind: 'slow', ms: 300, match: { method: 'POST' } });
    const slow = stripe.paymentIntents.create(order());
    await expect.poll(() => sim.state.log.inFlight).toBe(1);
    expect((await failureOf(stripe.balance.retrieve())).headers).toMatchObject({
      'stripe-rate-limited-reason': 'global-concurrency',
    });
    await slow;
    await stripe.balance.retrieve();
    await expect(control('POST', 'limits', { perSecnd: 1 })).rejects.toThrow('perSecnd');
  });
});

describe('faults', () => {
  test('a lost answer: the effect is there, the connection is gone, and the SDK itself comes once more', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'lose_answer', times: 2, match: { method: 'POST' } });
    expect(await failureOf(stripe.paymentIntents.create(order(), key('k')))).toBeInstanceOf(
      Stripe.errors.StripeConnectionError,
    );
    expect(sim.world.store.charges.all()).toHaveLength(1);
    expect((await stripe.paymentIntents.create(order(), key('k'))).status).toBe('requires_capture');
    const { calls } = await control('GET', 'log');
    expect(calls).toMatchObject([
      { seq: 1, state: 'lost', status: 200, fault: 'lose_answer', replayed: false, idempotencyKey: 'k' },
      { seq: 2, state: 'lost', status: 200, fault: 'lose_answer', replayed: true },
      { seq: 3, state: 'answered', status: 200, fault: null, replayed: true },
    ]);
  });

  test('a closed connection: nothing was done', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'close', times: 2 });
    await failureOf(stripe.paymentIntents.create(order()));
    expect(sim.world.store.charges.all()).toHaveLength(0);
    expect(sim.state.log.list().map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  test('a held answer: the effect is done and is waited for; a release answers', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'hold', match: { path: '/v1/payment_intents' } });
    const waiting = control('GET', 'held?waitMs=5000');
    const call = stripe.paymentIntents.create(order());
    const { calls } = await waiting;
    expect(calls).toMatchObject([{ state: 'held', answeredAt: null, params: { amount: '10000' } }]);
    expect(sim.world.store.charges.all()).toHaveLength(1);
    expect(await control('POST', 'release', {})).toEqual({ released: 1 });
    expect((await call).status).toBe('requires_capture');
  });

  test('a caller that dies while its answer is held leaves the effect behind, not a call in flight', async () => {
    const { sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'hold' });
    const dying = new AbortController();
    const call = fetch(`${sim.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_simulator' },
      body: new URLSearchParams({ amount: '500', currency: 'usd' }),
      signal: dying.signal,
    });
    await control('GET', 'held?waitMs=5000');
    dying.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => sim.state.log.list()[0]?.state).toBe('abandoned');
    expect(sim.state.log.inFlight).toBe(0);
    expect(sim.world.store.payment_intents.all()).toHaveLength(1);
  });

  test('a caller that gives up on a slow call does not undo it', async () => {
    const { stripe, sim, control } = await setUp();
    await control('POST', 'faults', { kind: 'slow', ms: 300 });
    const impatient = failureOf(stripe.paymentIntents.create(order(), { timeout: 100, maxNetworkRetries: 0 }));
    expect(await impatient).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    await expect.poll(() => sim.state.log.list()[0]?.state).toBe('abandoned');
    expect(sim.world.store.charges.all()).toHaveLength(1);
  });

  test('faults match by method, address, key and count, and one call takes one fault', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'faults', { kind: 'status', status: 503, match: { pathRegex: '/capture$', nth: 2 } });
    await control('POST', 'faults', { kind: 'rate_limit', retryAfter: 3, match: { keyRegex: '^slow' } });
    const [first, second] = [await stripe.paymentIntents.create(order()), await stripe.paymentIntents.create(order())];
    const limited = await failureOf(stripe.paymentIntents.create(order(), key('slow-1')));
    expect(limited.headers).toMatchObject({ 'retry-after': '3' });
    await stripe.paymentIntents.capture(first.id);
    expect((await failureOf(stripe.paymentIntents.capture(second.id))).statusCode).toBe(503);
    await stripe.paymentIntents.capture(second.id);
    expect((await control('GET', 'faults'))['faults']).toMatchObject([{ applied: 1, seen: 2 }, { applied: 1 }]);
    await control('DELETE', 'faults');
    expect((await control('GET', 'faults'))['faults']).toEqual([]);
  });

  test('faults by chance are the same for the same seed', async () => {
    const rounds = [7, 7, 8].map(async (seed) => {
      const { stripe, sim, control } = await setUp();
      const match = { probability: 0.5, seed };
      await control('POST', 'faults', { kind: 'status', status: 503, times: 'forever', match });
      for (let call = 0; call < 20; call += 1) await stripe.balance.retrieve().catch(() => undefined);
      return sim.state.log.list().map(({ status }) => status);
    });
    const [one, two, other] = await Promise.all(rounds);
    expect(one).toEqual(two);
    expect(one).not.toEqual(other);
    expect(new Set(one)).toEqual(new Set([200, 503]));
  });

  test('what is wrong with a fault is said', async () => {
    const { control } = await setUp();
    await expect(control('POST', 'faults', { kind: 'explode' })).rejects.toThrow('kind is "explode"; wanted is one of');
    await expect(control('POST', 'faults', { kind: 'slow' })).rejects.toThrow('ms');
    await expect(control('POST', 'faults', { kind: 'close', match: { pathRegex: '(' } })).rejects.toThrow();
    await expect(control('GET', 'nothing')).rejects.toThrow('no control route');
  });
});

describe('log and control', () => {
  test('the log has every call in order, control calls excepted, without personal data or secrets', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'faults', { kind: 'hold' });
    const held = stripe.paymentIntents.create(order({ receipt_email: 'someone@example.com' }), key('a'));
    await control('GET', 'held?waitMs=5000');
    await stripe.balance.retrieve();
    await control('POST', 'release', {});
    await held;
    const answer = await control('GET', 'log');
    expect(JSON.stringify(answer)).not.toMatch(/someone@example|sk_test/);
    const calls: Record<string, number>[] = Object(answer)['calls'];
    expect(calls).toHaveLength(2);
    expect(calls.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(calls.map(({ inFlight }) => inFlight)).toEqual([1, 2]);
    for (const { receivedAt = 0, answeredAt = 0 } of calls) {
      expect(Math.abs(receivedAt - Date.now())).toBeLessThan(10_000);
      expect(answeredAt).toBeGreaterThan(receivedAt);
    }
    expect(Object(await control('GET', 'log?since=1'))['calls']).toHaveLength(1);
    await control('DELETE', 'log');
    await stripe.balance.retrieve();
    expect(await control('GET', 'log')).toMatchObject({ calls: [{ seq: 3 }] });
  });

  test('objects and sums can be read from outside', async () => {
    const { stripe, control } = await setUp();
    await stripe.paymentIntents.create(order());
    const { id } = await stripe.paymentIntents.create(order({ currency: 'eur' }));
    await stripe.paymentIntents.cancel(id);
    await failureOf(stripe.paymentIntents.create(order({ payment_method: 'pm_card_chargeDeclined' })));
    await stripe.paymentIntents.create(order({ amount: 5000, capture_method: 'automatic' }));
    expect(await control('GET', 'summary')).toMatchObject({
      intents: 4,
      currencies: {
        usd: {
          captured: { count: 1, amount: 5000 },
          held: { count: 1, amount: 10_000 },
          canceled: { count: 0, amount: 0 },
          declined: { count: 1, amount: 10_000 },
          fees: 175,
        },
        eur: {
          captured: { count: 0, amount: 0 },
          held: { count: 0, amount: 0 },
          canceled: { count: 1, amount: 10_000 },
          declined: { count: 0, amount: 0 },
          fees: 0,
        },
      },
    });
    expect((await control('GET', 'objects/charges'))['objects']).toHaveLength(4);
    await expect(control('GET', 'objects/coupons')).rejects.toThrow("no objects 'coupons'; there are payment_intents");
  });

  test('the clock is set, goes on, and is reset', async () => {
    const { stripe, control } = await setUp();
    await control('POST', 'clock', { now: '2030-01-01T00:00:00Z' });
    const { created } = await stripe.paymentIntents.create(order());
    expect(created - Date.parse('2030-01-01T00:00:00Z') / 1000).toBeLessThan(5);
    await control('POST', 'clock', { reset: true });
    expect(Math.abs(Number((await control('GET', 'clock'))['now']) - Date.now())).toBeLessThan(5000);
    await expect(control('POST', 'clock', { now: 'soon' })).rejects.toThrow('now is soon');
  });
});
