import type { SmsRequest } from './schema/sms.ts';

export type { SmsMessage, SmsRequest } from './schema/sms.ts';

export interface SendSmsInput {
  request: SmsRequest;
  fingerprint: string;
  /** How often a person had it sent again after it was given up; each time it has its calls anew. Absent: never. */
  round?: number;
}

export type SmsResult =
  /** The provider took it; whether it reaches the phone is the networks' business. */
  | { status: 'sent'; messageSid: string }
  /** The recipient has said STOP, or there is nobody to write to or nothing to write. */
  | { status: 'suppressed'; reason: string }
  | { status: 'undeliverable'; reason: string };
