/**
 * The one way to a provider: reserve a moment of its lane, count the call, make it at that moment, give the slot back, and
 * say in Temporal's terms what the outcome means (outcome.ts).
 */
import { Context } from '@temporalio/activity';
import type { LaneLimits } from '../contracts/lane-limits.ts';
import { backoffMs, type JobPolicy } from '../contracts/job-types.ts';
import { ProviderFault } from '../contracts/provider-fault.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import type { Limiter } from './limiter.ts';
import type { WaitingFor } from './line.ts';
import { isFault, notSent, retryLater, toFailure } from './outcome.ts';
import { PaceAwayError } from './pace.ts';
import { leavesWithinMs, type SentCall, type SentCalls, type StepRef } from './sent-calls.ts';

/** A call that changes state at the provider counts against its job's budget; a read does not. */
export interface Counted {
  step: StepRef;
  policy: JobPolicy;
  /** Calls allowed; grows by one with every round that a parked step is tried again. */
  budget: number;
}

/** A lane, and the endpoint where that has a limit of its own (contracts/lane-limits.ts). */
export type Target = LaneName | { lane: LaneName; endpoint: string };

export interface LaneCaller {
  /** Paced, not counted. */
  read<T>(target: Target, call: () => Promise<T>): Promise<T>;
  /** Neither paced nor counted: only says in Temporal's terms what an adapter found out by several requests. */
  ask<T>(lane: LaneName, call: () => Promise<T>): Promise<T>;
  /** Paced, and counted before it is sent. */
  change<T>(target: Target, counted: Counted, call: (sent: SentCall) => Promise<T>): Promise<T>;
}

export interface LaneObserver {
  called(lane: LaneName, outcome: 'answered' | ProviderFault['kind'], milliseconds: number): void;
}

export interface CircuitBreaker {
  run<T>(lane: LaneName, call: () => Promise<T>): Promise<T>;
}

/** Waiting for a closed lane inside the activity costs nothing; beyond this the task goes back to the queue instead. */
const longestWaitMs = 60_000;
/** And then it comes again after this: a lane that somebody stopped holds its queue, so most do not come at all. */
const returnMs = 10_000;
const shortestRetryMs = 50;
/** A read changes nothing, so it is simply asked again. */
const readRetryMs = 1_000;

/** How long a call's count takes, as of late: its moment is reserved that far ahead, so that the count is not in its way. */
class CountTime {
  #ms = 5;

  get leadMs(): number {
    return Math.min(100, this.#ms * 1.5 + 1);
  }

  took(milliseconds: number): void {
    this.#ms += 0.2 * (milliseconds - this.#ms);
  }
}

const waitedFor: Readonly<Record<WaitingFor, string>> = {
  rate: 'more calls wait for this lane than it can take',
  endpoint: 'more calls wait for this endpoint than it can take',
  slots: 'all slots of the lane are taken',
  closed: 'the provider asked for a pause',
  stopped: 'somebody stopped the lane',
  away: 'the limiter is away, so nothing is sent',
};

/** Nobody waits beyond half of what the attempt has: the call needs its time, too. */
const patienceOf = (startToCloseMs: number) => Math.min(longestWaitMs, startToCloseMs / 2 || longestWaitMs);

export function createLaneCaller(deps: {
  limiter: Limiter;
  limits: Readonly<Record<LaneName, LaneLimits>>;
  sentCalls: SentCalls;
  /** Shortens the contract's back-off, for tests. */
  retryScale: number;
  /** Aborts when the worker stops: nobody waits for a lane any more, while calls that were sent are let end. */
  stopping: AbortSignal;
  observer?: LaneObserver;
  /** Keeps calls from a provider that fails; its refusal is a fault of the kind `not_sent`. */
  breaker?: CircuitBreaker;
}): LaneCaller {
  const { limiter, limits, sentCalls, stopping, observer, breaker = { run: (_lane, call) => call() } } = deps;
  const countTime = new CountTime();
  const scaled = (milliseconds: number) => Math.max(shortestRetryMs, Math.round(milliseconds * deps.retryScale));

  /**
   * Waits for a moment of the lane, at most as long as the attempt allows, and makes the call at it. `prepare` runs while the
   * moment is still to come; where the moment becomes void, it runs again for the next one.
   */
  async function atItsMoment<T>(
    target: Target,
    prepare: { leadMs: () => number; run: () => Promise<void> } | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    const { lane, endpoint } = placeOf(target);
    const { info, cancellationSignal } = Context.current();
    const { signal, give, forget } = givingUp([cancellationSignal, stopping]);
    const timer = setTimeout(give, patienceOf(info.startToCloseTimeoutMs));
    try {
      for (let first = false; ; first = true) {
        const reservation = await limiter.reserve(lane, { signal, endpoint, leadMs: prepare?.leadMs() ?? 0, first });
        try {
          await prepare?.run();
          if (await reservation.begin(signal)) {
            clearTimeout(timer);
            return await observed(lane, call);
          }
        } finally {
          reservation.release();
        }
      }
    } catch (error) {
      if (error !== signal.reason || cancellationSignal.aborted) throw error;
      if (stopping.aborted) throw notSent(lane, 'worker_stopping', 'the worker stops');
      const because = limiter.waitingFor(lane, endpoint) ?? 'rate';
      throw notSent(lane, `lane_${because}`, waitedFor[because], scaled(returnMs));
    } finally {
      clearTimeout(timer);
      forget();
    }
  }

  async function observed<T>(lane: LaneName, call: () => Promise<T>): Promise<T> {
    const started = performance.now();
    let outcome: Parameters<LaneObserver['called']>[1] = 'answered';
    try {
      return await breaker.run(lane, call);
    } catch (error) {
      outcome = error instanceof ProviderFault ? error.kind : 'unknown';
      throw error;
    } finally {
      observer?.called(lane, outcome, performance.now() - started);
    }
  }

  /** For as long as the provider says; it does not say so with a time of 0. Milliseconds. */
  const closureOf = (lane: LaneName, fault: ProviderFault) => fault.retryAfterMs || limits[lane].cooldownMs;

  /** A 429 closes the lane before anything else is done: the next call must not leave inside of its Retry-After. */
  async function closing<T>(lane: LaneName, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      // A limiter that is away grants nothing, and hears of it when it is back.
      if (isFault(error, 'rate_limited'))
        await limiter.block(lane, closureOf(lane, error)).catch((away: unknown) => {
          if (!(away instanceof PaceAwayError)) throw away;
        });
      throw error;
    }
  }

  /** Repeats `attempt` while the provider answers 429: such a call was not looked at, so it is no attempt. */
  async function throughClosures<T>(lane: LaneName, attempt: () => Promise<T>, sentSoFar: () => number): Promise<T> {
    const giveUpAt = Date.now() + longestWaitMs;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!isFault(error, 'rate_limited')) throw error;
        const closedMs = closureOf(lane, error);
        if (Date.now() + closedMs > giveUpAt) throw retryLater(error, sentSoFar(), closedMs);
      }
    }
  }

  async function asked<T>(lane: LaneName, attempt: () => Promise<T>): Promise<T> {
    try {
      return await throughClosures(lane, attempt, () => 0);
    } catch (error) {
      throw toFailure(error, 0, scaled(readRetryMs));
    }
  }

  return {
    ask: (lane, call) => asked(lane, () => closing(lane, call)),
    read: (target, call) => {
      const { lane } = placeOf(target);
      return asked(lane, () => atItsMoment(target, undefined, () => closing(lane, call)));
    },

    change: async (target, { step, policy, budget }, call) => {
      const { lane } = placeOf(target);
      let sent = 0;
      let counted: (SentCall & { at: number }) | undefined;
      let leaves = false;
      const fresh = () => counted !== undefined && performance.now() - counted.at <= leavesWithinMs;
      const giveBack = async () => {
        counted = undefined;
        // One counted too many is safe, so what happened is not lost to a database that is away.
        await sentCalls.giveBack(step).then(
          () => (sent -= 1),
          () => undefined,
        );
      };
      const count = async () => {
        if (fresh()) return;
        if (counted) await giveBack();
        const at = performance.now();
        counted = { ...(await sentCalls.begin({ ...step, budget })), at };
        sent = counted.sent;
        countTime.took(performance.now() - at);
        if (!fresh()) throw notSent(lane, 'counted_too_long_ago', 'the count took long');
      };
      const prepare = { leadMs: () => (fresh() ? 0 : countTime.leadMs), run: count };
      const attempt = async () => {
        leaves = false;
        counted = undefined;
        try {
          return await atItsMoment(target, prepare, () => {
            if (!counted || !fresh()) throw notSent(lane, 'counted_too_long_ago', 'the count took long');
            leaves = true;
            return closing(lane, () => call(counted!));
          });
        } catch (error) {
          // Nobody looked at it: it never left, or the provider said that it came too often.
          if (counted && (!leaves || isFault(error, 'not_sent') || isFault(error, 'rate_limited'))) await giveBack();
          throw error;
        }
      };
      try {
        return await throughClosures(lane, attempt, () => sent);
      } catch (error) {
        throw toFailure(error, sent, scaled(backoffMs(policy, sent)));
      }
    },
  };
}

/** Aborts with the first of the signals, or by `give`. Not AbortSignal.any: in Node 20 a signal that lives long keeps all of those. */
function givingUp(signals: readonly AbortSignal[]) {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
  return {
    signal: controller.signal,
    give: () => controller.abort(),
    forget: () => listeners.forEach((remove) => remove()),
  };
}

const placeOf = (target: Target): { lane: LaneName; endpoint?: string } =>
  typeof target === 'string' ? { lane: target } : target;
