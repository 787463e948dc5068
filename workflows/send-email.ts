import type { EmailResult, SendEmailInput } from '../contracts/mail.ts';
import { cancelEmailUpdate } from '../contracts/messages.ts';
import { sendMessage } from './message.ts';
import { mail } from './proxies.ts';
import { businessNow } from './time.ts';

/** One mail. Its claim is the activity's, so that a receipt sent by its purchase is not sent again here. */
export async function sendEmail(input: SendEmailInput): Promise<EmailResult> {
  const { template } = input.request.message;
  return sendMessage<EmailResult>({
    title: `Mail ${template}`,
    noun: 'mail',
    cancelUpdate: cancelEmailUpdate,
    send: () => mail.sendMail.executeWithOptions({ summary: template }, [{ ...input, now: businessNow() }]),
  });
}
