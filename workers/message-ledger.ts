/** The claims of mails and text messages, and the dead letters of those that were given up. */
import type { MessageLedger, Operation } from '../activities/ports.ts';
import { emailWorkflowId, smsWorkflowId } from '../contracts/ids.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { EmailRequest } from '../contracts/mail.ts';
import type { SmsRequest } from '../contracts/sms.ts';
import type { ClaimOutcome, ClaimResults, Store } from '../store/index.ts';

type Kind = 'email' | 'sms';
type Requests = { email: EmailRequest; sms: SmsRequest };

const jobs = {
  email: { jobType: 'send-email', idOf: emailWorkflowId },
  sms: { jobType: 'send-sms', idOf: smsWorkflowId },
} as const;

/** All that it takes to send it again: ids only. */
const dataOf = (request: Requests[Kind]) => ({
  ...request.message,
  ...('emailRef' in request ? { emailRef: request.emailRef } : { phoneRef: request.phoneRef }),
});

function createLedger<Of extends Kind>(store: Store, kind: Of): MessageLedger<Requests[Of], ClaimResults[Of]> {
  const { jobType, idOf } = jobs[kind];
  const { queue, resultKeptMs } = jobTypes[jobType];
  /** A message owns its claim itself: whichever workflow sends it, it is the same message. */
  const ownerOf = ({ tenantId, messageKey }: Requests[Kind]): Operation => {
    const workflowId = idOf(tenantId, messageKey);
    return { tenantId, workflowId, runId: workflowId };
  };
  return {
    async claim({ request, fingerprint, now }) {
      const outcome: ClaimOutcome<ClaimResults[Of]> = await store.claims.claim({
        operation: ownerOf(request),
        kind,
        key: request.messageKey,
        fingerprint,
        queueName: queue,
        jobType,
        now,
        keepForMs: resultKeptMs,
      });
      if (outcome.kind === 'foreign')
        throw new Error(`message ${request.messageKey} is claimed by ${outcome.workflowId}`);
      return outcome;
    },
    async settle({ request, result, now, round = 0 }) {
      const operation = ownerOf(request);
      // Before the claim: a message that is given up must not be forgotten between the two, nor its letter left open.
      if (result.status === 'undeliverable') {
        await store.deadLetters.park({
          operation,
          queueName: queue,
          jobType,
          step: 'send',
          error: result.reason,
          attempts: (await store.sentCalls.read({ ...operation, step: 'send' })).sent,
          moneyMoved: 'none',
          data: dataOf(request),
        });
      } else if (round > 0) {
        await store.deadLetters.unpark({ operation, step: 'send', outcome: result.status });
      }
      await store.claims.settle({ operation, kind, key: request.messageKey, result, now });
    },
  };
}

export const createMessageLedger = (store: Store) => createLedger(store, 'email');
export const createSmsLedger = (store: Store) => createLedger(store, 'sms');
