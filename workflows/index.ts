/** Exports workflows only: the worker registers every function that it finds here. */
export { analyticsEvent } from './analytics-event.ts';
export { burn } from './burn.ts';
export { cleanup } from './cleanup.ts';
export { dailyRound } from './daily-round.ts';
export { dispute } from './dispute.ts';
export { eventCancellation } from './event-cancellation.ts';
export { generateReport } from './generate-report.ts';
export { mint } from './mint.ts';
export { payment } from './payment.ts';
export { payout } from './payout.ts';
export { payoutReturn } from './payout-return.ts';
export { payoutRound } from './payout-round.ts';
export { refund } from './refund.ts';
export { refundReturn } from './refund-return.ts';
export { sendEmail } from './send-email.ts';
export { sendSms } from './send-sms.ts';
export { transfer } from './transfer.ts';
