import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attempt, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';
import { createRefundWorld, refundIdentity } from '../support/refund-twins.ts';
import { faultOf, type Fault } from '../support/stripe-twin.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const hour = 3_600_000;
const { workflowId } = refundIdentity;
const other = 'refund:acme:r-other';
const key = (generation: number) => `${workflowId}/refund/${generation}`;
const world = createRefundWorld;
const succeeded = { providerRefundId: 're_1', status: 'succeeded' };

describe('a refund', () => {
  it('is asked for once, and answers how it stands', async () => {
    const { stripe, create } = world();
    expect(await inTime(attempt(create))).toEqual(succeeded);
    expect(stripe.calls.map(({ name }) => name)).toEqual(['create']);
  });

  it.each(['pending', 'requires_action', 'failed', 'canceled'] as const)(
    'that is %s is answered as such: the workflow follows it',
    async (status) => {
      const { stripe, create, retrieve } = world();
      stripe.answerWith(status);
      expect(await inTime(attempt(create))).toEqual({ providerRefundId: 're_1', status });
      stripe.refunds[0]!.status = 'succeeded';
      expect(await inTime(attempt(() => retrieve('re_1')))).toEqual(succeeded);
    },
  );

  it('whose answer is lost is asked for again under the same key', async () => {
    const { stripe, create, stepOf } = world();
    stripe.fail('create', 'lost');
    expect(await failed(create)).toEqual({
      type: 'Retry',
      code: 'ETIMEDOUT',
      sent: 1,
      nonRetryable: false,
      nextRetryDelay: 2_000,
    });
    expect(await inTime(attempt(create))).toEqual(succeeded);
    expect(stripe.keysOf('create')).toEqual([key(0), key(0)]);
    expect(stripe.refunds).toHaveLength(1);
    expect(await stepOf()).toMatchObject({ sent: 2, generation: 0 });
  });

  it('that cannot be looked at is not known: it is looked at again', async () => {
    const { stripe, create, retrieve } = world();
    await inTime(attempt(create));
    const look = vi.spyOn(stripe.provider, 'retrieve').mockRejectedValueOnce(faultOf('unknown', 'api_error'));
    expect(await failed(() => retrieve('re_1'))).toMatchObject({ type: 'Retry', code: 'api_error', sent: 0 });
    expect(look).toHaveBeenCalledWith('re_1');
    expect(await inTime(attempt(() => retrieve('re_1')))).toEqual(succeeded);
  });
});

describe('the books', () => {
  it.each(['succeeded', 'pending', 'requires_action'] as const)(
    'pay when the provider makes a refund, although it is %s',
    async (status) => {
      const { stripe, create, booked } = world();
      stripe.answerWith(status);
      await inTime(attempt(create));
      expect(booked).toEqual([{ providerRefundId: 're_1', status }]);
    },
  );

  it.each(['failed', 'canceled'] as const)('pay nothing for one that is %s at once', async (status) => {
    const { stripe, create, booked } = world();
    stripe.answerWith(status);
    await inTime(attempt(create));
    expect(booked).toEqual([]);
  });
});

describe('a stored 500', () => {
  it('behind which the refund stands is looked up among all refunds of the charge, and used', async () => {
    const { stripe, create, stepOf } = world();
    stripe.fail('create', 'late 500');
    await failed(create);
    for (let others = 0; others < 3; others += 1) stripe.add(other, 10);
    expect(await inTime(retried(create))).toEqual(succeeded);
    expect(stripe.of(workflowId)).toHaveLength(1);
    expect(stripe.calls.filter(({ name }) => name === 'find').length).toBeGreaterThan(1);
    expect((await stepOf()).generation).toBe(0);
  });

  it('without a refund gets a new key, but not before every request that was sent is too old to have an effect', async () => {
    const { stripe, create, stepOf } = world();
    stripe.fail('create', 'stored 500');
    expect(await inTime(retried(create))).toEqual(succeeded);
    expect(stripe.keysOf('create')).toEqual([key(0), key(0), key(1)]);
    const [, replayed, anew] = stripe.calls.filter(({ name }) => name === 'create');
    expect(anew!.at - replayed!.at).toBeGreaterThanOrEqual(25_000);
    expect(await stepOf()).toMatchObject({ sent: 3, generation: 1 });
  });
});

describe('a key older than 23 hours', () => {
  it.each([
    { fault: 'lost', keys: [key(0)] },
    { fault: 'dropped', keys: [key(0), key(1)] },
  ] as const)('is never posted again blindly ($fault)', async ({ fault, keys }) => {
    const { stripe, create } = world();
    stripe.fail('create', fault);
    await failed(create);
    vi.advanceTimersByTime(23 * hour + 1);
    stripe.forgetKeys();
    expect(await inTime(attempt(create))).toEqual(succeeded);
    expect(stripe.keysOf('create')).toEqual(keys);
    expect(stripe.refunds).toHaveLength(1);
  });
});

describe('a provider that says no', () => {
  it('because of a dispute is final', async () => {
    const { stripe, create } = world();
    stripe.dispute(true);
    const seen = await failed(create);
    expect(seen).toMatchObject({ type: 'Declined', code: 'disputed', nonRetryable: true });
    expect(stripe.calls.map(({ name }) => name)).toEqual(['create']);
  });

  it('because the charge cannot be refunded at all is final', async () => {
    const { stripe, create } = world();
    stripe.fail('create', { kind: 'declined', code: 'charge_not_refundable' });
    expect(await failed(create)).toMatchObject({ type: 'Declined', code: 'charge_not_refundable' });
  });

  it.each([
    { code: 'charge_already_refunded', taken: 5_250 },
    { code: 'amount_too_large', taken: 4_500 },
  ])('because its books differ from ours ($code) asks a person', async ({ code, taken }) => {
    const { stripe, create } = world();
    stripe.add(other, taken);
    expect(await failed(create)).toMatchObject({ type: 'Refused', code, nonRetryable: true });
  });

  it('to a later call says nothing of an earlier one that had its effect', async () => {
    const { stripe, create } = world();
    stripe.fail('create', 'lost');
    await failed(create);
    stripe.forgetKeys();
    stripe.dispute(true);
    expect(await inTime(attempt(create))).toEqual(succeeded);
  });

  it('to a later call is believed once no earlier one can have an effect any more', async () => {
    const { stripe, create } = world();
    stripe.fail('create', 'dropped');
    await failed(create);
    stripe.dispute(true);
    setTimeout(() => stripe.add(workflowId, 1_000), 24_000);
    expect(await inTime(attempt(create))).toEqual(succeeded);
  });

  it('under its key for ever is asked under a new one when a person had it parked', async () => {
    const { stripe, create } = world();
    stripe.add(other, 5_250);
    await failed(create);
    stripe.refunds.length = 0;
    expect(await failed(() => create({ round: 1 }))).toMatchObject({ code: 'charge_already_refunded', sent: 2 });
    expect(await inTime(attempt(() => create({ round: 2 })))).toEqual(succeeded);
    expect(stripe.keysOf('create')).toEqual([key(0), key(0), key(1)]);
  });
});

describe('a spent budget', () => {
  const drops = Array.from({ length: 10 }, (): Fault => 'dropped');

  it('is looked up before it parks, and parks only once no request can be under way', async () => {
    const { stripe, create } = world();
    stripe.fail('create', ...drops);
    const codes: string[] = [];
    const end = await inTime(retried(create, codes)).catch(failureSeen);
    expect(end).toMatchObject({ type: 'BudgetExhausted', sent: 10, nonRetryable: true });
    expect(stripe.keysOf('create')).toEqual(drops.map(() => key(0)));
    expect(codes.slice(-2)).toEqual(['in_flight', 'budget_exhausted']);
    expect(stripe.calls.at(-1)).toMatchObject({ name: 'find' });
  });

  it('is no end where the last call had its effect', async () => {
    const { stripe, create } = world();
    stripe.fail('create', ...drops.slice(1), { effectAfterMs: 19_000 });
    expect(await inTime(retried(create))).toEqual(succeeded);
  });

  it('grows by one with each round that it was parked', async () => {
    const { stripe, create } = world();
    stripe.fail('create', ...drops);
    await inTime(retried(create)).catch(() => undefined);
    expect(await inTime(attempt(() => create({ round: 1 })))).toEqual(succeeded);
    expect(stripe.keysOf('create')).toHaveLength(11);
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
  it('it is given back once; a "no" or a parked step means that it was not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 12 }),
        fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
        fc.boolean(),
        async (faults, disputedAfterMs, twice) => {
          const { stripe, create } = world();
          stripe.fail('create', ...faults);
          if (disputedAfterMs !== undefined) setTimeout(() => stripe.dispute(true), disputedAfterMs);
          const runs = Array.from({ length: twice ? 2 : 1 }, () => retried(create).catch(failureSeen));
          const ends = await inTime(Promise.all(runs));
          const made = stripe.of(workflowId).map(({ providerRefundId }) => providerRefundId);
          await vi.advanceTimersByTimeAsync(60_000);
          expect(stripe.of(workflowId)).toHaveLength(made.length);
          for (const end of ends) expect('type' in end ? [] : [end.providerRefundId]).toEqual(made);
        },
      ),
      { seed: 20270104, numRuns: 80 },
    ));
});

describe('a person who says that there shall be none', () => {
  it('is believed when the provider has none, and nothing is sent any more', async () => {
    const { stripe, create, confirmNone } = world();
    stripe.fail('create', 'dropped');
    await failed(create);
    await inTime(retried(confirmNone));
    expect(await failed(create)).toMatchObject({ type: 'Declined', code: 'marked_failed' });
    expect(stripe.refunds).toHaveLength(0);
  });

  it('is not believed when the provider has it: that one is the truth', async () => {
    const { create, confirmNone, stripe } = world();
    stripe.fail('create', 'lost');
    await failed(create);
    expect(await failed(confirmNone)).toMatchObject({ type: 'Refused', code: 'refund_exists' });
    expect(await inTime(attempt(create))).toEqual(succeeded);
    expect(stripe.refunds).toHaveLength(1);
  });

  it('waits until no request that was sent can have an effect any more', async () => {
    const { stripe, create, confirmNone } = world();
    stripe.fail('create', 'dropped');
    await failed(create);
    expect(await failed(confirmNone)).toMatchObject({ type: 'Retry', code: 'in_flight' });
  });
});
