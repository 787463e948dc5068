/** What is done to a buyer's card: authorize, capture, void. One file per outside thing: this one is Stripe's. */
import { CancelledFailure } from '@temporalio/activity';
import { parseWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { ActionRequired, Authorization, Capture } from '../contracts/payment.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf } from './failure.ts';
import type { AuthorizationLedger, CustomerActionLedger, StepLedger } from './ports.ts';
import type { AuthorizeRequest, CardProvider, Intent } from './providers/stripe/provider.ts';
import { createStripeSteps, lookAfter, type Search, type StepInput, stepOf } from './stripe-steps.ts';

const { decline, refuse, retryIn } = createFailures('stripe');

export interface AuthorizeInput extends AuthorizeRequest, StepInput {
  /**
   * Until when the workflow waits for a customer who has to act. ISO 8601 UTC; absent where it does not, as in the
   * releases before 3-D Secure: such an intent is given back then.
   */
  customerUntil?: string;
}
export interface LookInput {
  tenantId: string;
  workflowId: string;
  intentId: string;
}
export interface CaptureInput extends StepInput {
  intentId: string;
}
export interface VoidInput extends StepInput {
  /** Known when the authorization was answered. */
  intentId?: string;
}

export interface CardActivities {
  /**
   * Where the customer has to act, the client secret that they need for it is in our database before this answers: it may
   * not pass through a workflow (I9).
   */
  authorizePayment: (input: AuthorizeInput) => Promise<Authorization | ActionRequired>;
  /** What has become of an intent whose customer had to act. Declined: the provider's code, or `authorization_ended`. */
  retrieveAuthorization: (input: LookInput) => Promise<Authorization | ActionRequired>;
  capturePayment: (input: CaptureInput) => Promise<Capture>;
  /** Makes sure that nothing is held or taken for this workflow, whatever became of its authorization. */
  voidPayment: (input: VoidInput) => Promise<void>;
}

function paymentOf({ tenantId, workflowId }: { tenantId: string; workflowId: string }) {
  const paymentKey = parseWorkflowId(workflowId)?.key;
  if (paymentKey === undefined) throw refuse('no_payment_workflow');
  return { tenantId, paymentKey };
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

function heldBy({ intentId, chargeId, captureBefore }: Intent): Authorization {
  if (!chargeId || !captureBefore) throw refuse('no_capture_deadline', { intentId });
  return { intentId, chargeId, captureBefore };
}

const unexpected = ({ intentId, status }: Intent) => refuse('unexpected_status', { intentId, status });

export function createCardActivities(deps: {
  provider: CardProvider;
  lanes: LaneCaller;
  steps: StepLedger;
  customers: CustomerActionLedger;
  authorizations: AuthorizationLedger;
}): CardActivities {
  const { provider, lanes, steps, customers, authorizations } = deps;
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

  const note = async (input: { tenantId: string; workflowId: string }, { captureBefore }: Authorization) =>
    authorizations.held({ ...paymentOf(input), captureBefore });

  /** The note is not waited for, and may be lost: a buyer waits, and the workflow minds the end of its hold by itself. */
  function noted(input: { tenantId: string; workflowId: string }, intent: Intent): Authorization {
    const held = heldBy(intent);
    void note(input, held).catch(() => undefined);
    return held;
  }

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

  async function askCustomer(input: StepInput, { intentId, clientSecret }: Intent, expiresAt: string) {
    if (!clientSecret) throw refuse('no_client_secret', { intentId });
    await customers.put({ ...paymentOf(input), workflowId: input.workflowId, intentId, clientSecret, expiresAt });
    return { status: 'requires_action', intentId } as const;
  }

  /** Nobody is there to act. */
  async function giveBack(input: StepInput, { intentId }: Intent): Promise<never> {
    await cancelIntent(input, intentId);
    throw decline('authentication_required', { intentId });
  }

  async function authorizationOf(input: AuthorizeInput, intent: Intent): Promise<Authorization | ActionRequired> {
    switch (intent.status) {
      case 'requires_capture':
        return noted(input, intent);
      case 'requires_action':
        return input.customerUntil === undefined
          ? giveBack(input, intent)
          : askCustomer(input, intent, input.customerUntil);
      case 'requires_confirmation':
        return giveBack(input, intent);
      case 'requires_payment_method':
      case 'canceled':
        throw decline('card_declined', { intentId: intent.intentId });
      case 'processing':
      case 'succeeded':
      default:
        throw unexpected(intent);
    }
  }

  async function retrieveAuthorization(input: LookInput): Promise<Authorization | ActionRequired> {
    const intent = await lanes.read('stripe', () => provider.retrieve(input.intentId));
    const { intentId, status } = intent;
    if (status === 'requires_action' || status === 'processing') return { status: 'requires_action', intentId };
    // They have acted, one way or the other: nobody needs the secret any more.
    await customers.drop(paymentOf(input));
    switch (status) {
      case 'requires_capture':
        return noted(input, intent);
      case 'requires_payment_method':
        throw decline(intent.failureCode ?? 'authentication_failed', { intentId });
      case 'canceled':
        throw decline('authorization_ended', { intentId });
      case 'requires_confirmation':
      case 'succeeded':
      default:
        throw unexpected(intent);
    }
  }

  async function authorizePayment(input: AuthorizeInput): Promise<Authorization | ActionRequired> {
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
    await customers.drop(paymentOf(input));
    if (input.intentId) return cancelIntent(input, input.intentId);
    const found = await lookUp(intentOf(input), 'later');
    if (found && found.status !== 'canceled') await cancelIntent(input, found.intentId);
  }

  return { authorizePayment, retrieveAuthorization, capturePayment, voidPayment };
}
