/**
 * The one way to a provider: wait for the lane, count the call, make it, give the slot back, and say in Temporal's
 * terms what the outcome means. Nothing else in the project throws ApplicationFailure for a provider's error.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { ProviderFault } from '../contracts/provider-fault.ts';
import type { LaneLimits } from '../contracts/lane-limits.ts';
import { failureTypes, type FailureDetail } from '../contracts/failures.ts';
import { backoffMs, type JobPolicy } from '../contracts/job-types.ts';
import { BudgetExhaustedError, StepFencedError } from '../contracts/step-errors.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import type { Grant, Limiter } from './limiter.ts';
import { leavesWithinMs, type SentCall, type SentCalls, type StepRef } from './sent-calls.ts';

/** A call that changes state at the provider counts against its job's budget; a read does not. */
export interface Counted {
  step: StepRef;
  policy: JobPolicy;
  /** Calls allowed; grows by one with every round that a parked step is tried again. */
  budget: number;
}

export interface LaneCaller {
  /** Paced, not counted. */
  read<T>(lane: LaneName, call: () => Promise<T>): Promise<T>;
  /** Neither paced nor counted: only says in Temporal's terms what an adapter found out by several requests. */
  ask<T>(lane: LaneName, call: () => Promise<T>): Promise<T>;
  /** Paced and counted before it is sent. */
  change<T>(lane: LaneName, counted: Counted, call: (sent: SentCall) => Promise<T>): Promise<T>;
}

export interface LaneObserver {
  called(lane: LaneName, outcome: 'answered' | ProviderFault['kind'], milliseconds: number): void;
}

/** Waiting for a closed lane inside the activity costs nothing; beyond this the task goes back to the queue instead. */
const longestWaitMs = 60_000;
const shortestRetryMs = 50;
/** A read changes nothing, so it is simply asked again. */
const readRetryMs = 1_000;

export function createLaneCaller(deps: {
  limiter: Limiter;
  limits: Readonly<Record<LaneName, LaneLimits>>;
  sentCalls: SentCalls;
  /** Shortens the contract's back-off, for tests. */
  retryScale: number;
  /** Aborts when the worker stops: nobody waits for a lane any more, while calls that were sent are let end. */
  stopping: AbortSignal;
  observer?: LaneObserver;
}): LaneCaller {
  const { limiter, limits, sentCalls, stopping, observer } = deps;
  const scaled = (milliseconds: number) => Math.max(shortestRetryMs, Math.round(milliseconds * deps.retryScale));

  async function grantOf(lane: LaneName): Promise<Grant> {
    try {
      return await limiter.acquire(lane, AbortSignal.any([Context.current().cancellationSignal, stopping]));
    } catch (error) {
      if (!stopping.aborted) throw error;
      throw notSent(lane, 'worker_stopping', 'the worker stops');
    }
  }

  async function paced<T>(lane: LaneName, call: () => Promise<T>): Promise<T> {
    const grant = await grantOf(lane);
    const started = performance.now();
    let outcome: Parameters<LaneObserver['called']>[1] = 'answered';
    try {
      return await call();
    } catch (error) {
      outcome = error instanceof ProviderFault ? error.kind : 'unknown';
      throw error;
    } finally {
      grant.release();
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
      if (isFault(error, 'rate_limited')) await limiter.block(lane, closureOf(lane, error));
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
    read: (lane, call) => asked(lane, () => paced(lane, () => closing(lane, call))),

    change: async (lane, { step, policy, budget }, call) => {
      let sent = 0;
      const attempt = () =>
        paced(lane, async () => {
          const askedAt = Date.now();
          const counted = await sentCalls.begin({ ...step, budget });
          sent = counted.sent;
          try {
            if (Date.now() - askedAt > leavesWithinMs)
              throw notSent(lane, 'counted_too_long_ago', 'the count took long');
            return await closing(lane, () => call(counted));
          } catch (error) {
            if (isFault(error, 'not_sent') || isFault(error, 'rate_limited')) {
              // One counted too many is safe, so what the provider said is not lost to a database that is away.
              await sentCalls.giveBack(step).then(
                () => (sent -= 1),
                () => undefined,
              );
            }
            throw error;
          }
        });
      try {
        return await throughClosures(lane, attempt, () => sent);
      } catch (error) {
        throw toFailure(error, sent, scaled(backoffMs(policy, sent)));
      }
    },
  };
}

const isFault = (error: unknown, kind: ProviderFault['kind']): error is ProviderFault =>
  error instanceof ProviderFault && error.kind === kind;

const notSent = (provider: string, code: string, message: string) =>
  new ProviderFault({ provider, kind: 'not_sent', code, message });

function failureOf(
  type: (typeof failureTypes)[keyof typeof failureTypes],
  message: string,
  detail: FailureDetail,
  retry: { nonRetryable: true } | { nextRetryDelay: number },
): ApplicationFailure {
  return ApplicationFailure.create({ type, message, details: [detail], ...retry });
}

function retryLater(fault: ProviderFault, sent: number, delayMs: number): ApplicationFailure {
  const detail = { provider: fault.provider, code: fault.code, sent, facts: fault.facts };
  return failureOf(failureTypes.retry, fault.message, detail, { nextRetryDelay: delayMs });
}

/** From what went wrong to what Temporal does next; anything unforeseen passes as it is and is tried again. */
function toFailure(error: unknown, sent: number, delayMs: number): unknown {
  if (error instanceof StepFencedError) {
    return failureOf(
      failureTypes.fenced,
      error.message,
      { provider: 'boxoffice', code: 'fenced', sent },
      { nonRetryable: true },
    );
  }
  if (error instanceof BudgetExhaustedError) {
    const detail = { provider: 'boxoffice', code: 'budget_exhausted', sent: error.sent };
    return failureOf(failureTypes.budgetExhausted, error.message, detail, { nonRetryable: true });
  }
  if (!(error instanceof ProviderFault)) return error;
  const detail = { provider: error.provider, code: error.code, sent, facts: error.facts };
  switch (error.kind) {
    case 'declined':
      return failureOf(failureTypes.declined, error.message, detail, { nonRetryable: true });
    case 'refused':
      return failureOf(failureTypes.refused, error.message, detail, { nonRetryable: true });
    case 'not_sent':
    case 'unknown':
    case 'busy':
    case 'rate_limited':
      return retryLater(error, sent, delayMs);
  }
}
