/** Twins of what sends text messages and alerts, and the requests that tests send. */
import type { AlertActivities } from '../../activities/alerts.ts';
import type { SmsActivities } from '../../activities/sms.ts';
import type { SentNotice } from '../../contracts/alerts.ts';
import type { SmsRequest, SmsResult } from '../../contracts/sms.ts';
import type { Twins } from './workflow-twins.ts';

const sent: SmsResult = { status: 'sent', messageSid: 'SM1' };

export const createSmsTwins = (twins: Twins): SmsActivities => ({
  sendText: (input) => twins.current.perform('sendText', input, () => sent),
});

/** Planned channel by channel. */
export const createAlertTwins = (twins: Twins): AlertActivities => ({
  sendAlert: (input) =>
    twins.current.perform(`sendAlert-${input.channel}`, input, (): SentNotice => ({
      outcome: 'delivered',
      reference: `ref-${input.channel}`,
    })),
});

export const smsRequest = (messageKey: string): SmsRequest => ({
  tenantId: 'acme',
  messageKey,
  phoneRef: 'c_1',
  message: { template: 'event-reminder', paymentKey: 'key-1' },
});
