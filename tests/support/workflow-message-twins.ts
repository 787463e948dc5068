/** Twins of what sends text messages, and the requests that tests send. */
import type { SmsActivities } from '../../activities/sms.ts';
import type { SmsRequest, SmsResult } from '../../contracts/sms.ts';
import type { Twins } from './workflow-twins.ts';

const sent: SmsResult = { status: 'sent', messageSid: 'SM1' };

export const createSmsTwins = (twins: Twins): SmsActivities => ({
  sendText: (input) => twins.current.perform('sendText', input, () => sent),
});

export const smsRequest = (messageKey: string): SmsRequest => ({
  tenantId: 'acme',
  messageKey,
  phoneRef: 'c_1',
  message: { template: 'event-reminder', paymentKey: 'key-1' },
});
