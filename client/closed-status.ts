import { formatAmount } from '../contracts/money.ts';
import type { PaymentResult, PaymentStatus } from '../contracts/payment.ts';
import { problems } from '../contracts/problems.ts';

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
