/** The monitor, over Temporal: started where there is none, asked, and configured. */
import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import { monitorWorkflowId, platform } from '../contracts/ids.ts';
import { configureUpdate, monitorStatusQuery, workflowTypes } from '../contracts/messages.ts';
import type { ConfigureRequest, MonitorStatus } from '../contracts/monitor.ts';
import { startedWith } from './start-attributes.ts';
import { failureTypes } from '../contracts/failures.ts';
import { UnavailableError } from './errors.ts';
import { isRefusedAs, translate } from './temporal-errors.ts';

const monitorStart = {
  workflowId: monitorWorkflowId,
  taskQueue: 'monitoring',
  // One for each namespace. Somebody may have ended it: then it begins anew.
  workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
  workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  typedSearchAttributes: startedWith({ tenantId: platform, stage: 'watching' }),
  staticSummary: 'Watches queues, lanes and books, and tells people',
  staticDetails:
    'It never ends. Terminated, it is started anew by a worker, and forgets what people set with `configure`.',
};

/** Milliseconds that a call may take; recording a change may take most of them. */
const askMs = 10_000;

/** Starts the monitor, or leaves the one that runs as it is. */
export async function startMonitor(client: Client): Promise<void> {
  const start = { ...monitorStart, args: [{}] };
  await client.withDeadline(Date.now() + askMs, () => client.workflow.start(workflowTypes.monitor, start));
}

export interface MonitorControl {
  /** @throws NotFoundError where no monitor was ever started; UnavailableError */
  status(): Promise<MonitorStatus>;
  /** Recorded with actor and reason before it holds. @throws UnavailableError: unknown whether it does; send it again. */
  configure(request: ConfigureRequest): Promise<MonitorStatus>;
}

export function createMonitorControl(client: Client): MonitorControl {
  const handle = client.workflow.getHandle(monitorWorkflowId);
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + askMs, question);
    } catch (error) {
      if (isRefusedAs(error, failureTypes.notRecorded)) throw new UnavailableError('The database', error);
      throw translate(error, monitorWorkflowId);
    }
  };
  return {
    status: () => ask(() => handle.query(monitorStatusQuery)),
    configure: (request) => ask(() => handle.executeUpdate(configureUpdate, { args: [request] })),
  };
}
