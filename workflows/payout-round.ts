import { workflowInfo } from '@temporalio/workflow';
import type { PayoutRoundInput, PayoutRoundResult } from '../contracts/payout.ts';
import { payoutRecords } from './proxies.ts';

/**
 * Started by a venue's Schedule, which adds a timestamp to its id; the payout that it starts has an id of its own that
 * follows from the scheduled time, so that a round that is started twice pays once. Nothing available is that payout's end.
 */
export async function payoutRound({ tenantId, venueId }: PayoutRoundInput): Promise<PayoutRoundResult> {
  const { searchAttributes, startTime } = workflowInfo();
  const scheduled = searchAttributes['TemporalScheduledStartTime']?.[0];
  const scheduledAt = (scheduled instanceof Date ? scheduled : startTime).toISOString();
  const payoutId = await payoutRecords.startRoundPayout({ tenantId, venueId, scheduledAt });
  return { status: 'started', payoutId };
}
