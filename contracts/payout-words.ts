/** What is said of a payout, in one place for the Web UI, the API and the command line. Pure. */
import { formatAmount } from './money.ts';
import type { OpenPayoutStage, PayoutResult, PayoutStatus } from './payout.ts';
import { payoutProblems, problems } from './problems.ts';

type RejectedPayout = Extract<PayoutResult, { status: 'rejected' }>;

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenPayout: Readonly<Record<OpenPayoutStage, string>> = {
  started: "The amount is being reserved of the venue's money. Nothing has been sent; cancel costs nothing.",
  waiting:
    'It waits and goes on by itself: for the venue to be payable (released, with an account whose payouts are enabled), or for money to become available at the provider. Cancel costs nothing while nothing was transferred.',
  'awaiting approval':
    'People other than the requester have to approve it: `boxoffice decide`, or the updates approve and reject. It expires after 7 days; cancel costs nothing.',
  transferring: "The money is being transferred to the venue's account at the provider. It is too late to cancel.",
  paying: 'The payout to the bank is being created. It is too late to cancel.',
  'in transit':
    "The provider has sent the money to the venue's bank, which takes days. Its webhook is waited for, and it is asked now and then.",
  undoing: 'Nothing was paid out; what was reserved for it is being released.',
  'in review':
    'A step needs a person. It is tried again by itself; compare the provider and the dead letter. Do not terminate: a payout that is under way would go on unseen.',
};

/** What to do about a rejection. */
export function remedyOfPayout({ reason, available }: RejectedPayout): string {
  const { nextAction } = problems[payoutProblems[reason]];
  return available === undefined ? nextAction : `${nextAction}; ${available} (minor units) are available`;
}

function nextOf(result: PayoutResult): string {
  switch (result.status) {
    case 'paid':
      return `${formatAmount(result.amount, result.currency)} are at the venue's bank, as far as the provider knows`;
    case 'returned':
      return result.moneyMoved === 'with_us'
        ? `The provider did not take it (${result.code}); see to the venue's account, then ask for another payout`
        : `The money came back to the venue's account at the provider (${result.code}); see to its bank account, then ask for another payout`;
    case 'rejected':
      return `${problems[payoutProblems[result.reason]].title}. ${remedyOfPayout(result)}`;
    case 'expired':
      return 'Nobody approved it in time, and nothing was paid out; ask for another payout';
    case 'cancelled':
      return 'Nothing was paid out; it can be asked for again under a new payout id';
  }
}

/** The status of a payout that has ended: its result says it all, whether it comes from Temporal or from our own row. */
export function closedPayoutStatus(result: PayoutResult): PayoutStatus {
  return { stage: result.status, attention: 'none', moneyMoved: result.moneyMoved, next: `${nextOf(result)}.`, result };
}
