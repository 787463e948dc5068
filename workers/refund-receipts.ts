/** The receipt of a refund: a mail of its own, which the refund does not wait for. */
import type { Client } from '@temporalio/client';
import type { RecordPorts } from '../activities/records.ts';
import { startEmail } from '../client/index.ts';
import { refundReceiptKeyOf } from '../contracts/hashes.ts';
import { parseWorkflowId } from '../contracts/ids.ts';
import type { EmailRequest } from '../contracts/mail.ts';
import type { Store } from '../store/index.ts';

type Refunds = RecordPorts['refunds'];

/** Undefined where there is nobody to write to. */
async function receiptOf(store: Store, tenantId: string, workflowId: string): Promise<EmailRequest | undefined> {
  const refundId = parseWorkflowId(workflowId)?.key;
  if (refundId === undefined) return undefined;
  const paymentKey = (await store.refunds.get(tenantId, refundId))?.refund?.paymentKey;
  const emailRef = paymentKey && (await store.payments.get(tenantId, paymentKey))?.sale?.emailRef;
  if (!emailRef) return undefined;
  return {
    tenantId,
    messageKey: refundReceiptKeyOf(workflowId),
    emailRef,
    message: { template: 'refund-confirmation', refundId },
  };
}

/**
 * Settles first, and starts the mail then: whatever comes between the two runs the settling again, which answers the stored
 * result, and a mail that was started before counts as done. So each completed refund has one, and no other end has any.
 */
export const withReceipts = (store: Store, temporal: Client): Refunds => ({
  ...store.refunds,
  settle: async (ending) => {
    const result = await store.refunds.settle(ending);
    if (result.status !== 'completed') return result;
    const { tenantId, workflowId } = ending.operation;
    const receipt = await receiptOf(store, tenantId, workflowId);
    if (receipt) await startEmail(temporal, receipt);
    return result;
  },
});
