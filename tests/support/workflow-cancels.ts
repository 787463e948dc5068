/** The three ways to cancel, and how a cancelled purchase is judged. */
import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import { cancelSignal, cancelUpdate, type CancelRequest } from '../../contracts/messages.ts';
import type { PaymentResult } from '../../contracts/payment.ts';
import { cancelledBy, endOf } from './workflow-judge.ts';
import type { StartedPayment } from './workflow-world.ts';

export const me = { actor: 'support-7', reason: 'wrong seats' };

const ends = {
  update: cancelledBy(me.actor, me.reason),
  signal: cancelledBy(me.actor, me.reason),
  'the Web UI': cancelledBy('temporal', 'cancelled through Temporal'),
} as const;

export type Means = keyof typeof ends;
export const allMeans = Object.keys(ends) as Means[];
export const endBy = (how: Means): PaymentResult => ends[how];

interface Cancellable {
  handle: WorkflowHandle;
}

const arrival = {
  signal: 'workflowExecutionSignaledEventAttributes',
  'the Web UI': 'workflowExecutionCancelRequestedEventAttributes',
} as const;

/** The cancel is in the history and a workflow task has looked at it. */
async function arrived({ handle }: Cancellable, how: keyof typeof arrival): Promise<void> {
  const looked = async () => {
    const events = (await handle.fetchHistory()).events ?? [];
    const at = events.findLastIndex((event) => event[arrival[how]]);
    return at >= 0 && events.slice(at).some((event) => event.workflowTaskCompletedEventAttributes);
  };
  await expect.poll(looked, { timeout: 5_000, interval: 20 }).toBe(true);
}

/** Resolves once the workflow knows. What it resolves to gives the update's answer, or what there is instead of one. */
export async function sendCancel<Result = PaymentResult>(
  started: Cancellable,
  how: Means,
): Promise<(otherwise: Result) => Promise<Result>> {
  const { handle } = started;
  if (how === 'update') {
    const update = await handle.startUpdate<Result, [CancelRequest]>(cancelUpdate.name, {
      args: [me],
      waitForStage: 'ACCEPTED',
    });
    return () => update.result();
  }
  await (how === 'signal' ? handle.signal(cancelSignal, me) : handle.cancel());
  await arrived(started, how);
  return (otherwise) => Promise.resolve(otherwise);
}

/** Cancels, waits for the end and judges that everything is undone. */
export async function cancelAndJudge(purchase: StartedPayment, how: Means): Promise<void> {
  const answer = await sendCancel(purchase, how);
  const result = await endOf(purchase);
  expect(result).toEqual(endBy(how));
  expect(await answer(result)).toEqual(result);
  expect(purchase.twin.count('capturePayment')).toBe(0);
  expect(purchase.twin.count('sendReceipt')).toBe(0);
  expect(purchase.twin.order.at(-1)).toBe('closePayment');
}
