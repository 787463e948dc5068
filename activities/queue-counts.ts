/** What Temporal knows of queues and of the workflows on them, in a number of calls that is counted and limited. */
import type { Client } from '@temporalio/client';
import {
  type Backlog,
  backlogOf,
  describeRequest,
  numberOf,
  type Service,
  type TaskKind,
} from '../client/queue-wire.ts';
import type { TaskQueue } from '../contracts/task-queues.ts';
import type { StartsPage } from './oldest-job.ts';

/** As much of the SDK's client as this needs. */
export type CountingClient = Pick<Client, 'options' | 'withDeadline' | 'workflowService'>;

export interface QueueCounts {
  backlog(queue: TaskQueue, kind: TaskKind): Promise<Backlog>;
  count(query: string): Promise<number>;
  /** By the names of the statuses that there are. */
  countByStatus(query: string): Promise<Readonly<Record<string, number>>>;
  /** One page of what matches; the newest of it, as far as the server sorts. */
  starts(query: string, pageSize: number): Promise<StartsPage>;
  /** Calls so far. */
  readonly calls: number;
}

type Groups = NonNullable<Awaited<ReturnType<Service['countWorkflowExecutions']>>['groups']>;

function byStatus(groups: Groups): Record<string, number> {
  const counted = groups.flatMap(({ groupValues, count }) => {
    const data = groupValues?.[0]?.data;
    return data ? [[String(JSON.parse(Buffer.from(data).toString())), numberOf(count)] as const] : [];
  });
  return Object.fromEntries(counted);
}

/**
 * One budget of calls: what goes beyond `most` is a mistake of ours, and refused. A call ends within `callMs`; where the
 * server refuses it for the moment, the SDK repeats it until then.
 */
export function createQueueCounts(
  client: CountingClient,
  { most, callMs }: { most: number; callMs: number },
): QueueCounts {
  const { namespace } = client.options;
  let calls = 0;
  async function call<T>(made: (service: Service) => Promise<T>): Promise<T> {
    if (calls >= most) throw new RangeError(`a sample may cost ${most} calls to Temporal, and wants more`);
    calls += 1;
    return client.withDeadline(Date.now() + callMs, () => made(client.workflowService));
  }
  const counted = (query: string) => call((service) => service.countWorkflowExecutions({ namespace, query }));

  return {
    get calls() {
      return calls;
    },
    backlog: async (queue, kind) =>
      backlogOf(await call((service) => service.describeTaskQueue(describeRequest(namespace, queue, kind)))),
    count: async (query) => numberOf((await counted(query)).count),
    countByStatus: async (query) => byStatus((await counted(`${query} GROUP BY ExecutionStatus`)).groups ?? []),
    async starts(query, pageSize) {
      const { executions, nextPageToken } = await call((service) =>
        service.listWorkflowExecutions({ namespace, query, pageSize }),
      );
      const starts = (executions ?? []).map(
        // Rounded up: asked for what started until then, the server answers with this one, too.
        ({ startTime }) => numberOf(startTime?.seconds) * 1_000 + Math.ceil((startTime?.nanos ?? 0) / 1e6),
      );
      return { starts, whole: (nextPageToken?.length ?? 0) === 0 };
    },
  };
}
