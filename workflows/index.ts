/** Exports workflows only: the worker registers every function that it finds here. */
export { mint } from './mint.ts';
export { payment } from './payment.ts';
export { refund } from './refund.ts';
export { sendEmail } from './send-email.ts';
export { sendSms } from './send-sms.ts';
