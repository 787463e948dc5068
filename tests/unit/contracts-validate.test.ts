import { describe, expect, it } from 'vitest';
import type { PurchaseOrder } from '../../contracts/schema/payment.ts';
import { validateEmailRequest } from '../../contracts/schema/jobs.ts';
import { InvalidRequestError, validatePurchaseOrder } from '../../contracts/schema/validate.ts';
import { orderOf } from '../support/orders.ts';

function priced(amount: number) {
  return {
    amount,
    tickets: [{ ticketId: 'seat-1', price: amount }],
    lines: [{ kind: 'ticket', ticketId: 'seat-1', amount }],
  };
}

function faultsOf(value: unknown, validate: (value: unknown) => unknown = validatePurchaseOrder) {
  try {
    validate(value);
  } catch (error) {
    if (error instanceof InvalidRequestError) return [...error.faults];
    throw error;
  }
  throw new Error('was accepted');
}
const messageOf = (value: unknown) => new InvalidRequestError(faultsOf(value)).message;
/** A field as it comes in, whatever its type should be. */
const withField = (change: object): unknown => ({ ...orderOf(), ...change });
const seat = (number: number) => ({ ticketId: `seat-${number}`, price: 100 });
const many = (count: number) => ({
  amount: 100 * count,
  tickets: Array.from({ length: count }, (_, index) => seat(index)),
  lines: Array.from({ length: count }, (_, index) => ({ kind: 'ticket', ticketId: `seat-${index}`, amount: 100 })),
});

describe('a good order', () => {
  it.each([
    ['as it is', {}],
    ['with 20 tickets', many(20)],
    [
      'for nothing',
      { amount: 0, tickets: [{ ticketId: 's', price: 0 }], lines: [{ kind: 'ticket', ticketId: 's', amount: 0 }] },
    ],
    ['of KWD that ends in 0', { currency: 'KWD' }],
    ['with an id of 64 characters', { orderId: 'x'.repeat(64) }],
  ])('passes %s', (_, change) => {
    const order = withField(change);
    expect(validatePurchaseOrder(order)).toBe(order);
  });

  it('may discount', () => {
    const lines = [...orderOf().lines, { kind: 'discount', amount: -5_250 } satisfies PurchaseOrder['lines'][number]];
    expect(validatePurchaseOrder(withField({ lines, amount: 0 }))).toMatchObject({ amount: 0 });
  });

  it('sums exactly where floats would not', () => {
    const tickets = [
      { ticketId: 'a', price: Number.MAX_SAFE_INTEGER },
      { ticketId: 'b', price: Number.MAX_SAFE_INTEGER },
    ];
    const lines = tickets.map(({ ticketId, price }) => ({ kind: 'ticket', ticketId, amount: price }));
    const discount = { kind: 'discount', amount: -Number.MAX_SAFE_INTEGER };
    const order = { tickets, lines: [...lines, discount], amount: Number.MAX_SAFE_INTEGER };
    expect(validatePurchaseOrder(withField(order))).toBeDefined();
    expect(faultsOf(withField({ ...order, amount: Number.MAX_SAFE_INTEGER - 1 }))[0]?.accepted).toBe(
      'the sum of the lines, 9007199254740991',
    );
  });
});

describe('a bad order names the field, what came and what is accepted', () => {
  it.each([
    ['an unknown currency', { currency: 'XYZ' }, 'currency', '"XYZ"', /ISO 4217.*USD/],
    ['a currency in lower case', { currency: 'usd' }, 'currency', '"usd"', /upper case/],
    ['a negative amount', { amount: -1 }, 'amount', '-1', /integer.*minor unit, 0 to 2\^53-1/],
    ['a fractional amount', { amount: 52.5 }, 'amount', '52.5', /integer/],
    ['an amount beyond the safe integers', { amount: 2 ** 53 }, 'amount', '9007199254740992', /2\^53-1/],
    ['an amount as text', { amount: '5250' }, 'amount', '"5250"', /integer/],
    ['21 tickets', many(21), 'tickets', /\(\d+ characters\)$/, /^tickets: 1 to 20 tickets$/],
    ['no ticket', { tickets: [] }, 'tickets', '[]', /1 to 20/],
    [
      'an id of 300 characters',
      { orderId: 'x'.repeat(300) },
      'orderId',
      /^"x{59}… \(302 characters\)$/,
      /1 to 64 letters/,
    ],
    ['an id with a colon', { userId: 'a:b' }, 'userId', '"a:b"', /1 to 64 letters/],
    ['a wallet that is none', { buyer: { wallet: '0x12', emailRef: 'c' } }, 'buyer.wallet', '"0x12"', /40 hex digits/],
    [
      'an address for its reference',
      { buyer: { ...orderOf().buyer, emailRef: 'a@b.c' } },
      'buyer.emailRef',
      '"a@b.c"',
      /never the address/,
    ],
    ['another payment method', { paymentMethod: '4242424242424242' }, 'paymentMethod', '"4242424242424242"', /pm_/],
    ['a field that does not exist', { amout: 1 }, 'amout', '1', /no such field/],
    [
      'a price that is no integer',
      { tickets: [{ ticketId: 'seat-1', price: 1.5 }] },
      'tickets[0].price',
      '1.5',
      /integer/,
    ],
    [
      'a kind of line that does not exist',
      { lines: [{ kind: 'tip', amount: 1 }] },
      'lines[0].kind',
      '"tip"',
      /ticket, fee, tax or discount/,
    ],
  ])('%s', (_, change, field, value, accepted) => {
    const [fault, ...others] = faultsOf(withField(change));
    expect(others).toEqual([]);
    expect(fault!.field).toBe(field);
    expect(fault!.value).toEqual(typeof value === 'string' ? value : expect.stringMatching(value));
    expect(fault!.accepted).toMatch(accepted);
  });

  it.each(['tenantId', 'idempotencyKey', 'amount', 'currency', 'lines', 'tickets', 'buyer'])(
    '%s is missing',
    (field) => {
      const { [field as 'amount']: _, ...rest } = orderOf();
      expect(faultsOf(rest)).toEqual([{ field, accepted: expect.stringContaining(field) as string }]);
      expect(messageOf(rest)).toMatch(new RegExp(`^${field} is missing; accepted is `));
    },
  );

  it.each([[null], ['order'], [[]], [42]])('%j is no order', (value) => {
    expect(faultsOf(value)).toEqual([{ field: '', value: JSON.stringify(value), accepted: 'a purchase order' }]);
    expect(messageOf(value)).toBe(`the request is ${JSON.stringify(value)}; accepted is a purchase order`);
  });
});

describe('lines and tickets that do not agree', () => {
  const ticket = { kind: 'ticket', ticketId: 'seat-1', amount: 5_000 };
  const fee = { kind: 'fee', amount: 250 };
  it.each([
    ['lines that do not sum', { amount: 5_251 }, 'amount', '5251', 'the sum of the lines, 5250'],
    [
      'a line of another price',
      { lines: [{ ...ticket, amount: 5_250 }] },
      'lines[0].amount',
      '5250',
      'the price of ticket seat-1 (5000)',
    ],
    [
      'a second line for a ticket',
      { lines: [ticket, ticket], amount: 10_000 },
      'lines[1].ticketId',
      '"seat-1"',
      'one ticket line per ticket',
    ],
    [
      'a ticket without a line',
      { lines: [fee], amount: 250 },
      'lines',
      undefined,
      'one line of kind ticket for ticket seat-1',
    ],
    [
      'a fee for no ticket of the order',
      { lines: [ticket, { ...fee, ticketId: 'seat-9' }] },
      'lines[1].ticketId',
      '"seat-9"',
      'a ticket of the order',
    ],
    [
      'a discount above zero',
      { lines: [ticket, { kind: 'discount', amount: 250 }] },
      'lines[1].amount',
      '250',
      '0 or less for a discount',
    ],
    [
      'a tax below zero',
      { lines: [ticket, { kind: 'tax', amount: -1 }], amount: 4_999 },
      'lines[1].amount',
      '-1',
      '0 or more',
    ],
    [
      'a ticket twice',
      { tickets: [...orderOf().tickets, { ticketId: 'seat-1', price: 5_000 }] },
      'tickets[1].ticketId',
      '"seat-1"',
      'a ticket that is not in the order yet',
    ],
    [
      'KWD that the provider cannot take',
      { currency: 'KWD', ...priced(5_001) },
      'amount',
      '5001',
      'an amount of KWD that ends in 0',
    ],
    [
      'another currency of three decimals',
      { currency: 'BHD', ...priced(5_001) },
      'amount',
      '5001',
      'an amount of BHD that ends in 0',
    ],
  ])('%s', (_, change, field, value, accepted) => {
    expect(faultsOf(withField(change))).toEqual([{ field, ...(value === undefined ? {} : { value }), accepted }]);
  });

  it('says what is missing as missing', () => {
    const faults = faultsOf(withField({ lines: [{ kind: 'ticket', amount: 5_250 }] }));
    expect(faults.map(({ field, value }) => [field, value])).toEqual([
      ['lines[0].ticketId', undefined],
      ['lines', undefined],
    ]);
    expect(messageOf(withField({ lines: [{ kind: 'ticket', amount: 5_250 }] }))).not.toContain('is ;');
  });
});

describe('all faults', () => {
  it('are named at once, however many', () => {
    const lines = Array.from({ length: 30 }, () => ({ kind: 'tip', amount: 0.5 }));
    const fields = faultsOf(withField({ lines, amount: -1, currency: '?', extra: true })).map(({ field }) => field);
    expect(new Set(fields).size).toBe(fields.length);
    expect(fields).toEqual(
      expect.arrayContaining(['amount', 'currency', 'extra', 'lines[0].kind', 'lines[29].amount']),
    );
    expect(fields).toHaveLength(63);
  });

  it('of agreement, too', () => {
    const lines = [
      { kind: 'ticket', ticketId: 'seat-1', amount: 1 },
      { kind: 'tax', amount: -1 },
    ];
    expect(faultsOf(withField({ lines })).map(({ field }) => field)).toEqual([
      'lines[0].amount',
      'lines[1].amount',
      'amount',
    ]);
  });

  it('are named inside of another request, by their path', () => {
    const mail = {
      tenantId: 'acme',
      messageKey: 'm',
      emailRef: 'c',
      message: { template: 'other', paymentKey: 'a b' },
    };
    expect(faultsOf(mail, validateEmailRequest).map(({ field }) => field)).toEqual(['message.template']);
    const known = { ...mail, message: { ...mail.message, template: 'ticket-purchase' } };
    expect(faultsOf(known, validateEmailRequest).map(({ field }) => field)).toEqual(['message.paymentKey']);
    expect(faultsOf({ ...known, message: {} }, validateEmailRequest)).toMatchObject([
      { field: 'message.template', accepted: expect.stringContaining('welcome') },
    ]);
  });
});
