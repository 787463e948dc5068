import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attempt, failed, failureSeen, inTime, retried } from '../support/ledger-twins.ts';
import { createPayoutWorld, type Kind, payoutIdentity } from '../support/payout-twins.ts';
import type { Fault } from '../support/stripe-twin.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const hour = 3_600_000;
const { workflowId } = payoutIdentity;
const other = 'payout:acme:p-other';
const kinds: Kind[] = ['transfer', 'payout'];
const idOf = (kind: Kind, count = 1) => `${kind === 'transfer' ? 'tr' : 'po'}_${count}`;

describe.each(kinds)('a %s', (kind) => {
  const world = () => createPayoutWorld(kind);
  const key = (generation: number) => `${workflowId}/${kind}/${generation}`;

  it('is made once, under a key of its step', async () => {
    const { stripe, make } = world();
    expect(await inTime(attempt(make))).toBe(idOf(kind));
    expect(stripe.calls.map(({ name }) => name)).toEqual(['create']);
    expect(stripe.keysOf('create')).toEqual([key(0)]);
  });

  it('whose answer is lost is asked for again under the same key, after the contract’s 3 s', async () => {
    const { stripe, make } = world();
    stripe.fail('create', 'lost');
    expect(await failed(make)).toMatchObject({ type: 'Retry', sent: 1, nextRetryDelay: 3_000 });
    expect(await inTime(attempt(make))).toBe(idOf(kind));
    expect(stripe.keysOf('create')).toEqual([key(0), key(0)]);
    expect(stripe.of(workflowId)).toHaveLength(1);
  });

  it('behind a stored 500 is looked up on all pages, and used', async () => {
    const { stripe, make } = world();
    stripe.fail('create', 'late 500');
    await failed(make);
    for (let others = 0; others < 3; others += 1) stripe.add(other, 10);
    expect(await inTime(retried(make))).toBe(idOf(kind));
    expect(stripe.of(workflowId)).toHaveLength(1);
  });

  it('under a key that may be forgotten is looked up before it is made again', async () => {
    const { stripe, make } = world();
    stripe.fail('create', 'lost');
    await failed(make);
    vi.advanceTimersByTime(23 * hour + 1);
    stripe.forgetKeys();
    expect(await inTime(attempt(make))).toBe(idOf(kind));
    expect(stripe.of(workflowId)).toHaveLength(1);
  });

  it('that the balance does not cover gets a key that can be answered otherwise, and no look-up', async () => {
    const { stripe, make, stepOf } = world();
    stripe.setBalance(0);
    expect(await failed(make)).toMatchObject({ type: 'Declined', code: 'balance_insufficient', nonRetryable: true });
    expect(await failed(() => make({ round: 1 }))).toMatchObject({ code: 'balance_insufficient', sent: 2 });
    stripe.setBalance(1_000);
    expect(await inTime(attempt(() => make({ round: 2 })))).toBe(idOf(kind));
    expect(stripe.keysOf('create')).toEqual([key(0), key(1), key(2)]);
    expect(stripe.calls.filter(({ name }) => name === 'find')).toEqual([]);
    expect(await stepOf()).toMatchObject({ sent: 3, generation: 2 });
  });

  it('may be waited for more often than the contract has attempts', async () => {
    const { stripe, make } = world();
    stripe.setBalance(0);
    for (let round = 0; round < 30; round += 1) {
      expect(await failed(() => make({ round }))).toMatchObject({ code: 'balance_insufficient' });
      vi.advanceTimersByTime(hour);
    }
    stripe.setBalance(1_000);
    expect(await inTime(attempt(() => make({ round: 30 })))).toBe(idOf(kind));
    expect(stripe.of(workflowId)).toHaveLength(1);
  });

  it('"no" to a later call says nothing of an earlier one that had its effect', async () => {
    const { stripe, make } = world();
    stripe.fail('create', 'lost');
    await failed(make);
    stripe.forgetKeys();
    stripe.setBalance(0);
    expect(await inTime(attempt(make))).toBe(idOf(kind));
  });

  it('"no" to a later call is believed once no earlier one can have an effect any more', async () => {
    const { stripe, make } = world();
    stripe.fail('create', 'dropped');
    await failed(make);
    stripe.allow(false);
    setTimeout(() => stripe.add(workflowId, 1_000), 24_000);
    expect(await inTime(attempt(make))).toBe(idOf(kind));
  });

  it('that a person says there shall not be: believed when there is none, and nothing is sent any more', async () => {
    const { stripe, make, confirmNone } = world();
    stripe.fail('create', 'dropped');
    await failed(make);
    await inTime(retried(confirmNone));
    expect(await failed(make)).toMatchObject({ type: 'Declined', code: 'marked_failed' });
    expect(stripe.objects).toEqual([]);
  });

  it('that exists is the truth, whatever a person says', async () => {
    const { stripe, make, confirmNone } = world();
    stripe.fail('create', 'lost');
    await failed(make);
    expect(await failed(confirmNone)).toMatchObject({ type: 'Refused', code: `${kind}_exists` });
    expect(await inTime(attempt(make))).toBe(idOf(kind));
  });

  it('uses up its 8 calls, is looked up, and parks', async () => {
    const { stripe, make } = world();
    stripe.fail('create', ...Array.from({ length: 8 }, (): Fault => 'dropped'));
    const codes: string[] = [];
    const end = await inTime(retried(make, codes)).catch(failureSeen);
    expect(end).toMatchObject({ type: 'BudgetExhausted', sent: 8, nonRetryable: true });
    expect(codes.slice(-2)).toEqual(['in_flight', 'budget_exhausted']);
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

  it('whatever answers are lost: made once; a "no" or a parked step means that it was not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 10 }),
        fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
        fc.boolean(),
        async (faults, poorAfterMs, twice) => {
          const { stripe, make } = world();
          stripe.fail('create', ...faults);
          if (poorAfterMs !== undefined) setTimeout(() => stripe.setBalance(0), poorAfterMs);
          const runs = Array.from({ length: twice ? 2 : 1 }, () => retried(make).catch(failureSeen));
          const ends = await inTime(Promise.all(runs));
          const made = stripe.of(workflowId).map(({ id }) => id);
          await vi.advanceTimersByTimeAsync(60_000);
          expect(stripe.of(workflowId)).toHaveLength(made.length);
          for (const end of ends) expect(typeof end === 'string' ? [end] : []).toEqual(made);
        },
      ),
      { seed: 20270105, numRuns: 60 },
    ));
});

it('a payout is looked at as often as one likes', async () => {
  const { stripe, make, retrieve } = createPayoutWorld('payout');
  const id = await inTime(attempt(make));
  stripe.objects[0]!.status = 'paid';
  expect(await inTime(attempt(() => retrieve(id)))).toEqual({ providerPayoutId: id, status: 'paid' });
});
