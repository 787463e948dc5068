/** What `sendEmail` and `sendSms` have in common: one activity, which owns the claim, and a cancel until it has left. */
import type { UpdateDefinition } from '@temporalio/common';
import { allHandlersFinished, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import { cancelSignal, type CancelRequest, jobStatusQuery } from '../contracts/messages.ts';
import { JobView } from './job-view.ts';
import { refuseUnlessCancelRequest } from './message-rules.ts';
import { readFailure } from './outcomes.ts';

type GivenUp = { status: 'suppressed' | 'undeliverable'; reason: string };

export async function sendMessage<Result extends { status: string }>(message: {
  /** For people, e.g. `Mail welcome`. */
  title: string;
  /** What is given up: `mail` or `text message`. */
  noun: string;
  cancelUpdate: UpdateDefinition<Result | GivenUp, [CancelRequest]>;
  send: () => Promise<Result>;
}): Promise<Result | GivenUp> {
  const main = new CancellationScope();
  const view = new JobView(message.title, 'sending');
  let end: Result | GivenUp | undefined;
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  setHandler(cancelSignal, () => main.cancel(), { description: `Gives up a ${message.noun} that is not sent yet` });
  setHandler(
    message.cancelUpdate,
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

  end = await main.run(message.send).catch((error: unknown): GivenUp => {
    if (main.consideredCancelled) return { status: 'suppressed', reason: 'cancelled' };
    return { status: 'undeliverable', reason: readFailure(error).code };
  });
  view.end(end);
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return end;
}
