import { createServer } from 'node:http';
import { Stripe } from 'stripe';
import { describe, expect, test } from 'vitest';
import { portOf, readBody } from '../../sandbox/sim/http.ts';
import { closeAfterTest, failureOf, order, setUp } from './sim-stripe-helpers.ts';
import { shapeFaults } from './sim-stripe-shapes.ts';

const secret = 'whsec_simulator';
const stripe = new Stripe('sk_test_unused');

/** An endpoint that verifies each delivery with the SDK; it answers 500 as often as told. */
async function receiver(failures = 0) {
  const events: Stripe.Event[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await readBody(request);
      const event = stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), secret);
      const status = statuses.length < failures ? 500 : 200;
      statuses.push(status);
      if (status === 200) events.push(event);
      response.writeHead(status).end();
    };
    void answer();
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
  const url = `http://127.0.0.1:${portOf(server.address())}/webhooks/stripe`;
  const types = (): string[] => events.map(({ type }) => type);
  return { url, events, statuses, types };
}

async function connected(failures = 0) {
  const endpoint = await receiver(failures);
  const setup = await setUp({ webhooks: { endpoints: [{ url: endpoint.url, secret }], retryMs: [20, 20, 20] } });
  return { ...setup, endpoint };
}

describe('webhooks', () => {
  test('are signed, of the right shape, and carry the request that caused them', async () => {
    const { stripe, endpoint } = await connected();
    const intent = await stripe.paymentIntents.create(order(), { idempotencyKey: 'k' });
    await stripe.paymentIntents.capture(intent.id);
    await expect.poll(endpoint.types).toHaveLength(5);
    expect(new Set(endpoint.types())).toEqual(
      new Set([
        'payment_intent.created',
        'charge.succeeded',
        'payment_intent.amount_capturable_updated',
        'charge.captured',
        'payment_intent.succeeded',
      ]),
    );
    for (const event of endpoint.events) expect(shapeFaults(event)).toEqual([]);
    const created = endpoint.events.find(({ type }) => type === 'payment_intent.created');
    expect(created).toMatchObject({ livemode: false, api_version: Stripe.API_VERSION, pending_webhooks: 1 });
    expect(created?.request).toEqual({ id: intent.lastResponse.requestId, idempotency_key: 'k' });
    const { data } = await stripe.events.list({ type: 'payment_intent.*', limit: 3 });
    expect(data.map(({ type }) => type)).toEqual([
      'payment_intent.succeeded',
      'payment_intent.amount_capturable_updated',
      'payment_intent.created',
    ]);
    expect(await stripe.events.retrieve(created?.id ?? '')).toMatchObject({
      id: created?.id,
      data: { object: { status: 'requires_confirmation' } },
    });
  });

  test('tell of declines, actions and cancellations', async () => {
    const { stripe, endpoint } = await connected();
    await failureOf(stripe.paymentIntents.create(order({ payment_method: 'pm_card_chargeDeclined' })));
    const { id } = await stripe.paymentIntents.create(order({ payment_method: 'pm_card_authenticationRequired' }));
    await stripe.paymentIntents.cancel(id);
    await expect
      .poll(() => endpoint.types().toSorted())
      .toEqual([
        'charge.failed',
        'payment_intent.canceled',
        'payment_intent.created',
        'payment_intent.created',
        'payment_intent.payment_failed',
        'payment_intent.requires_action',
      ]);
  });

  test('are sent again, with the same event id, until the endpoint takes them', async () => {
    const { stripe, endpoint, control } = await connected(2);
    await stripe.paymentIntents.create({ amount: 500, currency: 'usd' });
    await expect.poll(endpoint.types).toEqual(['payment_intent.created']);
    expect(endpoint.statuses).toEqual([500, 500, 200]);
    const { deliveries } = await control('GET', 'webhooks');
    expect(deliveries).toMatchObject([
      {
        state: 'delivered',
        eventId: endpoint.events[0]?.id,
        attempts: [{ status: 500 }, { status: 500 }, { status: 200 }],
      },
    ]);
  });

  test('are given up in the end', async () => {
    const { stripe, control } = await connected(99);
    await stripe.paymentIntents.create({ amount: 500, currency: 'usd' });
    await expect
      .poll(async () => Object(await control('GET', 'webhooks'))['deliveries'])
      .toMatchObject([{ state: 'given_up', attempts: Array.from({ length: 4 }, () => ({ status: 500 })) }]);
  });

  test('can be held back and released in reverse, dropped, doubled, reordered and sent again', async () => {
    const { stripe, endpoint, control } = await connected();
    const next = () =>
      stripe.paymentIntents.create({ amount: 500, currency: 'usd', metadata: { at: String(Date.now()) } });
    const seen = () => endpoint.events.map(({ data }) => Object(data.object)['id']);

    await control('POST', 'webhooks', { mode: 'hold' });
    const [first, second] = [await next(), await next()];
    expect(await control('POST', 'webhooks/release', { order: 'reverse' })).toEqual({ released: 2 });
    expect(seen()).toEqual([second.id, first.id]);

    await control('POST', 'webhooks', { mode: 'drop' });
    await next();
    await control('POST', 'webhooks', { mode: 'deliver', copies: 2 });
    const third = await next();
    await expect.poll(seen).toEqual([second.id, first.id, third.id, third.id]);
    expect(endpoint.events[2]?.id).toBe(endpoint.events[3]?.id);

    await control('POST', 'webhooks', { copies: 1, reorder: 3 });
    const [a, b, c] = [await next(), await next(), await next()];
    await expect.poll(() => seen().slice(4)).toEqual([c.id, b.id, a.id]);

    await control('POST', 'webhooks', { reorder: 1, delayMs: 50 });
    await control('POST', 'webhooks/resend', { event: endpoint.events[1]?.id });
    await expect.poll(() => seen().slice(7)).toEqual([first.id]);
    expect(JSON.stringify(await control('GET', 'webhooks'))).not.toContain(secret);
  });

  test('go to the endpoints and types that are asked for', async () => {
    const { stripe, endpoint, control } = await connected();
    await control('POST', 'webhooks', { endpoints: [{ url: endpoint.url, secret, events: ['charge.captured'] }] });
    const { id } = await stripe.paymentIntents.create(order());
    await stripe.paymentIntents.capture(id);
    await expect.poll(endpoint.types).toEqual(['charge.captured']);
    await expect(control('POST', 'webhooks', { endpoints: [{ url: endpoint.url, secret: 'x' }] })).rejects.toThrow(
      'endpoints.0.secret',
    );
  });
});
