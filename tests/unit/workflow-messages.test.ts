import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import type { CancelRequest } from '../../contracts/messages.ts';
import { cancelRequestOf, refuseOtherBody, refuseUnlessCancelRequest } from '../../workflows/message-rules.ts';

const me: CancelRequest = { actor: 'me', reason: 'changed' };

function refusalOf(validate: () => void): { type: unknown; message: string; nonRetryable: unknown } | undefined {
  try {
    validate();
    return undefined;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return { type: error.type, message: error.message, nonRetryable: error.nonRetryable };
  }
}

describe('the early answer is for one body only', () => {
  test('the same fingerprint passes', () => {
    expect(refusalOf(() => refuseOtherBody({ fingerprint: 'a' }, 'a'))).toBeUndefined();
  });

  test.each([{ fingerprint: 'b' }, { fingerprint: '' }, {}, undefined, null])('%j is refused', (request) => {
    expect(refusalOf(() => refuseOtherBody(request as { fingerprint: string }, 'a'))).toMatchObject({
      type: 'KeyReused',
      nonRetryable: true,
    });
  });
});

describe('a cancel says who and why', () => {
  test.each([me, { actor: 'a'.repeat(200), reason: 'r'.repeat(500) }])('%j passes', (request) => {
    expect(refusalOf(() => refuseUnlessCancelRequest(request, undefined))).toBeUndefined();
  });

  test.each([
    [{ reason: 'x' }, 'actor', 200],
    [{ actor: '', reason: 'x' }, 'actor', 200],
    [{ actor: 'a'.repeat(201), reason: 'x' }, 'actor', 200],
    [{ actor: 7, reason: 'x' }, 'actor', 200],
    [{ actor: 'me' }, 'reason', 500],
    [{ actor: 'me', reason: 'r'.repeat(501) }, 'reason', 500],
    [undefined, 'actor', 200],
    [null, 'actor', 200],
  ])('%j is refused, naming the field and what is accepted', (request, field, maximum) => {
    const refusal = refusalOf(() => refuseUnlessCancelRequest(request as CancelRequest, undefined));
    expect(refusal).toMatchObject({ type: 'InvalidMessage', nonRetryable: true });
    expect(refusal?.message).toMatch(new RegExp(`^${field} .*1 to ${maximum} characters`));
  });

  test('after the end it is too late, whatever it says', () => {
    for (const request of [me, undefined]) {
      const refusal = refusalOf(() => refuseUnlessCancelRequest(request as CancelRequest, { status: 'completed' }));
      expect(refusal).toMatchObject({ type: 'AlreadyEnded', message: expect.stringContaining('completed') });
    }
  });
});

describe('a signal cannot be refused', () => {
  const otherwise = { actor: 'temporal', reason: 'cancelled through Temporal' };

  test.each([
    [me, me],
    [undefined, otherwise],
    [{}, otherwise],
    [{ actor: 'me' }, { ...otherwise, actor: 'me' }],
    [{ actor: 7, reason: 'r'.repeat(501) }, otherwise],
    [{ ...me, more: 'x' }, me],
  ])('%j reads as %j', (request, read) => {
    expect(cancelRequestOf(request as Partial<CancelRequest> | undefined, otherwise)).toEqual(read);
  });
});
