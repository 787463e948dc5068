/** What goes to a venue: a transfer to its account at the provider, and a payout from there to its bank. */
import { failureTypes } from '../contracts/failures.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { ProviderPayout, ProviderTransfer } from '../contracts/payout.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { createFailures, detailOf, typeOf } from './failure.ts';
import type { StepLedger } from './ports.ts';
import type { PayoutProvider } from './providers/stripe/payouts.ts';
import { createStripeSteps, type Making, type StepInput, stepOf } from './stripe-steps.ts';

interface Order extends StepInput {
  /** The venue's account at the provider. */
  account: string;
  /** Minor units. */
  amount: number;
  currency: string;
}

export interface TransferInput extends Order {
  payoutId: string;
}
export type CreatePayoutInput = Order;

export interface RetrievePayoutInput {
  account: string;
  providerPayoutId: string;
}

export interface PayoutActivities {
  /**
   * Moves money to the venue's account once. Declined: nothing was moved, for the provider's reason; `balance_insufficient`
   * may be asked again later, each time with a larger `round`.
   */
  transferToVenue: (input: TransferInput) => Promise<ProviderTransfer>;
  /** Pays out of the venue's account once, and says how it stands: it takes days, and may fail. Declined: as above. */
  createPayout: (input: CreatePayoutInput) => Promise<ProviderPayout>;
  retrievePayout: (input: RetrievePayoutInput) => Promise<ProviderPayout>;
  /**
   * Resolve when the workflow made none that exists, and never will. Refused for a person, `transfer_exists` or
   * `payout_exists`, when one does.
   */
  confirmNoTransfer: (input: TransferInput) => Promise<void>;
  confirmNoPayout: (input: CreatePayoutInput) => Promise<void>;
}

const { decline, refuse } = createFailures('stripe');
/** The provider takes fewer of these a second than of others. */
const payoutCalls = { lane: 'stripe', endpoint: 'payouts' } as const;
const noes: ReadonlySet<unknown> = new Set([failureTypes.declined, failureTypes.refused]);

export function createPayoutActivities(deps: {
  provider: PayoutProvider;
  lanes: LaneCaller;
  steps: StepLedger;
}): PayoutActivities {
  const { provider, lanes, steps } = deps;
  const { lookUp, raise, makeOnce } = createStripeSteps({
    lanes,
    steps,
    policy: jobTypes['payout-process'],
    requestTimeoutMs: provider.requestTimeoutMs,
  });

  /**
   * A "no" is stored under its key, and there may be a "yes" later: it leaves the key behind. To one call it says nothing of
   * those before it that had no answer, so those are looked up first.
   */
  async function make<Made>(making: Making<Made>): Promise<Made> {
    const { input, step } = making;
    try {
      return await makeOnce(making);
    } catch (error) {
      if (typeOf(error) === failureTypes.fenced) return fencedOff(making);
      if (!noes.has(typeOf(error)) || (detailOf(error)?.sent ?? 0) === 0) throw error;
      const { sent, generation } = await steps.read(stepOf(input, step));
      // Every "no" has used up one call and one generation; what is more than that got no answer.
      if (sent > generation + 1) {
        const found = await lookUp(making, 'here');
        if (found) return found;
      }
      await raise(input, step, generation);
      throw error;
    }
  }

  /** A person has said that there shall be none; one that was made before is the truth. */
  async function fencedOff<Made>(making: Making<Made>): Promise<Made> {
    const found = await lookUp(making, 'later');
    if (found) return found;
    throw decline('marked_failed');
  }

  async function confirmNone<Made>(making: Making<Made>): Promise<void> {
    await steps.fence(stepOf(making.input, making.step));
    if (await lookUp(making, 'later')) throw refuse(`${making.step}_exists`);
  }

  const transferOf = (input: TransferInput): Making<ProviderTransfer> => ({
    input,
    step: 'transfer',
    post: (key) => provider.transfer(input, key),
    page: async ({ after }) => {
      const { workflowId, payoutId } = input;
      const { transfer, next } = await provider.findTransfer({ workflowId, payoutId, after });
      return { found: transfer, next };
    },
  });

  const payoutOf = (input: CreatePayoutInput): Making<ProviderPayout> => ({
    input,
    step: 'payout',
    target: payoutCalls,
    post: (key) => provider.create(input, key),
    page: async ({ from, to, after }) => {
      const { workflowId, account } = input;
      const { payout, next } = await provider.findPayout({ workflowId, account, from, to, after });
      return { found: payout, next };
    },
  });

  return {
    transferToVenue: (input) => make(transferOf(input)),
    createPayout: (input) => make(payoutOf(input)),
    retrievePayout: (payout) => lanes.read(payoutCalls, () => provider.retrieve(payout)),
    confirmNoTransfer: (input) => confirmNone(transferOf(input)),
    confirmNoPayout: (input) => confirmNone(payoutOf(input)),
  };
}
