/** What is said of a refund, in one place for the Web UI, the API and the command line. Pure. */
import { formatAmount } from './money.ts';
import type { OpenRefundStage, RefundRejection, RefundResult, RefundStatus } from './refund.ts';

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenRefund: Readonly<Record<OpenRefundStage, string>> = {
  started: 'The amount is being reserved. Nothing has been sent to the card provider; cancel costs nothing.',
  refunding: 'The card provider is being asked to give the money back. It is too late to cancel.',
  pending:
    "The card provider has taken the refund and has not finished it. Its webhook is waited for, and it is asked now and then: the provider's dashboard says what it waits for.",
  burning: 'The money is back. The tickets are being burned.',
  undoing: 'The money was not given back; what was reserved for it is being released.',
  'in review':
    'A step needs a person. It is tried again by itself; compare the provider, the chain and the dead letter. Do not terminate: a refund that is under way would go on unseen.',
};

const rejections: Readonly<Record<RefundRejection, string>> = {
  key_reused: 'This refund id belongs to a request with another body; use a new refund id',
  no_payment: 'There is no such purchase; check paymentKey',
  not_captured: 'The purchase has taken no money; a purchase that is still running can be cancelled',
  exceeds: 'It is more than what is left of the purchase; ask for less',
  ticket_unknown: 'A ticket is not of this purchase; check ticketIds',
  ticket_refunded: 'A ticket was refunded before; leave it out',
  disputed: 'The card holder disputes the charge, which takes the money already; wait for the end of the dispute',
};

function nextOf(result: RefundResult): string {
  switch (result.status) {
    case 'completed':
      return `${formatAmount(result.amount, result.currency)} are on their way to the card`;
    case 'failed':
      return `The provider could not give the money back (${result.code}); pay the buyer in another way, or try again under a new refund id`;
    case 'cancelled':
      return 'Nothing was given back; it can be asked for again under a new refund id';
    case 'rejected':
      return result.refundable === undefined
        ? rejections[result.reason]
        : `${rejections[result.reason]}: ${result.refundable} (minor units) can be refunded`;
  }
}

/** The status of a refund that has ended: its result says it all, whether it comes from Temporal or from our own row. */
export function closedRefundStatus(result: RefundResult): RefundStatus {
  return { stage: result.status, attention: 'none', moneyMoved: result.moneyMoved, next: `${nextOf(result)}.`, result };
}
