/** What `sendEmail`, `sendSms` and `alert` have in common: activities that own what is sent, and a cancel until it has left. */
import type { UpdateDefinition } from '@temporalio/common';
import { allHandlersFinished, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import { cancelSignal, type CancelRequest, type JobStatus, jobStatusQuery } from '../contracts/messages.ts';
import { refuseUnlessCancelRequest } from './message-rules.ts';
import { readFailure } from './outcomes.ts';
import { shielded } from './shielded.ts';

type GivenUp = { status: 'suppressed' | 'undeliverable'; reason: string };

export async function sendMessage<Result extends { status: string }>(message: {
  view: { status(): JobStatus; end(result: Result): void };
  /** What is given up: `mail` or `text message`. */
  noun: string;
  cancelUpdate: UpdateDefinition<Result, [CancelRequest]>;
  /** Runs in the scope that a cancel reaches, and does not fail. */
  send: () => Promise<Result>;
}): Promise<Result> {
  const main = new CancellationScope();
  const { view } = message;
  let end: Result | undefined;
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  setHandler(cancelSignal, () => main.cancel(), { description: `Gives up a ${message.noun} that is not sent yet` });
  setHandler(
    message.cancelUpdate,
    () =>
      shielded(async () => {
        main.cancel();
        await condition(() => end !== undefined);
        return end!;
      }),
    {
      validator: (request) => refuseUnlessCancelRequest(request, end),
      description: 'As the signal, and answers how it ended. Send {"actor": "…", "reason": "…"}',
    },
  );

  end = await main.run(message.send);
  view.end(end);
  await shielded(() => condition(allHandlersFinished));
  return end;
}

/** The current scope was cancelled, by whatever way; a failure's own words do not tell. */
export const isCancelled = () => CancellationScope.current().consideredCancelled;

/** A mail or a text message that did not leave. */
export async function orGivenUp<Result>(send: () => Promise<Result>): Promise<Result | GivenUp> {
  try {
    return await send();
  } catch (error) {
    if (isCancelled()) return { status: 'suppressed', reason: 'cancelled' };
    return { status: 'undeliverable', reason: readFailure(error).code };
  }
}
