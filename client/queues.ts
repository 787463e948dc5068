/** Queues and metrics, over the API, which knows whose jobs may be seen. */
import type { LaneAnswer } from '../contracts/lane-words.ts';
import type {
  FailureAnalysis,
  JobFilter,
  JobPage,
  JobQueue,
  MetricsSummary,
  PausableQueue,
  QueueView,
  Throughput,
  ThroughputFilter,
} from '../contracts/queue-views.ts';
import type { TaskQueue } from '../contracts/task-queues.ts';
import { type ApiAccess, callApi, withQuery } from './http.ts';

/** @throws ApiError with code `invalid_request` or `forbidden` @throws UnavailableError */
export interface QueueCalls {
  /** Every task queue as it is now. */
  list(): Promise<QueueView[]>;
  get(queue: TaskQueue): Promise<QueueView>;
  /** Jobs of the token's tenant that Temporal remembers, the running ones first. */
  jobs(queue: JobQueue, filter?: JobFilter): Promise<JobPage>;
  /** As `lanes.stop`: nothing of the queue is handed out. A queue of workflows cannot be paused. */
  pause(queue: PausableQueue, reason: string): Promise<LaneAnswer>;
  resume(queue: PausableQueue, reason: string): Promise<LaneAnswer>;
}

/** What the monitor has seen. @throws ApiError with code `invalid_request` or `forbidden` @throws UnavailableError */
export interface MetricsCalls {
  summary(): Promise<MetricsSummary>;
  /** Jobs that ended, the oldest first; by hour, of the last 24, unless it says otherwise. */
  throughput(filter?: ThroughputFilter): Promise<Throughput[]>;
  /** How many jobs failed, and why those of the token's tenant did; of the last 24 hours unless it says otherwise. */
  failures(filter?: { hours?: number | undefined }): Promise<FailureAnalysis>;
}

export function createQueueCalls(access: ApiAccess | undefined): QueueCalls {
  const change = async (queue: PausableQueue, what: string, reason: string) =>
    (await callApi(access, 'POST', `/queues/${encodeURIComponent(queue)}/${what}`, { reason })) as LaneAnswer;
  return {
    list: async () => ((await callApi(access, 'GET', '/queues')) as { queues: QueueView[] }).queues,
    get: async (queue) => (await callApi(access, 'GET', `/queues/${encodeURIComponent(queue)}`)) as QueueView,
    jobs: async (queue, filter = {}) =>
      (await callApi(access, 'GET', withQuery(`/queues/${encodeURIComponent(queue)}/jobs`, filter))) as JobPage,
    pause: (queue, reason) => change(queue, 'pause', reason),
    resume: (queue, reason) => change(queue, 'resume', reason),
  };
}

export function createMetricsCalls(access: ApiAccess | undefined): MetricsCalls {
  const get = (path: string, query: object = {}) => callApi(access, 'GET', withQuery(`/metrics/${path}`, query));
  return {
    summary: async () => (await get('summary')) as MetricsSummary,
    throughput: async (filter = {}) => ((await get('throughput', filter)) as { throughput: Throughput[] }).throughput,
    failures: async (filter = {}) => (await get('failures', filter)) as FailureAnalysis,
  };
}
