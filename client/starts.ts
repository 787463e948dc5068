/**
 * Whether an update-with-start started its workflow or joined a running one. The server says so in the start half of its
 * answer (`started`), and the SDK's handle drops that half, so the connection is listened to. A start that the transport
 * had to repeat is reported as joined: true is certain, false is "this key is known already".
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Client, WorkflowClient } from '@temporalio/client';

export interface StartSeen {
  /** Absent until the server has answered. */
  started?: boolean;
  runId?: string;
}

export interface StartWatch {
  /** As `client.workflow`, except that starts are seen. */
  readonly workflow: WorkflowClient;
  /** Runs `call`; what it starts is noted in `seen`, whether `call` returns or throws. */
  note<T>(seen: StartSeen, call: () => Promise<T>): Promise<T>;
}

type Service = Client['workflowService'];

export function watchStarts(client: Client): StartWatch {
  const noted = new AsyncLocalStorage<StartSeen>();
  const service = client.workflowService;
  const executeMultiOperation = async (request: Parameters<Service['executeMultiOperation']>[0]) => {
    const response = await service.executeMultiOperation(request);
    const start = response.responses?.[0]?.startWorkflow;
    const seen = noted.getStore();
    // The SDK asks again until the update is durable; only the first answer tells who was new.
    if (start && seen && seen.started === undefined) {
      seen.started = start.started ?? false;
      if (start.runId) seen.runId = start.runId;
    }
    return response;
  };
  const connection: Client['connection'] = Object.create(client.connection, {
    workflowService: { value: Object.create(service, { executeMultiOperation: { value: executeMultiOperation } }) },
  });
  return {
    workflow: new WorkflowClient({ ...client.workflow.options, connection }),
    note: (seen, call) => noted.run(seen, call),
  };
}
