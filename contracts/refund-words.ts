/** What is said of a refund, in one place for the Web UI, the API and the command line. Pure. */
import { formatAmount } from './money.ts';
import { problems } from './problems.ts';
import type { OpenRefundStage, RefundResult, RefundStatus } from './refund.ts';

type RejectedRefund = Extract<RefundResult, { status: 'rejected' }>;

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenRefund: Readonly<Record<OpenRefundStage, string>> = {
  started: 'The amount is being reserved. Nothing has been sent to the card provider; cancel costs nothing.',
  'awaiting approval':
    "It is above the venue's limit: other people than the requester have to approve it (`boxoffice decide`), or reject it. Cancel costs nothing.",
  refunding: 'The card provider is being asked to give the money back. It is too late to cancel.',
  pending:
    "The card provider has taken the refund and has not finished it. Its webhook is waited for, and it is asked now and then: the provider's dashboard says what it waits for.",
  burning: 'The money is back. The tickets are being burned.',
  undoing: 'The money was not given back; what was reserved for it is being released.',
  'in review':
    'A step needs a person. It is tried again by itself; compare the provider, the chain and the dead letter, and decide with `boxoffice decide` (retry, mark-failed, mark-succeeded). Do not terminate: a refund that is under way would go on unseen.',
};

/** What to do about a rejection. */
export function remedyOf({ reason, refundable }: RejectedRefund): string {
  const { nextAction } = problems[reason];
  return refundable === undefined ? nextAction : `${nextAction}; ${refundable} (minor units) can be refunded`;
}

function nextOf(result: RefundResult): string {
  switch (result.status) {
    case 'completed':
      return `${formatAmount(result.amount, result.currency)} are on their way to the card`;
    case 'failed':
      return `The provider could not give the money back (${result.code}); pay the buyer in another way, or try again under a new refund id`;
    case 'cancelled':
      return 'Nothing was given back; it can be asked for again under a new refund id';
    case 'rejected':
      return `${problems[result.reason].title}. ${remedyOf(result)}`;
  }
}

/** The status of a refund that has ended: its result says it all, whether it comes from Temporal or from our own row. */
export function closedRefundStatus(result: RefundResult): RefundStatus {
  return { stage: result.status, attention: 'none', moneyMoved: result.moneyMoved, next: `${nextOf(result)}.`, result };
}
