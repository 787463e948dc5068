/** The recording activities of payouts, served by the store and by Temporal. */
import type { Client } from '@temporalio/client';
import { createClaimer } from '../activities/claimed.ts';
import { createPayoutRecords } from '../activities/payout-records.ts';
import { startPayoutReturn, startRoundPayout } from '../client/index.ts';
import type { Store } from '../store/index.ts';
import { isRunning } from './record-ports.ts';

export const payoutRecordActivities = ({ payouts, payoutReturns }: Store, temporal: Client) =>
  createPayoutRecords(
    {
      payouts,
      payoutReturns,
      startPayoutReturn: (input) => startPayoutReturn(temporal, input),
      startRoundPayout: (input) => startRoundPayout(temporal, input),
    },
    createClaimer((workflowId, firstRunId) => isRunning(temporal, workflowId, firstRunId)),
  );
