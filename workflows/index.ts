/** Exports workflows only: the worker registers every function that it finds here. */
export { mint } from './mint.ts';
export { payment } from './payment.ts';
export { payout } from './payout.ts';
export { payoutReturn } from './payout-return.ts';
export { payoutRound } from './payout-round.ts';
export { refund } from './refund.ts';
export { sendEmail } from './send-email.ts';
