import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Capture } from '../../contracts/payment.ts';
import { createCardWorld, identity, type Fault } from '../support/card-twins.ts';
import { attempt, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const captured: Capture = {
  intentId: 'pi_1',
  chargeId: 'ch_1',
  amount: 5_250,
  balanceTransactionId: 'txn_1',
  providerFee: 182,
  availableOn: '2027-01-03T00:00:00.000Z',
};

function world() {
  const { card, capturePayment, stepOf } = createCardWorld();
  const intentId = card.add(identity.workflowId, 'requires_capture');
  return { card, stepOf, capture: () => capturePayment({ ...identity, intentId }) };
}
const key = (generation: number) => `${identity.workflowId}/capture/${generation}`;

describe('a capture', () => {
  it('takes the money and says what the provider keeps of it', async () => {
    const { card, capture } = world();
    expect(await inTime(attempt(capture))).toEqual(captured);
    expect(card.calls.map(({ name }) => name)).toEqual(['capture']);
  });

  it('whose answer is lost is looked at, and not sent again', async () => {
    const { card, capture } = world();
    card.fail('capture', 'lost');
    expect(await inTime(attempt(capture))).toEqual(captured);
    expect(card.keysOf('capture')).toEqual([key(0)]);
  });

  it('that did not reach the provider is sent again under the same key', async () => {
    const { card, capture } = world();
    card.fail('capture', 'dropped');
    expect(await failed(capture)).toMatchObject({ type: 'Retry', code: 'ETIMEDOUT', sent: 1 });
    expect(await inTime(attempt(capture))).toEqual(captured);
    expect(card.keysOf('capture')).toEqual([key(0), key(0)]);
  });

  it('that found the money taken already is done', async () => {
    const { card, capture } = world();
    await inTime(attempt(capture));
    card.forgetKeys();
    expect(await inTime(attempt(capture))).toEqual(captured);
  });

  it('after the end of the authorization is declined as such', async () => {
    const { card, capture } = world();
    card.intents[0]!.status = 'canceled';
    const seen = await failed(capture);
    expect(seen).toMatchObject({ type: 'Declined', code: 'authorization_ended', nonRetryable: true });
  });

  it('with a stored 500 gets a new key when the intent can still be captured', async () => {
    const { card, capture, stepOf } = world();
    card.fail('capture', 'stored 500');
    expect(await inTime(retried(capture))).toEqual(captured);
    expect(card.keysOf('capture')).toEqual([key(0), key(0), key(1)]);
    expect((await stepOf('capture')).generation).toBe(1);
  });

  it('with a stored 500 after the effect is done, under the first key', async () => {
    const { card, capture, stepOf } = world();
    card.fail('capture', 'late 500');
    expect(await inTime(attempt(capture))).toEqual(captured);
    expect((await stepOf('capture')).generation).toBe(0);
  });

  it('that was not sent looks at nothing', async () => {
    const { card, capture } = world();
    card.fail('capture', { kind: 'not_sent', code: 'ECONNREFUSED' });
    expect(await failed(capture)).toMatchObject({ type: 'Retry', code: 'ECONNREFUSED', sent: 0 });
    expect(card.calls.map(({ name }) => name)).toEqual(['capture']);
  });

  it('with its budget spent is looked at before it parks', async () => {
    const { card, capture } = world();
    const drops = Array.from({ length: 10 }, (): Fault => 'dropped');
    card.fail('capture', ...drops);
    const end = await inTime(retried(capture)).catch(failureSeen);
    expect(end).toMatchObject({ type: 'BudgetExhausted', sent: 10 });
    expect(card.calls.at(-1)).toMatchObject({ name: 'retrieve' });
  });

  it('is asked for once more while its balance transaction is not there yet', async () => {
    const { card, capture } = world();
    await inTime(attempt(capture));
    const { balance } = card.intents[0]!;
    delete card.intents[0]!.balance;
    expect(await failed(capture)).toMatchObject({ type: 'Retry', code: 'no_balance_transaction', sent: 1 });
    card.intents[0]!.balance = balance!;
    expect(await inTime(attempt(capture))).toEqual(captured);
  });
});
