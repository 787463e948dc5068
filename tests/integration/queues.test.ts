/** Queues over HTTP in front of the real Temporal, and what a worker counts of the jobs on them. */
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Boxoffice, createBoxoffice } from '../../client/index.ts';
import type { JobPage } from '../../contracts/queue-views.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import { openShop, type Shop } from '../support/purchases.ts';

let shop: Shop;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  shop = await openShop(await readEndpoints(inject('worldDir')));
  const { address, namespace } = shop.endpoints.temporal;
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
});
afterAll(async () => {
  await shop.close();
  await connection.close();
});

const as = (tenant: string, role: string): Boxoffice => {
  const api = { url: shop.endpoints.api, token: shop.endpoints.tokens[tenant]![role]! };
  return createBoxoffice({ temporal: { client }, api });
};

/** Of the worker's counter, all labels together. */
async function counted(name: string): Promise<number> {
  const text = await (await fetch(shop.endpoints.metrics)).text();
  const samples = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('a purchase is counted where it ends, and seen by its tenant alone', async () => {
  const before = await counted('payments_processed_total');
  const cents = await counted('payment_amount_total_cents');
  const order = shop.order();
  const handle = await shop.boxoffice.payments.purchase(order);
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  // What another file left to end may end now.
  await expect.poll(() => counted('payments_processed_total')).toBeGreaterThanOrEqual(before + 1);
  expect(await counted('payment_amount_total_cents')).toBeGreaterThanOrEqual(cents + order.amount);

  const mine = as('acme', 'viewer').queues;
  const found = (page: JobPage) => page.jobs.find(({ workflowId }) => workflowId === handle.workflowId);
  await expect
    .poll(async () => found(await mine.jobs('money', { status: 'completed', jobType: 'payment-process', limit: 200 })))
    .toMatchObject({ jobType: 'payment-process', status: 'completed', stage: 'completed' });
  expect(found(await mine.jobs('money', { status: 'running' }))).toBeUndefined();
  expect(found(await mine.jobs('communication'))).toBeUndefined();
  const others = await as('globex', 'admin').queues.jobs('money', { limit: 200 });
  expect(others.jobs.filter(({ workflowId }) => !workflowId.includes(':globex:'))).toEqual([]);
});

it('jobs come in pages, each once', async () => {
  for (let bought = 0; bought < 2; bought += 1) await shop.boxoffice.payments.purchase(shop.order());
  const { queues } = as('acme', 'viewer');
  const first = await queues.jobs('money', { limit: 1 });
  const second = await queues.jobs('money', { limit: 1, ...(first.nextCursor ? { cursor: first.nextCursor } : {}) });
  expect([first.jobs.length, second.jobs.length]).toEqual([1, 1]);
  expect(first.jobs[0]!.workflowId).not.toBe(second.jobs[0]!.workflowId);
  await expect(queues.jobs('money', { cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_request' });
});

it('a queue says what waits, what runs and who asks for its tasks', async () => {
  const { queues } = as('acme', 'viewer');
  const count = expect.any(Number) as number;
  const workers = [{ identity: expect.any(String) as string, lastSeenAt: expect.any(String) as string }];
  const common = { waiting: count, oldestSeconds: count, workers: expect.arrayContaining(workers) as typeof workers };
  await expect
    .poll(() => queues.get('money'), { timeout: 10_000 })
    .toEqual({ queue: 'money', ...common, active: count, waitingForPerson: count });
  expect(await queues.get('stripe')).toEqual({ queue: 'stripe', ...common, paused: false });
  const workflowId = `queues-test-${process.pid}`;
  const options = { taskQueue: 'monitoring', workflowId, workflowType: 'nothingServesThis', args: [] };
  const handle = await client.workflow.start(options.workflowType, options);
  await expect.poll(async () => (await queues.get('monitoring')).active).toBeGreaterThan(0);
  // Not terminated: the world's audit takes that for somebody's mistake.
  const { namespace } = shop.endpoints.temporal;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  await expect.poll(() => handle.describe().catch((error: Error) => error.name)).toBe('WorkflowNotFoundError');
});

it('pausing the queue of a lane holds it in Temporal, until it is resumed', async () => {
  const { queues } = as('acme', 'admin');
  try {
    expect(await queues.pause('webhook', 'a test')).toMatchObject({ inForce: true, queue: 'held' });
    expect(await queues.get('webhook')).toMatchObject({ paused: true });
  } finally {
    expect(await queues.resume('webhook', 'a test')).toMatchObject({ inForce: true, queue: 'freed' });
  }
  expect(await queues.get('webhook')).toMatchObject({ paused: false });
});

it('Temporal holds back no queue of workflows, which is why there is no route for that', async () => {
  type Request = Parameters<Connection['workflowService']['updateTaskQueueConfig']>[0];
  const taskQueueType = 1 as unknown as NonNullable<Request['taskQueueType']>;
  const { namespace } = client.options;
  const updateQueueRateLimit = { rateLimit: { requestsPerSecond: 0 }, reason: 'a test' };
  const asked = { namespace, identity: 'test', taskQueue: 'queues-test', taskQueueType, updateQueueRateLimit };
  await expect(connection.workflowService.updateTaskQueueConfig(asked)).rejects.toMatchObject({
    details: expect.stringContaining('workflow task queues is not allowed'),
  });
});
