/** Exports workflows only: the worker registers every function that it finds here. */
export { alert } from './alert.ts';
export { burn } from './burn.ts';
export { dispute } from './dispute.ts';
export { eventCancellation } from './event-cancellation.ts';
export { mint } from './mint.ts';
export { monitor } from './monitor.ts';
export { payment } from './payment.ts';
export { payout } from './payout.ts';
export { payoutReturn } from './payout-return.ts';
export { payoutRound } from './payout-round.ts';
export { resolveDeadLetters } from './resolve-dead-letters.ts';
export { reconciliation } from './reconciliation.ts';
export { refund } from './refund.ts';
export { refundReturn } from './refund-return.ts';
export { sendEmail } from './send-email.ts';
export { sendSms } from './send-sms.ts';
export { transfer } from './transfer.ts';
