/** How a dispute stands at the provider. Nothing here changes anything there: evidence is given by people. */
import type { ProviderDispute } from '../contracts/dispute.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { DisputeProvider } from './providers/stripe/disputes.ts';

export interface DisputeActivities {
  retrieveDispute: (input: { disputeId: string }) => Promise<ProviderDispute>;
}

export const createDisputeActivities = ({
  provider,
  lanes,
}: {
  provider: DisputeProvider;
  lanes: LaneCaller;
}): DisputeActivities => ({
  retrieveDispute: ({ disputeId }) => lanes.read('stripe', () => provider.retrieve(disputeId)),
});
