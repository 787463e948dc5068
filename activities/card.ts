/** What is done to a buyer's card: authorize, capture, void. One file per outside thing: this one is Stripe's. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { failureTypes } from '../contracts/failures.ts';
import { providerKeyOf } from '../contracts/hashes.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Authorization, Capture } from '../contracts/payment.ts';
import type { Counted, LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { StepHistory, StepLedger } from './ports.ts';
import type { AuthorizeRequest, CardProvider, Intent } from './providers/stripe/provider.ts';

/** Stripe may prune a key after 24 h; from then on a repeated POST would be a second charge. Milliseconds. */
const keysAreSafeForMs = 23 * 3_600_000;
/** Over the provider's own time-out: a request that old will have no effect any more. Milliseconds. */
const afterTimeoutMs = 5_000;
const policy = jobTypes['payment-process'];
const { decline, refuse, retryIn } = createFailures('stripe');

interface StepInput {
  tenantId: string;
  workflowId: string;
  /** Rounds that a parked step was tried again; each allows one more sent call. */
  round: number;
}

export interface AuthorizeInput extends AuthorizeRequest, StepInput {}
export interface CaptureInput extends StepInput {
  intentId: string;
}
export interface VoidInput extends StepInput {
  /** Known when the authorization was answered. */
  intentId?: string;
}

export interface CardActivities {
  authorizePayment: (input: AuthorizeInput) => Promise<Authorization>;
  capturePayment: (input: CaptureInput) => Promise<Capture>;
  /** Makes sure that nothing is held or taken for this workflow, whatever became of its authorization. */
  voidPayment: (input: VoidInput) => Promise<void>;
}

const stepOf = ({ tenantId, workflowId }: StepInput, step: string) => ({ tenantId, workflowId, step });
const countedOf = (input: StepInput, step: string): Counted => ({
  step: stepOf(input, step),
  policy,
  budget: policy.attempts + input.round,
});

function captureOf(intent: Intent): Capture | undefined {
  if (intent.status !== 'succeeded' || !intent.chargeId || !intent.balance) return undefined;
  return {
    intentId: intent.intentId,
    chargeId: intent.chargeId,
    amount: intent.amountReceived,
    balanceTransactionId: intent.balance.transactionId,
    providerFee: intent.balance.fee,
    availableOn: intent.balance.availableOn,
  };
}

/**
 * Looks at what became of a call that failed. Where nobody answers that question either, the call's own failure stands:
 * its pause, or that it was the last one allowed, so that a provider that is down altogether parks the step as well.
 */
async function lookAfter<T>(failure: unknown, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const unanswered = typeOf(error) === failureTypes.retry && detailOf(error)?.sent === 0;
    const open = typeOf(failure) === failureTypes.retry || typeOf(failure) === failureTypes.budgetExhausted;
    throw unanswered && open ? failure : error;
  }
}

export function createCardActivities(deps: {
  provider: CardProvider;
  lanes: LaneCaller;
  steps: StepLedger;
}): CardActivities {
  const { provider, lanes, steps } = deps;

  async function find(workflowId: string, history: StepHistory): Promise<Intent | undefined> {
    const { firstSentAt, lastSentAt } = history;
    if (!firstSentAt || !lastSentAt) return undefined;
    const search = { workflowId, from: Date.parse(firstSentAt), to: Date.parse(lastSentAt) };
    let after: string | undefined;
    do {
      const from = after;
      const page = await lanes.read('stripe', () => provider.find({ ...search, after: from }));
      if (page.intent) return page.intent;
      after = page.next;
    } while (after);
    return undefined;
  }

  /**
   * The intent of this workflow, or the certainty that there is none. One that is not listed while a request of ours may
   * be under way can still come, so the time is taken before the listing. By then it is asked `again` later, or waited
   * for here: after a stored 500, which each further POST repeats while it moves that time on.
   */
  async function lookUp(input: StepInput, again: 'later' | 'here'): Promise<Intent | undefined> {
    for (;;) {
      const history = await steps.read(stepOf(input, 'authorize'));
      if (history.sent === 0 || history.sinceLastSentMs === undefined) return undefined;
      const remaining = provider.requestTimeoutMs + afterTimeoutMs - history.sinceLastSentMs;
      const found = await find(input.workflowId, history);
      if (found || remaining <= 0) return found;
      if (again === 'later') throw retryIn(remaining, 'in_flight', history.sent);
      await Context.current().sleep(remaining);
    }
  }

  async function cancelIntent(input: StepInput, intentId: string): Promise<void> {
    try {
      await lanes.change('stripe', countedOf(input, 'void'), ({ generation }) =>
        provider.cancel(intentId, providerKeyOf(input.workflowId, 'void', generation)),
      );
    } catch (error) {
      const current = await lookAfter(error, () => lanes.read('stripe', () => provider.retrieve(intentId)));
      if (current.status === 'canceled') return;
      if (current.status === 'succeeded') throw refuse('captured_elsewhere', { intentId });
      await raiseIfReplayed(error, input, 'void');
      throw error;
    }
  }

  /** A stored 500 is final under its key; the caller has just seen that the effect did not happen. */
  async function raiseIfReplayed(error: unknown, input: StepInput, step: string): Promise<void> {
    const facts = detailOf(error)?.facts;
    if (facts?.['replayed'] !== true) return;
    const history = await steps.read(stepOf(input, step));
    await steps.raiseGeneration({ ...stepOf(input, step), from: history.generation });
  }

  /** requires_action is no success, and 3-D Secure has no customer waiting here: given back, ends declined. */
  async function authorizationOf(input: StepInput, intent: Intent): Promise<Authorization> {
    switch (intent.status) {
      case 'requires_capture':
        if (!intent.chargeId || !intent.captureBefore)
          throw refuse('no_capture_deadline', { intentId: intent.intentId });
        return { intentId: intent.intentId, chargeId: intent.chargeId, captureBefore: intent.captureBefore };
      case 'requires_action':
      case 'requires_confirmation':
        await cancelIntent(input, intent.intentId);
        throw decline('authentication_required', { intentId: intent.intentId });
      case 'requires_payment_method':
      case 'canceled':
        throw decline('card_declined', { intentId: intent.intentId });
      case 'processing':
      case 'succeeded':
      default:
        throw refuse('unexpected_status', { intentId: intent.intentId, status: intent.status });
    }
  }

  async function authorizePayment(input: AuthorizeInput): Promise<Authorization> {
    const history = await steps.read(stepOf(input, 'authorize'));
    if ((history.sinceFirstSentMs ?? 0) > keysAreSafeForMs) {
      const found = await lookUp(input, 'later');
      if (found) return authorizationOf(input, found);
      await steps.raiseGeneration({ ...stepOf(input, 'authorize'), from: history.generation });
    }
    let intent: Intent;
    try {
      intent = await lanes.change('stripe', countedOf(input, 'authorize'), ({ generation }) =>
        provider.authorize(input, providerKeyOf(input.workflowId, 'authorize', generation)),
      );
    } catch (error) {
      const replayed = detailOf(error)?.facts?.['replayed'] === true && typeOf(error) === failureTypes.retry;
      if (!replayed && typeOf(error) !== failureTypes.budgetExhausted) throw error;
      const found = await lookAfter(error, () => lookUp(input, replayed ? 'here' : 'later'));
      if (found) return authorizationOf(input, found);
      await raiseIfReplayed(error, input, 'authorize');
      throw error;
    }
    return authorizationOf(input, intent);
  }

  async function capturePayment(input: CaptureInput): Promise<Capture> {
    let failure: unknown;
    try {
      const intent = await lanes.change('stripe', countedOf(input, 'capture'), ({ generation }) =>
        provider.capture(input.intentId, providerKeyOf(input.workflowId, 'capture', generation)),
      );
      const capture = captureOf(intent);
      if (capture) return capture;
    } catch (error) {
      // Not sent, or not now: nothing new can be learned by looking.
      if (error instanceof CancelledFailure || detailOf(error)?.sent === 0) throw error;
      failure = error;
    }
    const current = await lookAfter(failure, () => lanes.read('stripe', () => provider.retrieve(input.intentId)));
    const capture = captureOf(current);
    if (capture) return capture;
    if (current.status === 'canceled') throw decline('authorization_ended', { intentId: input.intentId });
    await raiseIfReplayed(failure, input, 'capture');
    throw failure ?? retryIn(1_000, 'no_balance_transaction', 1);
  }

  async function voidPayment(input: VoidInput): Promise<void> {
    await steps.fence(stepOf(input, 'authorize'));
    if (input.intentId) return cancelIntent(input, input.intentId);
    const found = await lookUp(input, 'later');
    if (found && found.status !== 'canceled') await cancelIntent(input, found.intentId);
  }

  return { authorizePayment, capturePayment, voidPayment };
}
