/** What is done to a buyer's card: authorize, capture, void. One file per outside thing: this one is Stripe's. */
import { CancelledFailure } from '@temporalio/activity';
import { jobTypes } from '../contracts/job-types.ts';
import type { Authorization, Capture } from '../contracts/payment.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf } from './failure.ts';
import type { StepLedger } from './ports.ts';
import type { AuthorizeRequest, CardProvider, Intent } from './providers/stripe/provider.ts';
import { createStripeSteps, lookAfter, type Search, type StepInput, stepOf } from './stripe-steps.ts';

const { decline, refuse, retryIn } = createFailures('stripe');

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

export function createCardActivities(deps: {
  provider: CardProvider;
  lanes: LaneCaller;
  steps: StepLedger;
}): CardActivities {
  const { provider, lanes, steps } = deps;
  const { change, lookUp, raiseIfReplayed, makeOnce } = createStripeSteps({
    lanes,
    steps,
    policy: jobTypes['payment-process'],
    requestTimeoutMs: provider.requestTimeoutMs,
  });

  /** The intent that this workflow's authorization made. */
  const intentOf = (input: StepInput): Search<Intent> => ({
    input,
    step: 'authorize',
    page: async (within) => {
      const { intent, next } = await provider.find({ workflowId: input.workflowId, ...within });
      return { found: intent, next };
    },
  });

  async function cancelIntent(input: StepInput, intentId: string): Promise<void> {
    try {
      await change(input, 'void', (key) => provider.cancel(intentId, key));
    } catch (error) {
      const current = await lookAfter(error, () => lanes.read('stripe', () => provider.retrieve(intentId)));
      if (current.status === 'canceled') return;
      if (current.status === 'succeeded') throw refuse('captured_elsewhere', { intentId });
      await raiseIfReplayed(error, input, 'void');
      throw error;
    }
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
    const intent = await makeOnce({ ...intentOf(input), post: (key) => provider.authorize(input, key) });
    return authorizationOf(input, intent);
  }

  async function capturePayment(input: CaptureInput): Promise<Capture> {
    let failure: unknown;
    try {
      const intent = await change(input, 'capture', (key) => provider.capture(input.intentId, key));
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
    const found = await lookUp(intentOf(input), 'later');
    if (found && found.status !== 'canceled') await cancelIntent(input, found.intentId);
  }

  return { authorizePayment, capturePayment, voidPayment };
}
