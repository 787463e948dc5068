import { setHandler } from '@temporalio/workflow';
import { cancelPayoutReturnUpdate, jobStatusQuery, providerEventSignal } from '../contracts/messages.ts';
import type { PaidPayout, PayoutReturnInput, PayoutReturnResult, ProviderPayout } from '../contracts/payout.ts';
import { Frame } from './frame.ts';
import { JobView } from './job-view.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, payoutRecords, payouts } from './proxies.ts';
import { shielded } from './shielded.ts';
import { businessNow } from './time.ts';

/**
 * A payout that the bank may have sent back after it was paid. The provider is asked; what came back is the venue's again.
 * Nothing of it can be cancelled: it only writes down what has happened.
 */
export function payoutReturn(input: PayoutReturnInput): Promise<PayoutReturnResult> {
  const { tenantId, payoutId } = input;
  const operation = currentOperation(tenantId);
  const view = new JobView(`Return of payout ${payoutId}`, 'looking');
  let heard = false;
  setHandler(providerEventSignal, () => void (heard = true), { description: 'From verified webhooks' });
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const frame = new Frame<PayoutReturnResult>({
    operation,
    queueName: 'money',
    jobType: 'payout-process',
    view,
    cancelUpdate: cancelPayoutReturnUpdate,
  });
  let paid: PaidPayout | undefined;

  const lookUp = ({ account, providerPayoutId }: PaidPayout): Promise<ProviderPayout> =>
    untilKnown(
      {
        step: 'look',
        mustSucceed: true,
        run: () => {
          heard = false;
          const summary = 'how the payout stands';
          return payouts.retrievePayout.executeWithOptions({ summary }, [{ account, providerPayoutId }]);
        },
      },
      frame.parking,
    );

  async function follow(): Promise<PayoutReturnResult> {
    const { amount, currency } = paid!;
    for (;;) {
      const payout = await lookUp(paid!);
      if (!cameBack(payout)) {
        if (heard) continue;
        return { status: 'withdrawn' };
      }
      const returned = { status: 'returned', amount, currency, code: payout.failureCode ?? payout.status } as const;
      const book = () => payoutRecords.bookPayoutReturn({ operation, input, returned, now: businessNow() });
      return untilKnown({ step: 'book', mustSucceed: true, run: book }, frame.parking);
    }
  }

  return frame.run({
    // The claim is taken with the effect: while there is nothing to return, a later event may begin anew.
    claim: async () => {
      const found = await payoutRecords.findPaidPayout(input);
      if (found.kind === 'owned') paid = found.payout;
      return found;
    },
    forward: () => shielded(follow),
    // Only a bug gets here: it holds the workflow where it is, until its code is mended.
    stoppedBy: (error) => {
      throw new Error('stopped with a payout that may have come back', { cause: error });
    },
    close: () => Promise.reject(new Error('a return has no other end')),
  });
}

const cameBack = ({ status }: ProviderPayout) => status === 'failed' || status === 'canceled';
