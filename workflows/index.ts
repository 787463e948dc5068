/** Exports workflows only: the worker registers every function that it finds here. */
export { dispute } from './dispute.ts';
export { mint } from './mint.ts';
export { payment } from './payment.ts';
export { refund } from './refund.ts';
export { refundReturn } from './refund-return.ts';
export { sendEmail } from './send-email.ts';
