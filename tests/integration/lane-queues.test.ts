/** A lane's task queue on a real server: held, freed and weighed. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { UnavailableError } from '../../client/index.ts';
import { createLaneQueues, type LaneQueues } from '../../client/lane-queues.ts';
import type { LaneName } from '../../contracts/task-queues.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';

type Request = Parameters<Connection['workflowService']['describeTaskQueue']>[0];
/** TASK_QUEUE_TYPE_ACTIVITY, of which the client's package exports no name. */
const taskQueueType = 2 as unknown as NonNullable<Request['taskQueueType']>;

let connection: Connection;
let client: Client;
let queues: LaneQueues;
/** No worker serves it, and each test has its own: any queue can be a lane's. */
let lane: LaneName;

beforeAll(async () => {
  const { address, namespace } = (await readEndpoints(inject('worldDir'))).temporal;
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  queues = createLaneQueues(client);
});
afterAll(() => connection.close());
beforeEach(() => {
  lane = `lane-${randomUUID()}` as LaneName;
});

const enqueue = (fairnessKey = 'acme:arena') =>
  client.activity.start('charge', {
    id: `${fairnessKey.replace(':', '-')}-${randomUUID()}`,
    taskQueue: lane,
    startToCloseTimeout: '1m',
    priority: { fairnessKey },
  });

/** The id of the task that is handed out within the time; undefined when none is. Less than 3 s is the server's no. */
async function handedOut(withinMs: number): Promise<string | undefined> {
  const task = await connection
    .withDeadline(Date.now() + withinMs, () =>
      connection.workflowService.pollActivityTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: lane },
      }),
    )
    .catch((error: { code?: number }) =>
      error.code === deadlineExceeded ? undefined : Promise.reject(error as Error),
    );
  return task?.activityId || undefined;
}
const deadlineExceeded = 4;

async function handedOutOf(count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const id = await handedOut(10_000);
    if (id === undefined) break;
    ids.push(id);
  }
  return ids;
}

it('a held queue hands out nothing, and a freed one does again soon', async () => {
  await enqueue();
  expect(await handedOut(10_000)).toBeDefined();
  expect(await queues.isHeld(lane)).toBe(false);
  await queues.hold(lane, 'x'.repeat(2_000));
  expect(await queues.isHeld(lane)).toBe(true);
  for (let task = 1; task <= 3; task += 1) await enqueue();
  expect(await handedOut(2_500)).toBeUndefined();
  await queues.hold(lane, 'again');
  await queues.free(lane, 'go on');
  expect(await queues.isHeld(lane)).toBe(false);
  expect(await handedOutOf(3)).toHaveLength(3);
});

it('weights give venues their shares, until they are taken back', async () => {
  await queues.weigh(lane, { 'acme:big': 9, 'acme:other': 1 });
  const ids = ['acme:big', 'acme:small'].flatMap((key) => Array.from({ length: 20 }, () => key));
  for (const key of ids) await enqueue(key);
  const first = await handedOutOf(20);
  expect(first.filter((id) => id.startsWith('acme-big')).length).toBeGreaterThanOrEqual(16);
  const overrides = async () => {
    const { namespace } = client.options;
    const request: Request = { namespace, taskQueue: { name: lane }, taskQueueType, reportConfig: true };
    const answer = await connection.workflowService.describeTaskQueue(request);
    return answer.config?.fairnessWeightOverrides;
  };
  expect(await overrides()).toEqual({ 'acme:big': 9, 'acme:other': 1 });
  await queues.weigh(lane, { 'acme:big': null });
  await expect.poll(overrides).toEqual({ 'acme:other': 1 });
});

it('says so when Temporal is away', async () => {
  const away = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  await expect(createLaneQueues(away, { callMs: 300 }).hold(lane, 'why')).rejects.toBeInstanceOf(UnavailableError);
  await away.connection.close();
});
