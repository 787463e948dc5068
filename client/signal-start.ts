/** Starts what an event of the provider begins, or has the run that there is hear of it. */
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { type ProviderEvent, providerEventSignal } from '../contracts/messages.ts';
import { mayBeClosed, translate } from './temporal-errors.ts';

type StartOptions = Omit<WorkflowStartOptions, 'args'> & { workflowId: string; args: readonly unknown[] };

export async function signalled(
  client: Client,
  type: string,
  { args, ...options }: StartOptions,
  event: ProviderEvent,
): Promise<'delivered' | 'closed'> {
  try {
    await client.workflow.signalWithStart(type, {
      ...options,
      args: [...args],
      signal: providerEventSignal,
      signalArgs: [event],
    });
    return 'delivered';
  } catch (error) {
    if (mayBeClosed(error)) return 'closed';
    throw translate(error, options.workflowId);
  }
}
