/**
 * One circuit breaker per provider: while more than half of the calls get no answer that can be trusted, calls are not
 * made, so that an outage uses up no attempts and the provider comes back to a trickle instead of a flood. A "no" is an
 * answer: declines, refusals and 429 never open it.
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  handleWhen,
  SamplingBreaker,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { ProviderFault, type FaultClass } from '../contracts/provider-fault.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import type { BreakerState } from './pace.ts';

/** `code` of the fault that is thrown instead of a call. */
export const breakerOpenCode = 'breaker_open';

const sampling = {
  /** More than this part of the calls. */
  threshold: 0.5,
  /** Of the last so many milliseconds. */
  duration: 10_000,
  /** Where there were five of them at least: fewer say nothing. */
  minimumRps: 0.5,
};
const defaultHalfOpenAfterMs = 5_000;
/** While one call tries whether the provider is back, the others ask again this soon. Milliseconds. */
const whileTryingMs = 1_000;

/** What says that the provider is in trouble, and not that our request or its object is. */
const trouble: ReadonlySet<FaultClass> = new Set(['unknown', 'not_sent']);
/** Not sent by us (call.ts), whatever the provider would have said. */
const ourOwn: ReadonlySet<string> = new Set(['counted_too_long_ago']);
const isTrouble = (error: unknown) =>
  error instanceof ProviderFault && trouble.has(error.kind) && !ourOwn.has(error.code);

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'halfOpen',
  [CircuitState.Isolated]: 'open',
};

export interface Breakers {
  /**
   * Makes the call and looks at what comes of it; only the call itself belongs in it, because everything that fails
   * inside counts. @throws ProviderFault `not_sent` with {@link breakerOpenCode} and `retryAfterMs` when it is open.
   */
  run<T>(lane: LaneName, call: () => Promise<T>): Promise<T>;
  /** What `run` would throw now, so that nobody reserves a moment in vain. It may be open all the same by the time. */
  refusal(lane: LaneName): ProviderFault | undefined;
}

interface Breaker {
  policy: CircuitBreakerPolicy;
  samples: SamplingBreaker;
  /** By the clock that cockatiel reads. Epoch milliseconds. */
  openedAt: number;
  lastCallAt: number;
}

export function createBreakers({
  halfOpenAfterMs = defaultHalfOpenAfterMs,
  onChange,
}: {
  /** From open until one call may try whether the provider is back. Milliseconds. */
  halfOpenAfterMs?: number;
  /** For people to see. An open breaker becomes half-open with the next call, so an idle lane stays open. */
  onChange?: (lane: LaneName, state: BreakerState) => void;
}): Breakers {
  const breakers = new Map<LaneName, Breaker>();

  function breakerOf(lane: LaneName): Breaker {
    const known = breakers.get(lane);
    if (known) return known;
    const samples = new SamplingBreaker(sampling);
    const policy = circuitBreaker(handleWhen(isTrouble), { halfOpenAfter: halfOpenAfterMs, breaker: samples });
    const made: Breaker = { policy, samples, openedAt: 0, lastCallAt: 0 };
    policy.onStateChange((state) => {
      if (state === CircuitState.Open) made.openedAt = Date.now();
      onChange?.(lane, states[state]);
    });
    breakers.set(lane, made);
    return made;
  }

  function refusal(lane: LaneName): ProviderFault | undefined {
    const { policy, openedAt } = breakerOf(lane);
    if (policy.state === CircuitState.Open) {
      const leftMs = Math.min(openedAt + halfOpenAfterMs - Date.now(), halfOpenAfterMs);
      return leftMs > 0 ? breakerOpen(lane, leftMs) : undefined;
    }
    // Cockatiel would let the others wait for the one that tries, and their moments would pass.
    if (policy.state === CircuitState.HalfOpen) return breakerOpen(lane, Math.min(whileTryingMs, halfOpenAfterMs));
    return undefined;
  }

  return {
    refusal,
    run: async <T>(lane: LaneName, call: () => Promise<T>): Promise<T> => {
      // Several providers share it, and one that is away must not silence the others.
      if (lane === 'alert') return call();
      const refused = refusal(lane);
      if (refused) throw refused;
      const breaker = breakerOf(lane);
      // The sampler forgets only as calls come; what a lane saw before it was idle says nothing about now.
      const now = Date.now();
      if (now - breaker.lastCallAt > sampling.duration) breaker.samples.state = new SamplingBreaker(sampling).state;
      breaker.lastCallAt = now;
      let result: { answer: T } | { no: ProviderFault };
      try {
        result = await breaker.policy.execute<typeof result>(async () => answered(call));
      } catch (error) {
        if (error instanceof BrokenCircuitError) throw refusal(lane) ?? breakerOpen(lane, whileTryingMs);
        throw error;
      }
      if ('no' in result) throw result.no;
      return result.answer;
    },
  };
}

/** A provider that says no has answered, which counts in its favor. */
async function answered<T>(call: () => Promise<T>): Promise<{ answer: T } | { no: ProviderFault }> {
  try {
    return { answer: await call() };
  } catch (error) {
    if (error instanceof ProviderFault && !isTrouble(error)) return { no: error };
    throw error;
  }
}

const breakerOpen = (lane: LaneName, retryAfterMs: number) =>
  new ProviderFault({
    provider: lane,
    kind: 'not_sent',
    code: breakerOpenCode,
    message: `${lane} does not answer, so nothing is sent to it for a moment`,
    retryAfterMs,
  });
