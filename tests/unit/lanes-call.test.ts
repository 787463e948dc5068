import { type ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jobTypes } from '../../contracts/job-types.ts';
import { contractLimits } from '../../contracts/lane-limits.ts';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import { createLaneCaller } from '../../lanes/call.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import { attempt, createSentCallsTwin, environment, failed, failureSeen, inTime } from '../support/ledger-twins.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2027-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const step = { tenantId: 'acme', workflowId: 'payment:acme:key-1', step: 'authorize' };
const policy = jobTypes['payment-process'];
const counted = { step, policy, budget: policy.attempts };

const faultOf = (kind: FaultClass, retryAfterMs?: number) =>
  new ProviderFault({ provider: 'stripe', kind, code: `code_${kind}`, message: kind, retryAfterMs, facts: { a: 1 } });

/** Fails with each fault in turn, then answers. */
function providerOf(...faults: unknown[]) {
  const startedAt: number[] = [];
  const call = () => {
    startedAt.push(Date.now());
    const fault = faults.shift();
    return fault === undefined ? Promise.resolve('answer') : Promise.reject(fault);
  };
  return { call, startedAt };
}

function world(options: { sentCalls?: Partial<ReturnType<typeof createSentCallsTwin>>; retryScale?: number } = {}) {
  const sentCalls = createSentCallsTwin();
  const limiter = createLimiter(createMemoryPace(contractLimits), contractLimits);
  const stopping = new AbortController();
  const outcomes: string[] = [];
  const lanes = createLaneCaller({
    limiter,
    limits: contractLimits,
    sentCalls: { ...sentCalls, ...options.sentCalls },
    retryScale: options.retryScale ?? 1,
    stopping: stopping.signal,
    observer: { called: (_lane, outcome) => outcomes.push(outcome) },
  });
  const change = (call: () => Promise<string>) => () => lanes.change('stripe', counted, call);
  return { sentCalls, limiter, stopping, outcomes, lanes, change, sent: async () => (await sentCalls.read(step)).sent };
}

describe('what a fault means to Temporal', () => {
  it.each([
    ['declined', 'Declined', true, null, 1],
    ['refused', 'Refused', true, null, 1],
    ['unknown', 'Retry', false, 2_000, 1],
    ['busy', 'Retry', false, 2_000, 1],
    ['not_sent', 'Retry', false, 2_000, 0],
  ] as const)('%s becomes %s', async (kind, type, nonRetryable, nextRetryDelay, sent) => {
    const { change, outcomes } = world();
    const seen = await failed(change(providerOf(faultOf(kind)).call));
    expect(seen).toEqual({
      type,
      code: `code_${kind}`,
      sent,
      nonRetryable,
      nextRetryDelay: nextRetryDelay ?? undefined,
    });
    expect(outcomes).toEqual([kind]);
  });

  it('carries provider, code, sent calls and facts', async () => {
    const { change } = world();
    const failure = await inTime(attempt(change(providerOf(faultOf('unknown')).call))).catch((error: unknown) => error);
    expect((failure as ApplicationFailure).details).toEqual([
      { provider: 'stripe', code: 'code_unknown', sent: 1, facts: { a: 1 } },
    ]);
  });

  it('a read is asked again after a second and is never counted', async () => {
    const { lanes, sent } = world();
    const seen = await failed(() => lanes.read('stripe', providerOf(faultOf('unknown')).call));
    expect(seen).toEqual({ type: 'Retry', code: 'code_unknown', sent: 0, nonRetryable: false, nextRetryDelay: 1_000 });
    expect(await sent()).toBe(0);
  });

  it('what nobody foresaw passes as it is, and counts', async () => {
    const { change, lanes, sent } = world();
    const bug = new TypeError('bug');
    await expect(inTime(attempt(change(providerOf(bug).call)))).rejects.toBe(bug);
    await expect(inTime(attempt(() => lanes.read('stripe', providerOf(bug).call)))).rejects.toBe(bug);
    expect(await sent()).toBe(1);
  });

  it('waits as long as the contract says between calls, at most 20 s, or the scaled part of it', async () => {
    const { change } = world();
    const delays = [];
    for (let call = 0; call < 6; call += 1) {
      const { nextRetryDelay } = await failed(change(providerOf(faultOf('unknown')).call));
      delays.push(nextRetryDelay);
    }
    expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
    const scaled = world({ retryScale: 0.001 });
    expect(await failed(scaled.change(providerOf(faultOf('unknown')).call))).toMatchObject({ nextRetryDelay: 50 });
  });
});

describe('a call that changes something', () => {
  it('is counted before it is made, and the slot is given back after', async () => {
    const { lanes, sent, limiter } = world();
    const answer = await inTime(
      attempt(() =>
        lanes.change('stripe', counted, async ({ sent: seen, generation }) => {
          expect(await sent()).toBe(1);
          expect(await limiter.status('stripe')).toMatchObject({ inFlight: 1 });
          return `${seen}/${generation}`;
        }),
      ),
    );
    expect(answer).toBe('1/0');
    expect(await limiter.status('stripe')).toMatchObject({ inFlight: 0 });
  });

  it('is not made when the budget is used up', async () => {
    const { lanes, change } = world();
    await inTime(attempt(change(providerOf().call)));
    const { call, startedAt } = providerOf();
    const seen = await failed(() => lanes.change('stripe', { ...counted, budget: 1 }, call));
    expect(seen).toMatchObject({ type: 'BudgetExhausted', code: 'budget_exhausted', sent: 1, nonRetryable: true });
    expect(startedAt).toEqual([]);
  });

  it('is not made once its step is fenced', async () => {
    const { sentCalls, change } = world();
    await sentCalls.fence(step);
    const { call, startedAt } = providerOf();
    expect(await failed(change(call))).toMatchObject({ type: 'Fenced', code: 'fenced', nonRetryable: true });
    expect(startedAt).toEqual([]);
  });

  it('is not made when counting took so long that somebody may count on its end', async () => {
    const sentCalls = createSentCallsTwin();
    const begin: typeof sentCalls.begin = async (ref) => {
      const seen = await sentCalls.begin(ref);
      await new Promise((resolve) => setTimeout(resolve, 3_001));
      return seen;
    };
    const { lanes } = world({ sentCalls: { ...sentCalls, begin } });
    const { call, startedAt } = providerOf();
    const seen = await failed(() => lanes.change('stripe', counted, call));
    expect(seen).toMatchObject({ type: 'Retry', code: 'counted_too_long_ago', sent: 0 });
    expect(startedAt).toEqual([]);
    expect((await sentCalls.read(step)).sent).toBe(0);
  });

  it('is not given back twice: another one of the same step stays counted', async () => {
    const { sentCalls, change, sent } = world();
    await sentCalls.begin({ ...step, budget: 10 });
    await failed(change(providerOf(faultOf('not_sent')).call));
    expect(await sent()).toBe(1);
  });

  it('stays counted, and its fault is not lost, when it cannot be given back', async () => {
    const { change, limiter } = world({ sentCalls: { giveBack: () => Promise.reject(new Error('no database')) } });
    const seen = await failed(change(providerOf(faultOf('rate_limited', 120_000)).call));
    expect(seen).toMatchObject({ type: 'Retry', code: 'code_rate_limited', sent: 1, nextRetryDelay: 120_000 });
    expect((await limiter.status('stripe')).blockedUntil).toBeGreaterThan(0);
  });
});

describe('a 429', () => {
  it('closes the lane for its Retry-After and is repeated inside the activity, without using a call up', async () => {
    const { change, sent, outcomes } = world();
    const { call, startedAt } = providerOf(faultOf('rate_limited', 7_000), faultOf('rate_limited', 2_000));
    expect(await inTime(attempt(change(call)))).toBe('answer');
    expect(startedAt.map((at) => at - startedAt[0]!)).toEqual([0, 7_000, 9_000]);
    expect(await sent()).toBe(1);
    expect(outcomes).toEqual(['rate_limited', 'rate_limited', 'answered']);
  });

  it.each([undefined, 0])('with a Retry-After of %s closes it for the cooldown of the contract', async (retryAfter) => {
    const { lanes } = world();
    const { call, startedAt } = providerOf(faultOf('rate_limited', retryAfter));
    await inTime(attempt(() => lanes.read('sms', call)));
    expect(startedAt[1]! - startedAt[0]!).toBe(contractLimits.sms.cooldownMs);
  });

  it('closes it for everybody, before the slot or the count is given back', async () => {
    const sentCalls = createSentCallsTwin();
    /** As slow as a database can be: meanwhile the others of the lane must not start. */
    const giveBack: typeof sentCalls.giveBack = async (ref) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await sentCalls.giveBack(ref);
    };
    const { change, lanes } = world({ sentCalls: { ...sentCalls, giveBack } });
    const { call, startedAt } = providerOf(faultOf('rate_limited', 5_000));
    const limited = attempt(change(call));
    await vi.advanceTimersByTimeAsync(100);
    const other = providerOf();
    await inTime(Promise.all([limited, attempt(() => lanes.read('stripe', other.call))]));
    expect(other.startedAt[0]! - startedAt[0]!).toBeGreaterThanOrEqual(5_000);
  });

  it('that closes the lane for longer than an activity waits goes back to the queue for that long', async () => {
    const { change, sent } = world();
    const seen = await failed(change(providerOf(faultOf('rate_limited', 61_000)).call));
    expect(seen).toEqual({
      type: 'Retry',
      code: 'code_rate_limited',
      sent: 0,
      nonRetryable: false,
      nextRetryDelay: 61_000,
    });
    expect(await sent()).toBe(0);
  });

  it('again and again goes back to the queue after a minute', async () => {
    const { lanes } = world();
    const faults = Array.from({ length: 20 }, () => faultOf('rate_limited', 10_000));
    const began = Date.now();
    const seen = await failed(() => lanes.read('stripe', providerOf(...faults).call));
    expect(seen).toMatchObject({ type: 'Retry', nextRetryDelay: 10_000 });
    expect(Date.now() - began).toBeLessThanOrEqual(60_000);
  });

  it('closes the lane also where an adapter made the request unpaced', async () => {
    const { lanes, limiter } = world();
    await failed(() => lanes.ask('chain', providerOf(faultOf('rate_limited', 90_000)).call));
    expect((await limiter.status('chain')).blockedUntil).toBe(Date.now() + 90_000);
  });
});

describe('while a call waits for its lane', () => {
  it('a cancel ends the waiting, and nothing was sent', async () => {
    const { change, limiter, sent } = world();
    await limiter.block('stripe', 50_000);
    const { call, startedAt } = providerOf();
    const env = environment();
    const waiting = env.run(change(call)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    env.cancel('CANCELLED');
    expect(await inTime(waiting)).toBeInstanceOf(CancelledFailure);
    expect(startedAt).toEqual([]);
    expect(await sent()).toBe(0);
    expect(await limiter.status('stripe')).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  it('a stopping worker ends the waiting, and the task goes back to the queue', async () => {
    const { change, limiter, stopping, sent } = world();
    await limiter.block('stripe', 50_000);
    const waiting = attempt(change(providerOf().call)).catch(failureSeen);
    await vi.advanceTimersByTimeAsync(10);
    stopping.abort();
    const seen = await inTime(waiting);
    expect(seen).toMatchObject({ type: 'Retry', code: 'worker_stopping', sent: 0, nonRetryable: false });
    expect(await sent()).toBe(0);
    expect(await limiter.status('stripe')).toMatchObject({ waiting: 0 });
  });

  it('neither ends a call that was sent', async () => {
    const { change, stopping } = world();
    const env = environment();
    const sent = env.run(change(() => new Promise((resolve) => setTimeout(() => resolve('answer'), 5_000))));
    await vi.advanceTimersByTimeAsync(10);
    stopping.abort();
    env.cancel('CANCELLED');
    expect(await inTime(sent)).toBe('answer');
  });
});
