/** Queues and their jobs as Temporal knows them now. Only looks. */
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { InvalidIdError, idPartPattern } from '../contracts/ids.ts';
import { jobTypeOf } from '../contracts/job-ends.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { InvalidRequestError } from '../contracts/schema/validate.ts';
import {
  type Job,
  type JobFilter,
  type JobPage,
  type JobQueue,
  type JobStatus,
  type QueueView,
  type QueueWorker,
} from '../contracts/queue-views.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { isWorkflowQueue, type TaskQueue } from '../contracts/task-queues.ts';
import { forNobody, forPerson, jobsOn, running } from '../contracts/visibility.ts';
import { InvalidOrderError } from './errors.ts';
import {
  type Backlog,
  backlogOf,
  describeRequest,
  type Described,
  numberOf,
  secondsOf,
  type Service,
  type TaskKind,
  together,
  type WireTime,
} from './queue-wire.ts';
import { translate } from './temporal-errors.ts';

export interface QueueReads {
  /** @throws UnavailableError */
  queue(queue: TaskQueue): Promise<QueueView>;
  /** Jobs of one tenant, the running ones first. @throws UnavailableError, InvalidOrderError (no such cursor) */
  jobs(tenantId: string, queue: JobQueue, filter?: JobFilter): Promise<JobPage>;
}

type Execution = NonNullable<Awaited<ReturnType<Service['listWorkflowExecutions']>>['executions']>[number];

/** A person waits for the answer; with the pauses between its tries the SDK may take twice as long. Milliseconds. */
const defaultCallMs = 5_000;
const defaultLimit = 50;

export function createQueueReads(client: Client, { callMs = defaultCallMs } = {}): QueueReads {
  const { namespace } = client.options;

  async function call<T>(about: string, made: (service: Service) => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + callMs, () => made(client.workflowService));
    } catch (error) {
      throw translate(error, about);
    }
  }
  const describe = (queue: TaskQueue, kind: TaskKind) => {
    const request = { ...describeRequest(namespace, queue, kind), reportConfig: true };
    return call(queue, (service) => service.describeTaskQueue(request));
  };
  const count = async (queue: JobQueue, clause: string) => {
    const query = `${jobsOn(queue)} AND ${running} AND ${clause}`;
    return numberOf((await call(queue, (service) => service.countWorkflowExecutions({ namespace, query }))).count);
  };

  return {
    async queue(queue) {
      if (!isWorkflowQueue(queue)) {
        const activities = await describe(queue, 'activity');
        return { queue, ...backlogAndWorkers([activities]), paused: isHeld(activities) };
      }
      const [workflows, activities, active, waitingForPerson] = await Promise.all([
        describe(queue, 'workflow'),
        describe(queue, 'activity'),
        count(queue, forNobody),
        count(queue, forPerson),
      ]);
      return { queue, ...backlogAndWorkers([workflows, activities]), active, waitingForPerson };
    },

    async jobs(tenantId, queue, filter = {}) {
      const { limit: pageSize = defaultLimit, cursor } = filter;
      const query = queryOf(tenantId, queue, filter);
      const nextPageToken = cursor === undefined ? {} : { nextPageToken: tokenOf(query, cursor) };
      const page = await call(queue, (service) =>
        service.listWorkflowExecutions({ namespace, query, pageSize, ...nextPageToken }),
      );
      const next = page.nextPageToken ?? [];
      return {
        jobs: (page.executions ?? []).map(jobOf),
        ...(next.length > 0 ? { nextCursor: markOf(query) + Buffer.from(next).toString('base64url') } : {}),
      };
    },
  };
}

/** A cursor begins with the mark of its query: what the server says of a token that it does not know is no help. */
const markOf = (query: string) => createHash('sha256').update(query).digest('hex').slice(0, 8);

function tokenOf(query: string, cursor: string): Uint8Array {
  const mark = markOf(query);
  if (!cursor.startsWith(mark)) throw wrongCursor();
  return Buffer.from(cursor.slice(mark.length), 'base64url');
}

function wrongCursor(): InvalidOrderError {
  const faults = [{ field: 'cursor', accepted: 'cursor: the nextCursor of the page before, for the same filter' }];
  return new InvalidOrderError(faults, new InvalidRequestError(faults));
}

const idPart = new RegExp(idPartPattern);
/** Other names match nothing. */
const workflowTypeOf = (jobType: string) =>
  Object.values(workflowTypes).find((type) => jobTypeOf(type) === jobType) ?? '';
/** What goes on as new has not ended. */
const executionStatuses: Readonly<Record<JobStatus, string>> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  timed_out: 'TimedOut',
};
/** By their numbers on the wire. */
const statusByNumber: Readonly<Record<number, JobStatus>> = {
  1: 'running',
  2: 'completed',
  3: 'failed',
  4: 'cancelled',
  5: 'terminated',
  7: 'timed_out',
};

/** The tenant's clause is what keeps tenants apart, so it is never left out. */
function queryOf(tenantId: string, queue: JobQueue, { status, jobType, attention }: JobFilter): string {
  if (!idPart.test(tenantId)) throw new InvalidIdError('tenantId', tenantId);
  return [
    `${searchAttributes.tenant.name} = '${tenantId}'`,
    jobsOn(queue),
    status === undefined ? "ExecutionStatus != 'ContinuedAsNew'" : `ExecutionStatus = '${executionStatuses[status]}'`,
    ...(jobType === undefined ? [] : [`WorkflowType = '${workflowTypeOf(jobType)}'`]),
    ...(attention === undefined ? [] : [`${searchAttributes.attention.name} = '${attention}'`]),
  ].join(' AND ');
}

const timeOf = (time: WireTime | null | undefined) => new Date(secondsOf(time) * 1_000).toISOString();

function backlogAndWorkers(described: readonly Described[]): Backlog & Pick<QueueView, 'workers'> {
  const workers = new Map<string, QueueWorker>();
  for (const { pollers } of described)
    for (const { identity, lastAccessTime } of pollers ?? []) {
      const seen = { identity: identity ?? '', lastSeenAt: timeOf(lastAccessTime) };
      if ((workers.get(seen.identity)?.lastSeenAt ?? '') < seen.lastSeenAt) workers.set(seen.identity, seen);
    }
  return {
    ...together(described.map(backlogOf)),
    workers: [...workers.values()].toSorted((a, b) => a.identity.localeCompare(b.identity)),
  };
}

function isHeld({ config }: Described): boolean {
  const limit = config?.queueRateLimit?.rateLimit;
  return limit ? !limit.requestsPerSecond : false;
}

function jobOf({ execution, type, status, startTime, closeTime, searchAttributes: given }: Execution): Job {
  const attribute = (name: string): string | undefined => {
    const payload = given?.indexedFields?.[name];
    const value: unknown = payload && defaultPayloadConverter.fromPayload(payload);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === 'string' ? first : undefined;
  };
  const stage = attribute(searchAttributes.stage.name);
  const attention = attribute(searchAttributes.attention.name);
  return {
    workflowId: execution?.workflowId ?? '',
    runId: execution?.runId ?? '',
    jobType: jobTypeOf(type?.name ?? ''),
    status: statusByNumber[status ?? 1] ?? 'running',
    ...(stage === undefined ? {} : { stage }),
    ...(attention === undefined ? {} : { attention }),
    startedAt: timeOf(startTime),
    ...(closeTime ? { closedAt: timeOf(closeTime) } : {}),
  };
}
