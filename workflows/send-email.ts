import { CancellationScope, setHandler } from '@temporalio/workflow';
import { cancelSignal, jobStatusQuery } from '../contracts/messages.ts';
import type { EmailResult, SendEmailInput } from '../contracts/mail.ts';
import { JobView } from './job-view.ts';
import { readFailure } from './outcomes.ts';
import { mail } from './proxies.ts';
import { businessNow } from './time.ts';

/** One mail. Its claim is the activity's, so that a receipt sent by its purchase is not sent again here. */
export async function sendEmail(input: SendEmailInput): Promise<EmailResult> {
  const main = new CancellationScope();
  const view = new JobView(`Mail ${input.request.message.template}`, 'sending');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  setHandler(cancelSignal, () => main.cancel(), { description: 'Gives up a mail that is not sent yet' });

  const result = await main
    .run(() =>
      mail.sendMail.executeWithOptions({ summary: input.request.message.template }, [{ ...input, now: businessNow() }]),
    )
    .catch((error: unknown): EmailResult => {
      if (main.consideredCancelled) return { status: 'suppressed', reason: 'cancelled' };
      return { status: 'undeliverable', reason: readFailure(error).code };
    });
  view.end(result);
  return result;
}
