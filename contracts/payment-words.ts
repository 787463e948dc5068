/** What is said of a purchase, in one place for the Web UI, the API and the command line. Pure. */
import { formatAmount } from './money.ts';
import type { OpenStage, PaymentResult, PaymentStatus } from './payment.ts';
import { problems } from './problems.ts';

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpen: Readonly<Record<OpenStage, string>> = {
  started: 'The order and its tickets are being claimed. Nothing has been sent to the card provider.',
  authorizing: 'The card is being authorized. Cancel still costs nothing.',
  'awaiting customer':
    'The card wants its holder to confirm (3-D Secure). The customer does so with the client secret from the API; afterwards, or when the time for it is over, it goes on by itself. Cancel still costs nothing.',
  minting: 'The money is held. The tickets are being minted, then the money is captured. Cancel voids and burns.',
  capturing: 'The tickets exist; the money is being captured. It is too late to cancel: a refund is the next action.',
  undoing: 'What had happened is being undone, last step first. Nothing is for you to do.',
  'in review':
    'A step has used up its calls and its outcome is open. It is tried again by itself; look at the provider and at the dead letter, and decide with `boxoffice decide` (retry, mark-failed, compensate). Do not terminate: that skips the undo.',
};

function nextOf(result: PaymentResult): string {
  switch (result.status) {
    case 'completed':
      return `${formatAmount(result.amount, result.currency)} are taken and the tickets belong to the buyer; a refund is the way back`;
    case 'declined':
      return `The card was declined (${result.code}); the buyer can pay with another card under a new idempotency key`;
    case 'expired':
      return 'It took too long and nothing was taken; the buyer can start again with a new idempotency key';
    case 'cancelled':
      return 'Nothing was taken; the order can be bought again with a new idempotency key';
    case 'unfulfilled':
      return `The tickets could not be made (${result.reason}) and the hold on the card was released`;
    case 'refused':
      break;
  }
  const { title, nextAction } = problems[result.reason];
  return `${title}. ${nextAction}`;
}

/** The status of a purchase that has ended: its result says it all, whether it comes from Temporal or from our own row. */
export function closedStatus(result: PaymentResult): PaymentStatus {
  return { stage: result.status, attention: 'none', moneyMoved: result.moneyMoved, next: `${nextOf(result)}.`, result };
}
