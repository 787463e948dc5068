import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, fingerprintOf, opaqueIdOf, providerKeyOf, receiptKeyOf } from '../../contracts/hashes.ts';
import { emailWorkflowId, mintWorkflowId, parseWorkflowId, paymentWorkflowId } from '../../contracts/ids.ts';
import { orderOf } from '../support/orders.ts';

const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

describe('a workflow id', () => {
  it('names its kind, tenant and key', () => {
    expect(paymentWorkflowId('acme', 'key-1')).toBe('payment:acme:key-1');
    expect(mintWorkflowId('acme', 'seat-1', 'key-1')).toBe('mint:acme:seat-1:key-1');
    expect(emailWorkflowId('acme', 'm-1')).toBe('email:acme:m-1');
    expect(parseWorkflowId('mint:acme:seat-1:key-1')).toEqual({ kind: 'mint', tenantId: 'acme', key: 'seat-1:key-1' });
    expect(['payment', 'payment:acme', ':acme:k', ''].map(parseWorkflowId)).toEqual(Array(4).fill(undefined));
  });

  it('is never that of another tenant, ticket or key', () =>
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (one, other) => {
        expect(mintWorkflowId(...one) === mintWorkflowId(...other)).toBe(one.join(' ') === other.join(' '));
      }),
      { seed: 6 },
    ));

  it.each([
    ['tenantId', 'a:b', 'tenantId "a:b" is not an id: use 1 to 64 letters, digits, "_" or "-"'],
    ['tenantId', '', 'tenantId "" is not an id'],
    ['tenantId', 'a\n', 'tenantId "a\n" is not an id'],
    ['tenantId', 'x'.repeat(300), `tenantId "${'x'.repeat(40)}… (300 characters)" is not an id`],
  ])('refuses a part that could spell another: %s %j', (_field, value, message) => {
    expect(() => paymentWorkflowId(value, 'key-1')).toThrow(message);
  });

  it('names the field that is wrong', () => {
    expect(() => mintWorkflowId('acme', 'seat 1', 'k')).toThrow(/^ticketId "seat 1"/);
    expect(() => mintWorkflowId('acme', 'seat-1', 'x'.repeat(65))).toThrow(/^mintKey /);
    expect(() => paymentWorkflowId('acme', 'jane@example.com')).toThrow(/^paymentKey /);
  });
});

describe('a fingerprint', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, member]) => [key, shuffled(member)]),
    );
  };

  it('does not depend on the order of keys, at any depth', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        // JSON has no -0: `0` is what a reader gets either way.
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 7 },
    ));

  it('is that of the body alone: the idempotency key is left out, absent fields are no fields', () => {
    const order = orderOf();
    expect(fingerprintOf({ ...order, idempotencyKey: 'other' })).toBe(fingerprintOf(order));
    expect(fingerprintOf({ ...order, note: undefined } as object)).toBe(fingerprintOf(order));
    expect(fingerprintOf(order)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(Object.keys(orderOf()).filter((field) => field !== 'idempotencyKey'))('changes with %s', (field) => {
    expect(fingerprintOf({ ...orderOf(), [field]: 'changed' })).not.toBe(fingerprintOf(orderOf()));
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
    expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[1,{"d":null}]}');
  });
});

describe('a provider key', () => {
  it('is workflow, step and generation, and nothing of the attempt', () => {
    expect(providerKeyOf('payment:acme:key-1', 'authorize', 0)).toBe('payment:acme:key-1/authorize/0');
    expect(providerKeyOf('payment:acme:key-1', 'authorize', 1)).toBe('payment:acme:key-1/authorize/1');
  });

  it('is never longer than 255 characters, and stays one key per workflow, step and generation', () => {
    const fits = 'w'.repeat(255 - '/authorize/0'.length);
    expect(providerKeyOf(fits, 'authorize', 0)).toBe(`${fits}/authorize/0`);
    const long = (generation: number) => providerKeyOf(`${fits}w`, 'authorize', generation);
    expect(long(0)).toMatch(/^sha256\/[0-9a-f]{64}$/);
    expect(long(0)).toBe(long(0));
    expect(new Set([long(0), long(1), providerKeyOf(`${fits}w`, 'authorizf', 0)]).size).toBe(3);
  });
});

describe('derived ids', () => {
  it('a receipt has one key per payment, which is a part of an id', () => {
    const key = receiptKeyOf('payment:acme:key-1');
    expect(key).toMatch(/^receipt-[0-9a-f]{40}$/);
    expect(emailWorkflowId('acme', key)).toBe(`email:acme:${key}`);
    expect(receiptKeyOf('payment:acme:key-2')).not.toBe(key);
  });

  it('personal data is hidden under a key, the same however it is written', () => {
    const id = opaqueIdOf('secret', 'Jane@Example.com ');
    expect(id).toMatch(/^[0-9a-f]{40}$/);
    expect(opaqueIdOf('secret', 'jane@example.com')).toBe(id);
    expect(opaqueIdOf('other secret', 'jane@example.com')).not.toBe(id);
  });
});
