import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCardWorld, identity, type Fault } from '../support/card-twins.ts';
import { attempt, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const hour = 3_600_000;
const key = (generation: number) => `${identity.workflowId}/authorize/${generation}`;
const world = createCardWorld;

describe('an authorization', () => {
  it('holds the money once and says until when', async () => {
    const { card, authorizePayment, input } = world();
    expect(await inTime(attempt(() => authorizePayment(input)))).toEqual({
      intentId: 'pi_1',
      chargeId: 'ch_1',
      captureBefore: '2027-01-08T00:00:00.000Z',
    });
    expect(card.calls.map(({ name }) => name)).toEqual(['authorize']);
  });

  it('notes until when the money is held, and needs no database for that', async () => {
    const { authorizations, authorizePayment, input } = world();
    await inTime(attempt(() => authorizePayment(input)));
    expect([...authorizations.ends]).toEqual([['key-1', '2027-01-08T00:00:00.000Z']]);
    authorizations.away = true;
    expect(await inTime(attempt(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
  });

  it('whose answer is lost is asked for again under the same key', async () => {
    const { card, authorizePayment, input, stepOf } = world();
    card.fail('authorize', 'lost');
    expect(await failed(() => authorizePayment(input))).toEqual({
      type: 'Retry',
      code: 'ETIMEDOUT',
      sent: 1,
      nonRetryable: false,
      nextRetryDelay: 2_000,
    });
    expect(await inTime(attempt(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
    expect(card.keysOf('authorize')).toEqual([key(0), key(0)]);
    expect(card.intents).toHaveLength(1);
    expect(await stepOf('authorize')).toMatchObject({ sent: 2, generation: 0 });
  });

  it('that the card refuses is final, and nothing is looked up', async () => {
    const { card, authorizePayment, input } = world();
    card.answerWith('declined');
    const seen = await failed(() => authorizePayment(input));
    expect(seen).toMatchObject({ type: 'Declined', code: 'insufficient_funds', nonRetryable: true });
    expect(card.calls.map(({ name }) => name)).toEqual(['authorize']);
  });

  it.each(['requires_action', 'requires_confirmation'] as const)(
    'that %s is cancelled at the provider and declined',
    async (status) => {
      const { card, authorizePayment, input } = world();
      card.answerWith(status);
      const seen = await failed(() => authorizePayment(input));
      expect(seen).toMatchObject({ type: 'Declined', code: 'authentication_required', nonRetryable: true });
      expect(card.intents[0]?.status).toBe('canceled');
    },
  );

  it('that needs a customer is declined only once its intent is canceled, and touches no other key for it', async () => {
    const { card, authorizePayment, input, stepOf } = world();
    card.answerWith('requires_action');
    card.fail('cancel', 'stored 500', 'lost');
    await expect(inTime(retried(() => authorizePayment(input)))).rejects.toMatchObject({ type: 'Declined' });
    expect(card.intents.map(({ status }) => status)).toEqual(['canceled']);
    expect(new Set(card.keysOf('authorize'))).toEqual(new Set([key(0)]));
    expect((await stepOf('authorize')).generation).toBe(0);
  });

  it('in a state that it cannot be in asks a person', async () => {
    const { card, authorizePayment, input } = world();
    card.answerWith('processing');
    expect(await failed(() => authorizePayment(input))).toMatchObject({ type: 'Refused', code: 'unexpected_status' });
  });
});

describe('a stored 500', () => {
  it('behind which the intent stands is looked up and used', async () => {
    const { card, authorizePayment, input, stepOf } = world();
    card.add('payment:acme:other', 'requires_capture');
    card.fail('authorize', 'late 500');
    card.add('payment:acme:other', 'requires_capture');
    expect(await inTime(retried(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_3' });
    expect(card.intents.filter(({ workflowId }) => workflowId === identity.workflowId)).toHaveLength(1);
    expect((await stepOf('authorize')).generation).toBe(0);
  });

  it('without an intent gets a new key, but not before every request that was sent is too old to have an effect', async () => {
    const { card, authorizePayment, input, stepOf } = world();
    card.fail('authorize', 'stored 500');
    expect(await inTime(retried(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
    expect(card.keysOf('authorize')).toEqual([key(0), key(0), key(1)]);
    const [, replayed, anew] = card.calls.filter(({ name }) => name === 'authorize');
    expect(anew!.at - replayed!.at).toBeGreaterThanOrEqual(25_000);
    expect(await stepOf('authorize')).toMatchObject({ sent: 3, generation: 1 });
  });

  it('whose intent comes while it waits is used: no new key', async () => {
    const { card, authorizePayment, input, stepOf } = world();
    card.fail('authorize', 'stored 500');
    await failed(() => authorizePayment(input));
    setTimeout(() => card.add(identity.workflowId, 'requires_capture'), 15_000);
    expect(await inTime(attempt(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
    expect((await stepOf('authorize')).generation).toBe(0);
  });
});

describe('a key older than 23 hours', () => {
  it('is never posted again blindly: the intent is found', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', 'lost');
    await failed(() => authorizePayment(input));
    vi.advanceTimersByTime(23 * hour + 1);
    card.forgetKeys();
    expect(await inTime(attempt(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
    expect(card.keysOf('authorize')).toHaveLength(1);
    expect(card.intents).toHaveLength(1);
  });

  it('gets a new one when there is no intent', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', 'dropped');
    await failed(() => authorizePayment(input));
    vi.advanceTimersByTime(23 * hour + 1);
    card.forgetKeys();
    await inTime(attempt(() => authorizePayment(input)));
    expect(card.keysOf('authorize')).toEqual([key(0), key(1)]);
  });

  it('is posted again until then', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', 'lost');
    await failed(() => authorizePayment(input));
    vi.advanceTimersByTime(22 * hour);
    await inTime(attempt(() => authorizePayment(input)));
    expect(card.keysOf('authorize')).toEqual([key(0), key(0)]);
  });
});

describe('a spent budget', () => {
  const drops = Array.from({ length: 10 }, (): Fault => 'dropped');

  it('is looked up before it parks, and parks only once no request can be under way', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', ...drops);
    const codes: string[] = [];
    const end = inTime(retried(() => authorizePayment(input), codes)).catch(failureSeen);
    expect(await end).toMatchObject({ type: 'BudgetExhausted', sent: 10, nonRetryable: true });
    expect(card.keysOf('authorize')).toEqual(drops.map(() => key(0)));
    expect(codes.slice(-2)).toEqual(['in_flight', 'budget_exhausted']);
    expect(card.calls.at(-1)).toMatchObject({ name: 'find' });
  });

  it('is no end where the last call had its effect', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', ...drops.slice(1), { effectAfterMs: 19_000 });
    expect(await inTime(retried(() => authorizePayment(input)))).toMatchObject({ intentId: 'pi_1' });
  });

  it('grows by one with each round that it was parked', async () => {
    const { card, authorizePayment, input } = world();
    card.fail('authorize', ...drops);
    await inTime(retried(() => authorizePayment(input))).catch(() => undefined);
    expect(await inTime(attempt(() => authorizePayment({ ...input, round: 1 })))).toMatchObject({ intentId: 'pi_1' });
    expect(card.keysOf('authorize')).toHaveLength(11);
  });
});

const fault = fc.oneof(
  fc.constantFrom<Fault>('lost', 'dropped', 'stored 500', 'late 500'),
  fc.integer({ min: 1, max: 19_999 }).map((effectAfterMs): Fault => ({ effectAfterMs })),
  fc.constantFrom<Fault>(
    { kind: 'not_sent', code: 'ECONNREFUSED' },
    { kind: 'rate_limited', code: 'rate_limit', retryAfterMs: 1_000 },
    { kind: 'busy', code: 'idempotency_key_in_use' },
  ),
);

describe('whatever answers are lost', () => {
  it('money is held once, or the step parks with nothing held', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 8 }), async (faults) => {
        const { card, authorizePayment, input } = world();
        card.fail('authorize', ...faults);
        const authorization = await inTime(retried(() => authorizePayment(input)));
        await vi.advanceTimersByTimeAsync(60_000);
        expect(card.held().map(({ intentId }) => intentId)).toEqual([authorization.intentId]);
      }),
      { seed: 20270101, numRuns: 60 },
    ));

  it('a void leaves nothing held, even beside attempts that Temporal gave up and that go on', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 6 }),
        fc.array(fault, { maxLength: 4 }),
        fc.integer({ min: 0, max: 90_000 }),
        fc.boolean(),
        async (faults, voidFaults, cancelAfterMs, twice) => {
          const { card, authorizePayment, voidPayment, input, stepOf } = world();
          card.fail('authorize', ...faults);
          card.fail('cancel', ...voidFaults);
          const late = [authorizePayment, ...(twice ? [authorizePayment] : [])].map((run) =>
            retried(() => run(input)).catch(failureSeen),
          );
          await vi.advanceTimersByTimeAsync(cancelAfterMs);
          await inTime(retried(() => voidPayment(identity)));
          const sent = card.keysOf('authorize').length;
          expect(card.held()).toEqual([]);
          await inTime(Promise.all(late));
          await vi.advanceTimersByTimeAsync(60_000);
          expect(card.held()).toEqual([]);
          expect(card.keysOf('authorize')).toHaveLength(sent);
          expect((await stepOf('authorize')).fenced).toBe(true);
        },
      ),
      { seed: 20270102, numRuns: 80 },
    ));
});
