/** The ports of the recording activities, served by the store and by Temporal. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { receiptRequestOf } from '../activities/mail.ts';
import type { RecordPorts } from '../activities/records.ts';
import { cancelPurchase, requestRefund, startEmail } from '../client/index.ts';
import type { EventCancellationPorts } from '../activities/event-cancellation.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { Store } from '../store/index.ts';
import { withReceipts } from './refund-receipts.ts';

export type WorkflowStarter = Client;

/** A workflow that Temporal does not know any more cannot come back, so it counts as gone. */
export async function isRunning(temporal: Client, workflowId: string, firstRunId: string): Promise<boolean> {
  try {
    const { status, raw } = await temporal.workflow.getHandle(workflowId).describe();
    const first = raw.workflowExecutionInfo?.firstRunId;
    return first === firstRunId && status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

export function createRecordPorts(store: Store, temporal: Client): RecordPorts {
  const { queue, resultKeptMs } = jobTypes['nft-mint'];
  return {
    payments: store.payments,
    mints: {
      async claim({ operation, input, key, now }) {
        const outcome = await store.claims.claim({
          operation,
          kind: 'mint',
          key,
          fingerprint: input.fingerprint,
          queueName: queue,
          jobType: 'nft-mint',
          now,
          keepForMs: resultKeptMs,
        });
        return outcome.kind === 'refused'
          ? { kind: 'refused', result: { status: 'rejected', reason: outcome.reason } }
          : outcome;
      },
      takeOver: (request) => store.claims.takeOver({ ...request, kind: 'mint' }),
      close: (request) => store.claims.settle({ ...request, kind: 'mint' }),
    },
    refunds: withReceipts(store, temporal),
    moves: store.moves,
    refundReturns: store.refundReturns,
    disputes: store.disputes,
    deadLetters: store.deadLetters,
    isRunning: (workflowId, firstRunId) => isRunning(temporal, workflowId, firstRunId),
    startReceipt: async (receipt) => {
      await startEmail(temporal, receiptRequestOf(receipt));
    },
  };
}

export const createEventCancellationPorts = (store: Store, temporal: Client): EventCancellationPorts => ({
  cancellations: store.eventCancellations,
  isRunning: (workflowId, firstRunId) => isRunning(temporal, workflowId, firstRunId),
  startRefund: async (request, venueId) => void (await requestRefund(temporal, request, { venueId })),
  cancelPurchase: (workflowId, request) => cancelPurchase(temporal, workflowId, request),
});
