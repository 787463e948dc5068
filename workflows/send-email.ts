import { allHandlersFinished, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import { cancelEmailUpdate, cancelSignal, jobStatusQuery } from '../contracts/messages.ts';
import type { EmailResult, SendEmailInput } from '../contracts/mail.ts';
import { JobView } from './job-view.ts';
import { refuseUnlessCancelRequest } from './message-rules.ts';
import { readFailure } from './outcomes.ts';
import { mail } from './proxies.ts';
import { businessNow } from './time.ts';

/** One mail. Its claim is the activity's, so that a receipt sent by its purchase is not sent again here. */
export async function sendEmail(input: SendEmailInput): Promise<EmailResult> {
  const main = new CancellationScope();
  const view = new JobView(`Mail ${input.request.message.template}`, 'sending');
  let end: EmailResult | undefined;
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  setHandler(cancelSignal, () => main.cancel(), { description: 'Gives up a mail that is not sent yet' });
  setHandler(
    cancelEmailUpdate,
    () =>
      CancellationScope.nonCancellable(async () => {
        main.cancel();
        await condition(() => end !== undefined);
        return end!;
      }),
    {
      validator: (request) => refuseUnlessCancelRequest(request, end),
      description: 'As the signal, and answers how it ended. Send {"actor": "…", "reason": "…"}',
    },
  );

  end = await main
    .run(() =>
      mail.sendMail.executeWithOptions({ summary: input.request.message.template }, [{ ...input, now: businessNow() }]),
    )
    .catch((error: unknown): EmailResult => {
      if (main.consideredCancelled) return { status: 'suppressed', reason: 'cancelled' };
      return { status: 'undeliverable', reason: readFailure(error).code };
    });
  view.end(end);
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return end;
}
