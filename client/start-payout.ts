/** How payouts, their returns and their rounds are started. Nothing personal goes in here, as in start-options.ts. */
import { WorkflowIdReusePolicy } from '@temporalio/client';
import { payoutReturnWorkflowId, payoutRoundWorkflowId, payoutWorkflowId } from '../contracts/ids.ts';
import type { PayoutReturnInput, PayoutRoundInput } from '../contracts/payout.ts';
import type { PayoutRequest } from '../contracts/schema/payout.ts';
import { startedWith } from './start-attributes.ts';
import { fairnessKeyOf, queued, tell } from './start-options.ts';

/** The venue's currency is not known yet: nobody has looked it up. */
export function payoutStart(request: PayoutRequest, fingerprint: string) {
  const { tenantId, payoutId, venueId, amount, requestedBy } = request;
  const wanted = amount === undefined ? 'all that is available' : `${amount} (minor units)`;
  return {
    ...tell,
    ...queued('payout-process', fairnessKeyOf(tenantId, venueId)),
    workflowId: payoutWorkflowId(tenantId, payoutId),
    args: [{ request, fingerprint }] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId, venueId, amount }),
    staticSummary: `Payout to venue ${venueId}`,
    staticDetails: [
      `Payout \`${payoutId}\` to venue \`${venueId}\`, asked for by \`${requestedBy}\`: **${wanted}**.`,
      '',
      'It can be cancelled until money is transferred to the venue. Do **not** terminate: a payout that is under way would go on unseen.',
    ].join('\n'),
  };
}

/** `fingerprint`: of the input. */
export function payoutReturnStart(input: PayoutReturnInput, fingerprint: string) {
  const { tenantId, payoutId } = input;
  return {
    ...queued('payout-process', tenantId),
    // An event that came to nothing must not be in the way of one that does not; what was returned, the claim knows.
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowId: payoutReturnWorkflowId(tenantId, payoutId),
    args: [input] as const,
    memo: { fingerprint },
    typedSearchAttributes: startedWith({ tenantId }),
    staticSummary: `Return of payout ${payoutId}`,
    staticDetails: `The provider is asked whether payout \`${payoutId}\` came back after it was paid; if so, it is booked.`,
  };
}

/** What a venue's Schedule starts each time. */
export function payoutRoundStart(input: PayoutRoundInput) {
  const { tenantId, venueId } = input;
  return {
    ...queued('payout-process', fairnessKeyOf(tenantId, venueId)),
    workflowId: payoutRoundWorkflowId(tenantId, venueId),
    args: [input],
    typedSearchAttributes: startedWith({ tenantId, venueId }),
  };
}
