/** For what happens to us: nobody here can cancel it, and looking away would only lose sight of the money. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import { failureTypes } from '../contracts/failures.ts';
import { cancelSignal, type CancelRequest } from '../contracts/messages.ts';

/**
 * Takes the place of the frame's handlers, so call it after the frame is made: the update is refused, the signal does
 * nothing. Request Cancellation of the Web UI does nothing either as long as everything is shielded.
 */
export function refuseCancels<Result>(update: UpdateDefinition<Result, [CancelRequest]>, why: string): void {
  const refuse = (): never => {
    throw ApplicationFailure.create({ type: failureTypes.invalidMessage, message: why, nonRetryable: true });
  };
  const handler: (request: CancelRequest) => Result = refuse;
  setHandler<Result, [CancelRequest], UpdateDefinition<Result, [CancelRequest]>>(update, handler, {
    validator: refuse,
    description: `Always refused: ${why}`,
  });
  setHandler(cancelSignal, () => undefined, { description: `Without effect: ${why}` });
}
