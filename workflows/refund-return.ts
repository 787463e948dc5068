import { condition, setHandler } from '@temporalio/workflow';
import type { RefundReturnInput, RefundReturnResult } from '../contracts/dispute.ts';
import { cancelRefundReturnUpdate, jobStatusQuery, providerEventSignal } from '../contracts/messages.ts';
import type { ProviderRefund } from '../contracts/refund.ts';
import { refundPollMs } from '../contracts/retry-profiles.ts';
import { Frame } from './frame.ts';
import { JobView } from './job-view.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, records, refunds } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow } from './time.ts';
import { refuseCancels } from './uncancellable.ts';

const taken = new Set<ProviderRefund['status']>(['failed', 'canceled']);

/**
 * A refund that had succeeded and failed later. The books take it back, and a person hears of it: the buyer has no money,
 * and burned tickets stay burned.
 */
export function refundReturn(input: RefundReturnInput): Promise<RefundReturnResult> {
  const { tenantId, refundId, providerRefundId } = input.request;
  const operation = currentOperation(tenantId);
  const view = new JobView(`Return of refund ${refundId}`, 'looking up');
  const frame = new Frame<RefundReturnResult>({
    operation,
    queueName: 'money',
    jobType: 'refund-return',
    view,
    cancelUpdate: cancelRefundReturnUpdate,
  });
  refuseCancels(cancelRefundReturnUpdate, 'a return cannot be cancelled: the provider has taken the refund back');
  let heard = false;
  setHandler(providerEventSignal, () => void (heard = true), { description: 'From verified webhooks' });
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });

  const lookUp = (): Promise<ProviderRefund> =>
    untilKnown(
      {
        step: 'look',
        mustSucceed: true,
        run: () => {
          heard = false;
          const summary = 'how the refund stands';
          return refunds.retrieveRefund.executeWithOptions({ summary }, [{ providerRefundId }]);
        },
      },
      frame.parking,
    );

  async function follow(): Promise<RefundReturnResult> {
    for (let looks = 0; ; looks++) {
      const refund = await lookUp();
      if (!taken.has(refund.status)) {
        if (heard) continue;
        return { status: 'withdrawn' };
      }
      const take = () => records.returnRefund({ operation, input, refund, now: businessNow() });
      const outcome = await untilKnown({ step: 'return', mustSucceed: true, run: take }, frame.parking);
      if (outcome.kind === 'ended') return outcome.result;
      // The refund's own workflow still burns its tickets, or waits for a person.
      await condition(() => heard, refundPollMs(looks));
    }
  }

  return frame.run({
    // Its claim is taken with its effect: while there is nothing to return, a later event may begin anew.
    claim: () => Promise.resolve({ kind: 'owned' }),
    forward: () => shielded(follow),
    stoppedBy: (error) => {
      throw new Error('stopped with a refund that may have come back', { cause: error });
    },
    close: () => Promise.reject(new Error('a return ends only by its own course')),
  });
}
