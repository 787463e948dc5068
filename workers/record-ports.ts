/** The ports of the recording activities, served by the store and by Temporal. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { receiptRequestOf } from '../activities/mail.ts';
import type { MessageLedger, Operation } from '../activities/ports.ts';
import type { RecordPorts } from '../activities/records.ts';
import { startEmail } from '../client/index.ts';
import { emailWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { EmailRequest } from '../contracts/mail.ts';
import type { Store } from '../store/index.ts';

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
    refunds: store.refunds,
    deadLetters: store.deadLetters,
    isRunning: (workflowId, firstRunId) => isRunning(temporal, workflowId, firstRunId),
    startReceipt: async (receipt) => {
      await startEmail(temporal, receiptRequestOf(receipt));
    },
  };
}

/** A message owns its claim itself: whichever workflow sends it, it is the same message. */
const messageOwner = ({ tenantId, messageKey }: EmailRequest): Operation => {
  const workflowId = emailWorkflowId(tenantId, messageKey);
  return { tenantId, workflowId, runId: workflowId };
};

export function createMessageLedger(store: Store): MessageLedger {
  const { queue, resultKeptMs } = jobTypes['send-email'];
  return {
    async claim({ request, fingerprint, now }) {
      const outcome = await store.claims.claim({
        operation: messageOwner(request),
        kind: 'email',
        key: request.messageKey,
        fingerprint,
        queueName: queue,
        jobType: 'send-email',
        now,
        keepForMs: resultKeptMs,
      });
      if (outcome.kind === 'foreign')
        throw new Error(`message ${request.messageKey} is claimed by ${outcome.workflowId}`);
      return outcome;
    },
    settle: async ({ request, result, now }) => {
      const operation = messageOwner(request);
      // Before the claim: a mail that is given up must not be forgotten between the two.
      if (result.status === 'undeliverable') {
        await store.deadLetters.park({
          operation,
          queueName: queue,
          jobType: 'send-email',
          step: 'send',
          error: result.reason,
          attempts: (await store.sentCalls.read({ ...operation, step: 'send' })).sent,
          moneyMoved: 'none',
          data: { template: request.message.template, paymentKey: request.message.paymentKey },
        });
      }
      await store.claims.settle({ operation, kind: 'email', key: request.messageKey, result, now });
    },
  };
}
