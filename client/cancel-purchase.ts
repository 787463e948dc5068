import type { Client } from '@temporalio/client';
import { cancelSignal, type CancelRequest } from '../contracts/messages.ts';
import { mayBeClosed, translate } from './temporal-errors.ts';

/** As the update, without waiting for the end; a purchase that has ended is left as it is. For activities. */
export async function cancelPurchase(client: Client, workflowId: string, request: CancelRequest): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(cancelSignal, request);
  } catch (error) {
    if (!mayBeClosed(error)) throw translate(error, workflowId);
  }
}
