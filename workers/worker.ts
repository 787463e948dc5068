/** One worker per task queue, all in one process or spread over many by `WORKER_LANES`. */
import { readFile } from 'node:fs/promises';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type LaneLimits, readLimits } from '../contracts/lane-limits.ts';
import { controlledLanes } from '../contracts/lane-words.ts';
import { isWorkflowQueue, laneNames, workflowQueues, type LaneName, type TaskQueue } from '../contracts/task-queues.ts';
import { databaseUrlOf, type Config } from '../infrastructure/config.ts';
import type { Logger } from '../infrastructure/logger.ts';
import type { Metrics } from '../infrastructure/metrics.ts';
import { createPool } from '../infrastructure/postgres.ts';
import { connectionOptions, createTemporalClient } from '../infrastructure/temporal.ts';
import { createBreakers } from '../lanes/breaker.ts';
import { createLaneCaller } from '../lanes/call.ts';
import { connectPace, createWorkerLimiter } from '../lanes/connect.ts';
import { createStore } from '../store/index.ts';
import { laneActivities, type Parts, workflowQueueActivities } from './activities.ts';
import { startMonitor } from '../client/monitor-control.ts';
import { heartbeatInterceptor } from './interceptors/heartbeat.ts';
import { metricsInterceptor } from './interceptors/metrics.ts';
import { createJobSinks } from './job-sinks.ts';
import { startLaneSamples } from './lane-samples.ts';
import { keepMonitor } from './monitor-start.ts';
import { laneWorkerOptions } from './lane-slots.ts';

export type WorkerConfig = Config<
  | 'process'
  | 'temporal'
  | 'database'
  | 'stripe'
  | 'chain'
  | 'mail'
  | 'sms'
  | 'monitor'
  | 'alerts'
  | 'lanes'
  | 'redis'
  | 'worker'
>;

/** A cancel travels back on a heartbeat, so heartbeats are not held back longer than this. */
const heartbeatThrottle = '1 second';
/** After a worker died, its sticky tasks go to the others this soon. */
const stickyTimeout = '2 seconds';
/** A provider that failed is tried again after this. Milliseconds. */
const halfOpenAfterMs = 5_000;

export interface RunningWorkers {
  queues: readonly TaskQueue[];
  /** Stops taking work, lets what runs end within the grace, then closes everything. */
  shutdown(): void;
  /** For readiness: what it waits for when it is away. */
  checks: Readonly<Record<string, () => Promise<unknown>>>;
  /** Resolves when all have stopped; rejects when one failed. */
  ended: Promise<void>;
}

const servedQueues = new Set<TaskQueue>([...(Object.keys(laneActivities) as LaneName[]), ...workflowQueues]);

/** The queues of `WORKER_LANES`, or all that there is work for. */
export function chosenQueues(lanes: string | undefined): TaskQueue[] {
  const all: TaskQueue[] = [...workflowQueues, ...laneNames];
  const wanted = lanes === undefined ? all : (lanes.split(',') as TaskQueue[]);
  return wanted.filter((queue) => servedQueues.has(queue));
}

export async function startWorkers(
  config: WorkerConfig,
  deps: { env: NodeJS.ProcessEnv; log: Logger; metrics: Metrics; workflowBundle: string },
): Promise<RunningWorkers> {
  const { metrics } = deps;
  const { limits } = readLimits(deps.env);
  const pool = createPool({
    url: databaseUrlOf(config.database),
    min: config.database.DB_POOL_MIN,
    max: config.database.DB_POOL_MAX,
    applicationName: 'boxoffice-worker',
  });
  const store = createStore(pool);
  const temporal = createTemporalClient(config.temporal);
  const stopping = new AbortController();
  const shared = connectPace({
    config,
    limits,
    settings: store.lanes,
    name: 'boxoffice-worker',
    log: deps.log,
  });
  const limiter = createWorkerLimiter(shared.pace, limits);
  const breakers = createBreakers({
    halfOpenAfterMs: Math.round(halfOpenAfterMs * config.lanes.RETRY_SCALE),
    onChange: (lane, state) => {
      shared.pace.breaker(lane, state);
      metrics.circuitBreakerOpen.set({ lane }, state === 'closed' ? 0 : 1);
      deps.log.warn({ lane, state }, 'circuit breaker');
    },
  });
  const lanes = createLaneCaller({
    limiter,
    limits,
    sentCalls: store.sentCalls,
    retryScale: config.lanes.RETRY_SCALE,
    stopping: stopping.signal,
    observer: { called: (lane, outcome) => metrics.providerCalls.inc({ lane, outcome }) },
    breaker: breakers,
  });
  const parts: Parts = { config, store, lanes, temporal, metrics };
  const connection = await connect(config.temporal);
  const code = await readFile(deps.workflowBundle, 'utf8');
  const queues = chosenQueues(config.worker.WORKER_LANES);
  const served = laneNames.filter((lane) => queues.includes(lane));
  for (const lane of served) metrics.circuitBreakerOpen.set({ lane }, 0);
  metrics.lanes.watch(served, (lane) => limiter.status(lane));
  if (queues.includes('background')) metrics.reconciliation.watch(() => store.reconciliation.openByKind());
  const samples = startLaneSamples({
    lanes: controlledLanes,
    status: (lane) => limiter.status(lane),
    records: store.lanes,
    takeTurn: (milliseconds) => shared.takeTurn('lane-samples', milliseconds),
    log: deps.log,
  });
  const close = async () => {
    await Promise.all([samples.close(), monitor?.close()]);
    await Promise.allSettled([shared.close(), connection.close(), temporal.connection.close(), pool.end()]);
  };
  const optionsOf = (taskQueue: TaskQueue): WorkerOptions => ({
    connection,
    namespace: config.temporal.TEMPORAL_NAMESPACE,
    taskQueue,
    shutdownGraceTime: `${config.worker.WORKER_SHUTDOWN_GRACE_SECONDS} seconds`,
    ...(isWorkflowQueue(taskQueue)
      ? workflowOptions(parts, { code, activities: workflowQueueActivities[taskQueue](parts) })
      : providerOptions(taskQueue, { activities: laneActivities[taskQueue]!(parts), limits, metrics })),
  });
  const workers = await Promise.all(queues.map((queue) => Worker.create(optionsOf(queue))));
  const monitor = queues.includes('monitoring')
    ? keepMonitor({ start: () => startMonitor(temporal), log: deps.log })
    : undefined;

  return {
    queues,
    shutdown: () => {
      stopping.abort();
      shutDown(workers);
    },
    checks: shared.ping ? { redis: shared.ping } : {},
    ended: runAll(workers, close),
  };
}

type QueueOptions = Omit<WorkerOptions, 'taskQueue'>;

/** Decisions, and the activities that record them. */
const workflowOptions = (
  { config, metrics }: Parts,
  { code, activities }: { code: string; activities: object },
): QueueOptions => ({
  workflowBundle: { code },
  activities,
  maxCachedWorkflows: config.worker.WORKER_MAX_CACHED_WORKFLOWS,
  stickyQueueScheduleToStartTimeout: stickyTimeout,
  sinks: createJobSinks(metrics.jobs),
  interceptors: { activity: [metricsInterceptor(metrics.jobs)] },
});

/** Calls to one provider. */
const providerOptions = (
  lane: LaneName,
  { activities, limits, metrics }: { activities: object; limits: Record<LaneName, LaneLimits>; metrics: Metrics },
): QueueOptions => ({
  activities,
  maxHeartbeatThrottleInterval: heartbeatThrottle,
  ...laneWorkerOptions(lane, limits[lane], [metricsInterceptor(metrics.jobs), heartbeatInterceptor]),
});

async function connect(config: WorkerConfig['temporal']): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectionOptions(config));
  } catch (error) {
    throw new Error(
      `no Temporal server answers at ${config.TEMPORAL_ADDRESS}; check TEMPORAL_ADDRESS and the TLS settings`,
      {
        cause: error,
      },
    );
  }
}

function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

/** One that fails takes the others with it: a process that serves half of its queues looks healthy and is not. */
async function runAll(workers: readonly Worker[], close: () => Promise<unknown>): Promise<void> {
  const runs = workers.map((worker) => worker.run());
  try {
    await Promise.all(runs);
  } catch (error) {
    shutDown(workers);
    await Promise.allSettled(runs);
    throw error;
  } finally {
    await close();
  }
}
