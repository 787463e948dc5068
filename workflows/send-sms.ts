import { cancelSmsUpdate } from '../contracts/messages.ts';
import type { SendSmsInput, SmsResult } from '../contracts/sms.ts';
import { JobView } from './job-view.ts';
import { orGivenUp, sendMessage } from './message.ts';
import { sms } from './proxies.ts';
import { businessNow } from './time.ts';

/** One text message. Its claim is the activity's: it belongs to the message. */
export async function sendSms(input: SendSmsInput): Promise<SmsResult> {
  const { template } = input.request.message;
  return sendMessage<SmsResult>({
    view: new JobView(`Text message ${template}`, 'sending'),
    noun: 'text message',
    cancelUpdate: cancelSmsUpdate,
    send: () =>
      orGivenUp(() => sms.sendText.executeWithOptions({ summary: template }, [{ ...input, now: businessNow() }])),
  });
}
