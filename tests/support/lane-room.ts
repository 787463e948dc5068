/** Jobs of one paced call each, on the engine of the shared world, with a lane, a Valkey and a Stripe of their own. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { createJobWorker, type JobRoom } from '../../bench/jobs.ts';
import { createBenchLanes } from '../../bench/lane-caller.ts';
import { callStep } from '../../bench/lane-job.ts';
import { createLaneRunner, keyOfJob } from '../../bench/lane-runner.ts';
import { createLaneQueues } from '../../client/lane-queues.ts';
import { readLimits } from '../../contracts/lane-limits.ts';
import { controlledLanes } from '../../contracts/lane-words.ts';
import type { LaneName } from '../../contracts/task-queues.ts';
import { createPool } from '../../infrastructure/postgres.ts';
import { createLaneControl, type RunningLaneControl } from '../../lanes/control.ts';
import { coldMs } from '../../lanes/pace.ts';
import type { RedisPace } from '../../lanes/redis-pace.ts';
import { readEndpoints } from '../../sandbox/endpoints.ts';
import type { CallEntry } from '../../sandbox/sim/call-log.ts';
import { createStripeSimulator, type StripeSimulator } from '../../sandbox/stripe/simulator.ts';
import { createStore, type Store } from '../../store/index.ts';
import { openPace } from './lane-processes.ts';
import { startValkey } from './valkey.ts';

export interface LaneRoom extends JobRoom {
  tag: string;
  /** Of the provider. */
  limits: StripeSimulator['state']['limits'];
  control: RunningLaneControl;
  pace: RedisPace;
  calls(): readonly CallEntry[];
  /** Of a job's only call. */
  callsOf(workflowId: string): readonly CallEntry[];
  sentOf(tenantId: string, workflowId: string): Promise<number>;
  close(): Promise<void>;
}

/** `rateLimit` as in the environment. */
export async function openLaneRoom(rateLimit: string): Promise<LaneRoom> {
  const tag = randomBytes(4).toString('hex');
  const { limits: configured } = readLimits({ RATE_LIMIT_STRIPE: rateLimit });
  const endpoints = await readEndpoints(inject('worldDir'));
  const { address, namespace } = endpoints.temporal;
  const secretKey = `sk_test_${tag}`;
  const simulator = await createStripeSimulator({ secretKey, limits: { perSecond: configured.stripe.perSecond } });
  const valkey = await startValkey();
  const pool = createPool({ url: endpoints.postgres, max: 20, applicationName: 'lane-room' });
  const store: Store = createStore(pool);
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const laneQueue = `stripe-${tag}`;
  const room = { client, taskQueue: `bench-${tag}`, laneQueue };
  const stopping = new AbortController();

  // The control is another process than the worker, as the API is.
  const keeping = { limits: configured, settings: store.lanes };
  const [pace, own] = [await openPace(valkey, keeping), await openPace(valkey, keeping)];
  const workers = [
    await createJobWorker(address, room),
    await createLaneRunner({
      connection: native,
      namespace,
      taskQueue: laneQueue,
      limits: configured.stripe,
      lanes: createBenchLanes({ pace: own, limits: configured, sentCalls: store.sentCalls, stopping: stopping.signal }),
      account: { secretKey, apiBase: simulator.url },
    }),
  ];
  const ended = Promise.all(workers.map((worker) => worker.run()));

  const queues = createLaneQueues(client);
  const ours = (lane: LaneName) => (lane === 'stripe' ? laneQueue : `${lane}-${tag}`) as LaneName;
  const control = createLaneControl({
    pace,
    records: store.lanes,
    queues: {
      hold: (lane, reason) => queues.hold(ours(lane), reason),
      free: (lane, reason) => queues.free(ours(lane), reason),
      isHeld: (lane) => queues.isHeld(ours(lane)),
      weigh: (lane, weights) => queues.weigh(ours(lane), weights),
    },
    lanes: controlledLanes,
    failed: () => undefined,
  });
  await pace.status('stripe');
  await delay(coldMs);

  const calls = () => simulator.state.log.list();
  return {
    ...room,
    tag,
    limits: simulator.state.limits,
    control,
    pace,
    calls,
    callsOf: (workflowId) => calls().filter(({ idempotencyKey }) => idempotencyKey === keyOfJob(workflowId)),
    sentOf: async (tenantId, workflowId) => (await store.sentCalls.read({ tenantId, workflowId, step: callStep })).sent,
    close: async () => {
      stopping.abort();
      for (const worker of workers) worker.shutdown();
      await ended;
      control.close();
      await Promise.all([pace.close(), own.close()]);
      await Promise.all([native.close(), connection.close(), pool.end(), simulator.close()]);
      await valkey.stop();
    },
  };
}
