/** A task queue's backlog, asked of Temporal and read off the wire. */
import type { Client } from '@temporalio/client';
import type { TaskQueue } from '../contracts/task-queues.ts';

export type Service = Client['workflowService'];
type DescribeRequest = Parameters<Service['describeTaskQueue']>[0];
export type Described = Awaited<ReturnType<Service['describeTaskQueue']>>;

/** TASK_QUEUE_TYPE_…: the client's package exports no names for them. */
const kinds = { workflow: 1, activity: 2 } as const;
export type TaskKind = keyof typeof kinds;

export function describeRequest(namespace: string, queue: TaskQueue, kind: TaskKind) {
  const taskQueueType = kinds[kind] as unknown as NonNullable<DescribeRequest['taskQueueType']>;
  return { namespace, taskQueue: { name: queue }, taskQueueType, reportStats: true };
}

/** The wire's 64-bit integers, which are objects or absent. */
export const numberOf = (value: { toString(): string } | number | null | undefined) => Number(String(value ?? 0));

export interface WireTime {
  seconds?: { toString(): string } | number | null;
  nanos?: number | null;
}
export const secondsOf = (time: WireTime | null | undefined) => numberOf(time?.seconds) + (time?.nanos ?? 0) / 1e9;

/** Tasks that nobody has taken yet. */
export interface Backlog {
  waiting: number;
  /** Age of the oldest of them; 0 where there is none. Seconds. */
  oldestSeconds: number;
}

export function backlogOf({ stats }: Described): Backlog {
  const waiting = numberOf(stats?.approximateBacklogCount);
  return { waiting, oldestSeconds: waiting === 0 ? 0 : secondsOf(stats?.approximateBacklogAge) };
}

/** Of a queue whose tasks are of several kinds. */
export const together = (backlogs: readonly Backlog[]): Backlog => ({
  waiting: backlogs.reduce((sum, { waiting }) => sum + waiting, 0),
  oldestSeconds: Math.max(...backlogs.map(({ oldestSeconds }) => oldestSeconds)),
});
