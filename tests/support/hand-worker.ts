/**
 * Workflows whose course is their type's name, played task by task over the wire: no bundle, no worker, and every ending
 * that a run can have. On a namespace of its own, so that nobody else's jobs are counted.
 */
import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowStartOptions } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import type { SampledQueue } from '../../contracts/monitor.ts';

type Service = Connection['workflowService'];
type Completion = Parameters<Service['respondWorkflowTaskCompleted']>[0];
type Command = NonNullable<Completion['commands']>[number];
type Attributes = Parameters<Connection['operatorService']['addSearchAttributes']>[0]['searchAttributes'];
type Retention = Parameters<Service['registerNamespace']>[0]['workflowExecutionRetentionPeriod'];

/** INDEXED_VALUE_TYPE_…, COMMAND_TYPE_…: the client's package exports no names for them. */
const types = { KEYWORD: 2, INT: 3 } as const;
const command = (commandType: number, attributes: Command) => ({ commandType, ...attributes }) as unknown as Command;

const json = (value: unknown, type?: string) => ({
  metadata: {
    encoding: Buffer.from('json/plain'),
    ...(type === undefined ? {} : { type: Buffer.from(type) }),
  },
  data: Buffer.from(JSON.stringify(value)),
});
const result = (status: string) => ({ payloads: [json({ status })] });

/** A task that is not there by then does not come. Milliseconds. */
const pollMs = 20_000;

export type Course = 'completes' | 'declines' | 'runs' | 'parks' | 'fails' | 'continues' | 'asks-another';

const courses: Readonly<Record<Course, (queue: string) => Command[]>> = {
  completes: () => [command(4, { completeWorkflowExecutionCommandAttributes: { result: result('completed') } })],
  declines: () => [command(4, { completeWorkflowExecutionCommandAttributes: { result: result('declined') } })],
  runs: () => [],
  parks: () => [
    command(13, {
      upsertWorkflowSearchAttributesCommandAttributes: {
        searchAttributes: { indexedFields: { [searchAttributes.attention.name]: json('review', 'Keyword') } },
      },
    }),
  ],
  fails: () => [command(5, { failWorkflowExecutionCommandAttributes: { failure: { message: 'a bug' } } })],
  continues: (queue) => [
    command(10, {
      continueAsNewWorkflowExecutionCommandAttributes: {
        workflowType: { name: 'runs' },
        taskQueue: { name: queue },
      },
    }),
  ],
  'asks-another': (queue) => [
    command(11, {
      startChildWorkflowExecutionCommandAttributes: {
        workflowId: `child-${randomUUID()}`,
        workflowType: { name: 'completes' },
        taskQueue: { name: queue },
      },
    }),
  ],
};

export interface HandWorker {
  client: Client;
  /** Waits for its first task. */
  start(
    course: Course,
    options?: Partial<WorkflowStartOptions> & { queue?: SampledQueue; attention?: string },
  ): Promise<string>;
  /** Plays the next so many tasks of the queue. */
  play(tasks: number, queue?: SampledQueue): Promise<void>;
  /** Until visibility shows as many. */
  shows(query: string, count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startHandWorker(address: string): Promise<HandWorker> {
  const connection = await Connection.connect({ address });
  const namespace = `hand-${randomUUID()}`;
  const retention = { seconds: 86_400 } as unknown as Retention;
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention });
  const added = Object.values(searchAttributes).map(({ name, type }) => [name, types[type]] as const);
  const attributes = Object.fromEntries(added) as unknown as Attributes;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: attributes });
  const client = new Client({ connection, namespace });
  const service = connection.workflowService;

  async function playOne(queue: string): Promise<void> {
    const task = await connection.withDeadline(Date.now() + pollMs, () =>
      service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: queue }, identity: 'hand' }),
    );
    if (!task.taskToken?.length) throw new Error(`no task on ${queue} within the server's poll`);
    const { name } = task.workflowType as { name: Course };
    await service.respondWorkflowTaskCompleted({
      namespace,
      taskToken: task.taskToken,
      // Once: a parent hears of its child later on.
      commands: String(task.previousStartedEventId ?? 0) === '0' ? courses[name](queue) : [],
      identity: 'hand',
    });
  }

  return {
    client,
    async start(course, { queue = 'money', attention, ...options } = {}) {
      const pair = { key: searchAttributes.attention, value: attention ?? 'none' };
      const { workflowId } = await client.workflow.start(course, {
        workflowId: `${course}-${randomUUID()}`,
        taskQueue: queue,
        // As those of ours that never came to rest and set none.
        ...(attention === undefined ? {} : { typedSearchAttributes: [pair] }),
        ...options,
      });
      return workflowId;
    },
    async play(tasks, queue = 'money') {
      const lanes = Math.min(8, tasks);
      let left = tasks;
      const playSome = async () => {
        while ((left -= 1) >= 0) await playOne(queue);
      };
      await Promise.all(Array.from({ length: lanes }, playSome));
    },
    async shows(query, count) {
      const until = Date.now() + 20_000;
      for (;;) {
        const { count: shown } = await client.workflow.count(query);
        if (shown === count) return;
        if (Date.now() > until) throw new Error(`${shown} instead of ${count} match ${query}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    close: () => connection.close(),
  };
}
