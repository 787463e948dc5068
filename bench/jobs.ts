/** Starting jobs of the measurement, and waiting for them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { fairnessKeyOf } from '../client/start-options.ts';
import { ensureBundle } from '../workers/bundle.ts';
import { benchQueue, laneJobType, type LaneJobInput } from './lane-job.ts';

export interface Wish {
  /** Jobs are found again by it; no two wishes of a world share one. */
  name: string;
  count: number;
  tenantId: string;
  venueId: string;
  priority: 1 | 2 | 3 | 4 | 5;
}

export interface StartedJob {
  workflowId: string;
  /** When its start was asked for. Epoch milliseconds. */
  startedAt: number;
}

export interface JobRoom {
  client: Client;
  /** Task queue of the jobs' workflows. */
  taskQueue: string;
  laneQueue: string;
}

export const laneRoom = (client: Client): JobRoom => ({ client, taskQueue: benchQueue, laneQueue: 'stripe' });

/** More at once only wait for each other in the server. */
const startsAtOnce = 16;
const lookEveryMs = 1_000;

/** Runs the jobs' workflows in this process. */
export async function createJobWorker(address: string, room: JobRoom): Promise<Worker> {
  const connection = await NativeConnection.connect({ address });
  return Worker.create({
    connection,
    namespace: room.client.options.namespace,
    taskQueue: room.taskQueue,
    workflowBundle: { codePath: await ensureBundle(['bench', 'contracts'], 'bench/workflows') },
    // One that is thrown out of the cache is read and replayed again, which would be measured, too.
    maxCachedWorkflows: 10_000,
    shutdownGraceTime: '5 seconds',
  });
}

/** Resolves when all of them are started. */
export async function startJobs(room: JobRoom, wish: Wish): Promise<StartedJob[]> {
  const { name, count, tenantId, venueId, priority } = wish;
  const input: LaneJobInput = { tenantId, laneQueue: room.laneQueue };
  const started: StartedJob[] = [];
  let next = 0;
  const starter = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const job = { workflowId: `lane-job:${tenantId}:${name}-${next}`, startedAt: Date.now() };
      started.push(job);
      await room.client.workflow.start(laneJobType, {
        taskQueue: room.taskQueue,
        workflowId: job.workflowId,
        args: [input],
        priority: { priorityKey: priority, fairnessKey: fairnessKeyOf(tenantId, venueId) },
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(startsAtOnce, count) }, starter));
  return started;
}

/** How many of a wish's jobs have ended, and how many of those as they should. */
async function endsOf({ client }: JobRoom, { name, tenantId }: Wish): Promise<{ completed: number; ended: number }> {
  const ours = `WorkflowType = '${laneJobType}' AND WorkflowId STARTS_WITH 'lane-job:${tenantId}:${name}-'`;
  const { groups } = await client.workflow.count(`${ours} GROUP BY ExecutionStatus`);
  const of = (wanted: (status: unknown) => boolean) =>
    groups.filter(({ groupValues }) => wanted(groupValues.flat()[0])).reduce((sum, { count }) => sum + count, 0);
  return { completed: of((status) => status === 'Completed'), ended: of((status) => status !== 'Running') };
}

/** Waits until every job of the wish has ended. Answers how many ended as they should. */
export async function jobsDone(
  room: JobRoom,
  wish: Wish,
  options: { onProgress?: (done: number) => void; signal?: AbortSignal } = {},
): Promise<number> {
  for (;;) {
    const { completed, ended } = await endsOf(room, wish);
    options.onProgress?.(ended);
    if (ended >= wish.count) return completed;
    await delay(lookEveryMs, undefined, options.signal ? { signal: options.signal } : {});
  }
}
