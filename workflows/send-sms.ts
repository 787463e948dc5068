import { cancelSmsUpdate } from '../contracts/messages.ts';
import type { SendSmsInput, SmsResult } from '../contracts/sms.ts';
import { sendMessage } from './message.ts';
import { sms } from './proxies.ts';
import { businessNow } from './time.ts';

/** One text message. Its claim is the activity's: it belongs to the message. */
export async function sendSms(input: SendSmsInput): Promise<SmsResult> {
  const { template } = input.request.message;
  return sendMessage<SmsResult>({
    title: `Text message ${template}`,
    noun: 'text message',
    cancelUpdate: cancelSmsUpdate,
    send: () => sms.sendText.executeWithOptions({ summary: template }, [{ ...input, now: businessNow() }]),
  });
}
