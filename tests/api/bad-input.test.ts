import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, bearer, createApiWorld, orderOf } from './api-world.ts';

const { tenantId: _, idempotencyKey: __, ...body } = orderOf();
const tickets = (count: number) => Array.from({ length: count }, (_, index) => ({ ticketId: `t-${index}`, price: 10 }));
let world: ApiWorld;

beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.app.close());

const send = async (payload: object, headers: Record<string, string> = { 'idempotency-key': 'key-1' }) =>
  world.app.inject({ method: 'POST', url: '/payments', headers: { ...(await bearer()), ...headers }, payload });

describe('POST /payments answers 400, names the field, says what is accepted, and starts nothing', () => {
  const long = 'x'.repeat(300);
  const many = tickets(21);
  it.each<[string, object, string, RegExp]>([
    ['an unknown currency', { currency: 'XYZ' }, 'currency', /ISO 4217.*USD/],
    ['a lower-case currency', { currency: 'usd' }, 'currency', /upper case/],
    ['a negative amount', { amount: -1 }, 'amount', /0 to 2\^53-1/],
    ['a fractional amount', { amount: 52.5 }, 'amount', /integer in the currency's minor unit/],
    ['an amount as text', { amount: '5250' }, 'amount', /integer/],
    ['an unsafe amount', { amount: 2 ** 53 }, 'amount', /2\^53-1/],
    ['lines that do not sum', { amount: 5_251 }, 'amount', /the sum of the lines, 5250/],
    [
      'a fractional line',
      { lines: [{ kind: 'ticket', ticketId: 'seat-1', amount: 0.5 }] },
      'lines[0].amount',
      /integer/,
    ],
    ['21 tickets', { tickets: many }, 'tickets', /1 to 20 tickets/],
    ['no ticket', { tickets: [] }, 'tickets', /1 to 20 tickets/],
    ['an order id of 300 characters', { orderId: long }, 'orderId', /1 to 64 letters/],
    ['an id with a colon', { venueId: 'a:b' }, 'venueId', /1 to 64 letters/],
    ['a card number', { paymentMethod: '4242424242424242' }, 'paymentMethod', /pm_/],
    ['an address as emailRef', { buyer: { ...body.buyer, emailRef: 'a@b.c' } }, 'buyer.emailRef', /contacts\.put/],
    ['an unknown field', { discount: 1 }, 'discount', /no such field/],
    ["another tenant's id", { tenantId: 'globex' }, 'tenantId', /no such field/],
    ['a key in the body', { idempotencyKey: 'key-2' }, 'idempotencyKey', /no such field/],
  ])('%s', async (_, change, field, accepted) => {
    const answer = await send({ ...body, ...change });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    const problem = answer.json();
    expect(problem).toMatchObject({ code: 'invalid_request', moneyMoved: 'none' });
    const shown = field === 'idempotencyKey' ? 'Idempotency-Key' : field;
    const error = problem.errors.find((one: { field: string }) => one.field === shown);
    expect(error.accepted).toMatch(accepted);
    expect(problem.detail).toContain(shown);
    expect(problem.detail.length).toBeLessThan(2_000);
    expect(world.temporal.calls).toEqual([]);
  });

  it.each([
    ['missing', {}],
    ['300 characters long', { 'idempotency-key': long }],
    ['with a colon', { 'idempotency-key': 'a:b' }],
  ])('an Idempotency-Key that is %s', async (_, headers) => {
    const answer = await send(body, headers);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toEqual([
      expect.objectContaining({ field: 'Idempotency-Key', accepted: expect.stringMatching(/1 to 64 letters/) }),
    ]);
    expect(world.temporal.calls).toEqual([]);
  });

  it('all faults of header and body at once', async () => {
    const { currency: _, ...rest } = body;
    const answer = await send({ ...rest, amount: -1 }, {});
    expect(
      answer
        .json()
        .errors.map(({ field }: { field: string }) => field)
        .toSorted(),
    ).toEqual(['Idempotency-Key', 'amount', 'currency']);
  });

  it('no body, no object, no JSON, and a body of another type', async () => {
    for (const payload of ['null', '[]', '"text"', '{"amount":']) {
      const answer = await world.app.inject({
        method: 'POST',
        url: '/payments',
        headers: { ...(await bearer()), 'idempotency-key': 'key-1', 'content-type': 'application/json' },
        payload,
      });
      expect([payload, answer.statusCode, answer.json().code]).toEqual([payload, 400, 'invalid_request']);
    }
    const form = await send(body, { 'idempotency-key': 'key-1', 'content-type': 'text/plain' });
    expect([form.statusCode, form.json().code]).toEqual([415, 'invalid_request']);
    expect(world.temporal.calls).toEqual([]);
  });
});

describe('ids in paths', () => {
  it.each([`/payments/${'x'.repeat(300)}`, '/payments/a:b'])('GET %s is 400', async (url) => {
    const answer = await world.app.inject({ method: 'GET', url, headers: await bearer() });
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'id']);
  });

  it('a cancel without a reason is 400', async () => {
    const answer = await world.app.inject({
      method: 'POST',
      url: '/payments/key-1/cancel',
      headers: await bearer(),
      payload: {},
    });
    expect([answer.statusCode, answer.json().errors[0].field]).toEqual([400, 'reason']);
  });
});
