/** What is given back to a card, and what becomes of it. */
import { failureTypes } from '../contracts/failures.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { ProviderRefund } from '../contracts/refund.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { Operation, RefundBooks, StepLedger } from './ports.ts';
import type { RefundProvider } from './providers/stripe/refunds.ts';
import { createStripeSteps, type Making, type StepInput, stepOf } from './stripe-steps.ts';

const { decline, refuse } = createFailures('stripe');

const disputed = new Set(['charge_disputed', 'refund_disputed_payment']);
/** The provider knows another charge, or other refunds of it, than our books do. */
const booksDiffer = new Set(['amount_too_large', 'amount_too_small', 'resource_missing']);

export interface AskedRefund extends StepInput {
  chargeId: string;
  /** Minor units of the charge's currency. */
  amount: number;
}

export interface CreateRefundInput extends AskedRefund {
  /** Whose books pay for it. */
  operation: Operation;
  /** Business time, ISO 8601. */
  now: string;
}

export interface RetrieveRefundInput {
  providerRefundId: string;
}

export interface RefundActivities {
  /**
   * Asks for the refund once, and says how it stands: it may be far from done, and may have failed. The provider takes the
   * money from our balance when it makes the refund, so it is booked here and now, and reversed should it fail later.
   * Declined: `disputed`, or the provider's code for a charge that it will not refund at all.
   */
  createRefund: (input: CreateRefundInput) => Promise<ProviderRefund>;
  retrieveRefund: (input: RetrieveRefundInput) => Promise<ProviderRefund>;
  /**
   * Resolves when the workflow asked for no refund that exists, and never will. Refused for a person, `refund_exists`, when
   * one does.
   */
  confirmNoRefund: (input: AskedRefund) => Promise<void>;
}

/** A "no" as it reads to the workflow. One that says that our books are wrong is for a person. */
function noOf(error: unknown): unknown {
  if (typeOf(error) !== failureTypes.declined) return error;
  const code = detailOf(error)?.code ?? 'refund_declined';
  if (disputed.has(code)) return decline('disputed');
  return booksDiffer.has(code) ? refuse(code) : error;
}

export function createRefundActivities(deps: {
  provider: RefundProvider;
  lanes: LaneCaller;
  steps: StepLedger;
  books: RefundBooks;
}): RefundActivities {
  const { provider, lanes, steps, books } = deps;
  const { lookUp, raiseIfReplayed, makeOnce } = createStripeSteps({
    lanes,
    steps,
    policy: jobTypes['refund-process'],
    requestTimeoutMs: provider.requestTimeoutMs,
  });

  const refundOf = (input: AskedRefund): Making<ProviderRefund> => ({
    input,
    step: 'refund',
    post: (key) => provider.create(input, key),
    page: async ({ after }) => {
      const { refund, next } = await provider.find({ workflowId: input.workflowId, chargeId: input.chargeId, after });
      return { found: refund, next };
    },
  });

  async function createRefund(input: CreateRefundInput): Promise<ProviderRefund> {
    const refund = await makeRefund(input);
    const gone = refund.status === 'failed' || refund.status === 'canceled';
    if (!gone) await lanes.ask('stripe', () => books.refunded({ operation: input.operation, refund, now: input.now }));
    return refund;
  }

  async function makeRefund(input: AskedRefund): Promise<ProviderRefund> {
    const making = refundOf(input);
    try {
      return await makeOnce(making);
    } catch (error) {
      if (typeOf(error) === failureTypes.fenced) return fencedOff(making);
      const no = typeOf(error) === failureTypes.declined || typeOf(error) === failureTypes.refused;
      if (!no) throw error;
      // "No" to one call says nothing of those before it: "already refunded" may be their doing.
      if ((detailOf(error)?.sent ?? 0) > 1) {
        const found = await lookUp(making, 'here');
        if (found) return found;
        await raiseIfReplayed(error, input, making.step);
      }
      throw noOf(error);
    }
  }

  /** A person has said that there shall be none; one that was made before is the truth. */
  async function fencedOff(making: Making<ProviderRefund>): Promise<ProviderRefund> {
    const found = await lookUp(making, 'later');
    if (found) return found;
    throw decline('marked_failed');
  }

  async function confirmNoRefund(input: AskedRefund): Promise<void> {
    await steps.fence(stepOf(input, 'refund'));
    const found = await lookUp(refundOf(input), 'later');
    if (found) throw refuse('refund_exists', { refundId: found.providerRefundId });
  }

  return {
    createRefund,
    confirmNoRefund,
    retrieveRefund: ({ providerRefundId }) => lanes.read('stripe', () => provider.retrieve(providerRefundId)),
  };
}
