/**
 * Making something at Stripe once. A call without a trustworthy answer is sent again under the same key; where the key can
 * help no more (a stored 500, a key that Stripe may have forgotten, a spent budget), what was made is looked up first.
 */
import { Context } from '@temporalio/activity';
import { failureTypes } from '../contracts/failures.ts';
import { providerKeyOf } from '../contracts/hashes.ts';
import type { JobPolicy } from '../contracts/job-types.ts';
import type { Counted, LaneCaller, Target } from '../lanes/call.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { StepHistory, StepLedger } from './ports.ts';

/** Stripe may prune a key after 24 h; from then on a repeated POST would make a second object. Milliseconds. */
const keysAreSafeForMs = 23 * 3_600_000;
/** Over the provider's own time-out: a request that old will have no effect any more. Milliseconds. */
const afterTimeoutMs = 5_000;
const { retryIn } = createFailures('stripe');

export interface StepInput {
  tenantId: string;
  workflowId: string;
  /** Rounds that a parked step was tried again; each allows one more sent call. */
  round: number;
}

/** How to find what a step made. */
export interface Search<Made> {
  input: StepInput;
  step: string;
  /** Where it is asked for, when that has a limit of its own. */
  target?: Target;
  /** One page of the listing in which it shows once it exists; `from` and `to`: when its calls left, epoch milliseconds. */
  page: (within: {
    from: number;
    to: number;
    after: string | undefined;
  }) => Promise<{ found?: Made | undefined; next?: string | undefined }>;
}

export interface Making<Made> extends Search<Made> {
  post: (providerKey: string) => Promise<Made>;
}

export const stepOf = ({ tenantId, workflowId }: StepInput, step: string) => ({ tenantId, workflowId, step });

/**
 * Looks at what became of a call that failed. Where nobody answers that question either, the call's own failure stands:
 * its pause, or that it was the last one allowed, so that a provider that is down altogether parks the step as well.
 */
export async function lookAfter<T>(failure: unknown, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const unanswered = typeOf(error) === failureTypes.retry && detailOf(error)?.sent === 0;
    const open = typeOf(failure) === failureTypes.retry || typeOf(failure) === failureTypes.budgetExhausted;
    throw unanswered && open ? failure : error;
  }
}

export function createStripeSteps(deps: {
  lanes: LaneCaller;
  steps: StepLedger;
  policy: JobPolicy;
  requestTimeoutMs: number;
}) {
  const { lanes, steps, policy } = deps;

  /** One paced and counted call under the step's present key. */
  function change<T>(
    input: StepInput,
    step: string,
    call: (providerKey: string) => Promise<T>,
    target: Target = 'stripe',
  ): Promise<T> {
    const counted: Counted = { step: stepOf(input, step), policy, budget: policy.attempts + input.round };
    return lanes.change(target, counted, ({ generation }) => call(providerKeyOf(input.workflowId, step, generation)));
  }

  async function find<Made>(
    { page, target = 'stripe' }: Search<Made>,
    history: StepHistory,
  ): Promise<Made | undefined> {
    const { firstSentAt, lastSentAt } = history;
    if (!firstSentAt || !lastSentAt) return undefined;
    const sent = { from: Date.parse(firstSentAt), to: Date.parse(lastSentAt) };
    let after: string | undefined;
    do {
      const from = after;
      const { found, next } = await lanes.read(target, () => page({ ...sent, after: from }));
      if (found) return found;
      after = next;
    } while (after);
    return undefined;
  }

  /**
   * What the step made, or the certainty that it made nothing. What is not listed while a request of ours may be under
   * way can still come, so the time is taken before the listing. By then it is asked `again` later, or waited for here:
   * after a stored answer, which each further POST repeats while it moves that time on.
   */
  async function lookUp<Made>(search: Search<Made>, again: 'later' | 'here'): Promise<Made | undefined> {
    for (;;) {
      const history = await steps.read(stepOf(search.input, search.step));
      if (history.sent === 0 || history.sinceLastSentMs === undefined) return undefined;
      const remaining = deps.requestTimeoutMs + afterTimeoutMs - history.sinceLastSentMs;
      const found = await find(search, history);
      if (found || remaining <= 0) return found;
      if (again === 'later') throw retryIn(remaining, 'in_flight', history.sent);
      await Context.current().sleep(remaining);
    }
  }

  /** The present key is left behind. The caller has just seen that nothing was made under it. */
  async function raise(input: StepInput, step: string, from: number): Promise<void> {
    await steps.raiseGeneration({ ...stepOf(input, step), from });
  }

  /** A stored answer is final under its key; the caller has just seen that the effect did not happen. */
  async function raiseIfReplayed(error: unknown, input: StepInput, step: string): Promise<void> {
    if (detailOf(error)?.facts?.['replayed'] !== true) return;
    const { generation } = await steps.read(stepOf(input, step));
    await raise(input, step, generation);
  }

  async function makeOnce<Made>(making: Making<Made>): Promise<Made> {
    const { input, step } = making;
    const history = await steps.read(stepOf(input, step));
    if ((history.sinceFirstSentMs ?? 0) > keysAreSafeForMs) {
      const found = await lookUp(making, 'later');
      if (found) return found;
      await raise(input, step, history.generation);
    }
    try {
      return await change(input, step, (key) => making.post(key), making.target);
    } catch (error) {
      const replayed = detailOf(error)?.facts?.['replayed'] === true && typeOf(error) === failureTypes.retry;
      if (!replayed && typeOf(error) !== failureTypes.budgetExhausted) throw error;
      const found = await lookAfter(error, () => lookUp(making, replayed ? 'here' : 'later'));
      if (found) return found;
      await raiseIfReplayed(error, input, step);
      throw error;
    }
  }

  return { change, lookUp, raise, raiseIfReplayed, makeOnce };
}
