import type { EmailResult, SendEmailInput } from '../contracts/mail.ts';
import { cancelEmailUpdate } from '../contracts/messages.ts';
import { JobView } from './job-view.ts';
import { orGivenUp, sendMessage } from './message.ts';
import { mail } from './proxies.ts';
import { businessNow } from './time.ts';

/** One mail. Its claim is the activity's, so that a receipt sent by its purchase is not sent again here. */
export async function sendEmail(input: SendEmailInput): Promise<EmailResult> {
  const { template } = input.request.message;
  return sendMessage<EmailResult>({
    view: new JobView(`Mail ${template}`, 'sending'),
    noun: 'mail',
    cancelUpdate: cancelEmailUpdate,
    send: () =>
      orGivenUp(() => mail.sendMail.executeWithOptions({ summary: template }, [{ ...input, now: businessNow() }])),
  });
}
