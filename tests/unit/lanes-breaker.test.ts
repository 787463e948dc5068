import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';
import { createBreakers, type Breakers } from '../../lanes/breaker.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2026-01-01T00:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const fault = (kind: FaultClass) => new ProviderFault({ provider: 'stripe', kind, code: kind, message: kind });
const failing = (kind: FaultClass) => () => Promise.reject(fault(kind));
const answering = () => Promise.resolve('answer');

interface World {
  breakers: Breakers;
  changes: string[];
  /** Makes so many calls one after the other and tells what became of the last one. */
  make: (times: number, call: () => Promise<unknown>) => Promise<unknown>;
}

function setUp(): World {
  const changes: string[] = [];
  const breakers = createBreakers({ onChange: (lane, state) => changes.push(`${lane} ${state}`) });
  const make = async (times: number, call: () => Promise<unknown>) => {
    let last: unknown;
    for (let made = 0; made < times; made += 1) {
      last = await breakers.run('stripe', call).catch((error: unknown) => error);
    }
    return last;
  };
  return { breakers, changes, make };
}

const refused = { provider: 'stripe', kind: 'not_sent', code: 'breaker_open' };

describe('a circuit breaker', () => {
  it.each(['unknown', 'not_sent'] as const)('opens when more than half of the calls end %s', async (kind) => {
    const { changes, make } = setUp();
    await make(3, answering);
    expect(await make(3, failing(kind))).toMatchObject({ code: kind });
    expect(changes).toEqual([]);
    await make(1, failing(kind));
    expect(changes).toEqual(['stripe open']);
    const call = vi.fn(answering);
    expect(await make(1, call)).toMatchObject({ ...refused, retryAfterMs: 5_000 });
    expect(call).not.toHaveBeenCalled();
  });

  it('does not judge by fewer than five calls', async () => {
    const { changes, make } = setUp();
    await make(4, failing('unknown'));
    expect(changes).toEqual([]);
    await make(1, failing('unknown'));
    expect(changes).toEqual(['stripe open']);
  });

  it.each(['declined', 'refused', 'busy', 'rate_limited'] as const)(
    'takes %s for an answer, which counts in favor of the provider',
    async (kind) => {
      const { changes, make } = setUp();
      expect(await make(100, failing(kind))).toMatchObject({ code: kind });
      await make(99, failing('unknown'));
      expect(changes).toEqual([]);
    },
  );

  it('does not count what is not about the provider, and passes it on', async () => {
    const { changes, make } = setUp();
    expect(await make(20, () => Promise.reject(new Error('a bug')))).toEqual(new Error('a bug'));
    const late = { provider: 'stripe', kind: 'not_sent', code: 'counted_too_long_ago', message: 'late' } as const;
    expect(await make(20, () => Promise.reject(new ProviderFault(late)))).toMatchObject({ code: late.code });
    expect(changes).toEqual([]);
  });

  it('is one for each lane', async () => {
    const { breakers, make } = setUp();
    await make(5, failing('unknown'));
    expect(breakers.refusal('stripe')).toMatchObject(refused);
    expect(breakers.refusal('sms')).toBeUndefined();
    expect(await breakers.run('sms', answering)).toBe('answer');
  });

  it('forgets what is ten seconds old, on a lane that was idle, too', async () => {
    const { changes, make } = setUp();
    await make(4, failing('unknown'));
    vi.advanceTimersByTime(11_000);
    await make(4, failing('unknown'));
    expect(changes).toEqual([]);
  });

  it('lets one call try after five seconds, while the others are told to come back', async () => {
    const { breakers, changes, make } = setUp();
    await make(5, failing('unknown'));
    vi.advanceTimersByTime(4_999);
    expect(await make(1, answering)).toMatchObject({ ...refused, retryAfterMs: 1 });
    vi.advanceTimersByTime(1);
    expect(breakers.refusal('stripe')).toBeUndefined();
    let answer!: (value: string) => void;
    const trying = breakers.run('stripe', () => new Promise<string>((resolve) => (answer = resolve)));
    const call = vi.fn(answering);
    expect(await make(1, call)).toMatchObject({ ...refused, retryAfterMs: 1_000 });
    expect(call).not.toHaveBeenCalled();
    answer('back');
    expect(await trying).toBe('back');
    expect(await make(1, call)).toBe('answer');
    expect(changes).toEqual(['stripe open', 'stripe halfOpen', 'stripe closed']);
  });

  it('opens again for as long when that call fails, and closes when it is answered with a no', async () => {
    const { breakers, changes, make } = setUp();
    await make(5, failing('unknown'));
    vi.advanceTimersByTime(5_000);
    expect(await make(1, failing('unknown'))).toMatchObject({ code: 'unknown' });
    expect(breakers.refusal('stripe')).toMatchObject({ retryAfterMs: 5_000 });
    vi.advanceTimersByTime(5_000);
    expect(await make(1, failing('declined'))).toMatchObject({ code: 'declined' });
    expect(changes.slice(1)).toEqual(['stripe halfOpen', 'stripe open', 'stripe halfOpen', 'stripe closed']);
    // With a clean sheet.
    await make(3, failing('unknown'));
    expect(breakers.refusal('stripe')).toBeUndefined();
  });
});
