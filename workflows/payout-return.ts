import { setHandler } from '@temporalio/workflow';
import { cancelPayoutReturnUpdate, jobStatusQuery } from '../contracts/messages.ts';
import type { PaidPayout, PayoutReturnInput, PayoutReturnResult, ProviderPayout } from '../contracts/payout.ts';
import { Frame, shielded } from './frame.ts';
import { JobView } from './job-view.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, payoutRecords, payouts } from './proxies.ts';
import { businessNow } from './time.ts';

/**
 * A payout that the bank may have sent back after it was paid. The provider is asked; what came back is the venue's again.
 * Nothing of it can be cancelled: it only writes down what has happened.
 */
export function payoutReturn(input: PayoutReturnInput): Promise<PayoutReturnResult> {
  const { tenantId, payoutId } = input;
  const operation = currentOperation(tenantId);
  const view = new JobView(`Return of payout ${payoutId}`, 'looking');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const frame = new Frame<PayoutReturnResult>({
    operation,
    queueName: 'money',
    jobType: 'payout-process',
    view,
    cancelUpdate: cancelPayoutReturnUpdate,
  });
  let paid: PaidPayout | undefined;

  async function look(): Promise<PayoutReturnResult> {
    const { account, providerPayoutId, amount, currency } = paid!;
    const retrieve = () =>
      payouts.retrievePayout.executeWithOptions({ summary: 'how the payout stands' }, [{ account, providerPayoutId }]);
    const payout = await untilKnown({ step: 'look', mustSucceed: true, run: retrieve }, frame.parking);
    const result = cameBack(payout)
      ? ({ status: 'returned', amount, currency, code: payout.failureCode ?? payout.status } as const)
      : ({ status: 'withdrawn' } as const);
    const book = () => payoutRecords.bookPayoutReturn({ operation, payoutId, result, now: businessNow() });
    return untilKnown({ step: 'book', mustSucceed: true, run: book }, frame.parking);
  }

  return frame.run({
    claim: async () => {
      const claim = await payoutRecords.claimPayoutReturn({ operation, input, now: businessNow() });
      if (claim.kind === 'owned') paid = claim.payout;
      return claim;
    },
    forward: () => shielded(look),
    // Only a bug gets here: it holds the workflow where it is, until its code is mended.
    stoppedBy: (error) => {
      throw new Error('stopped with a payout that may have come back', { cause: error });
    },
    close: () => Promise.reject(new Error('a return has no other end')),
  });
}

const cameBack = ({ status }: ProviderPayout) => status === 'failed' || status === 'canceled';
