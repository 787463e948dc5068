/** Queues, their jobs and what the monitor wrote of them, in memory. */
import type { QueueReads } from '../../client/queue-reads.ts';
import { UnavailableError } from '../../client/index.ts';
import type { Severity } from '../../contracts/alerts.ts';
import type { SampledQueue } from '../../contracts/monitor.ts';
import type { Job, JobFilter, LetterGroup, QueueView, SampledState, Throughput } from '../../contracts/queue-views.ts';
import { isWorkflowQueue, type TaskQueue } from '../../contracts/task-queues.ts';
import type { ThroughputRequest } from '../../store/monitor-history.ts';

export const viewOf = (queue: TaskQueue, change: Partial<QueueView> = {}): QueueView => ({
  queue,
  waiting: 0,
  oldestSeconds: 0,
  workers: [],
  ...(isWorkflowQueue(queue) ? { active: 0, waitingForPerson: 0 } : { paused: false }),
  ...change,
});

export class QueueReadsTwin implements QueueReads {
  away = false;
  readonly views = new Map<TaskQueue, QueueView>();
  /** By tenant. */
  readonly jobsOf = new Map<string, Job[]>();
  readonly asked: { tenantId: string; queue: TaskQueue; filter: JobFilter }[] = [];

  async queue(queue: TaskQueue): Promise<QueueView> {
    if (this.away) throw new UnavailableError('Temporal', undefined);
    return this.views.get(queue) ?? viewOf(queue);
  }
  async jobs(tenantId: string, queue: TaskQueue, filter: JobFilter = {}) {
    this.asked.push({ tenantId, queue, filter });
    return { jobs: this.jobsOf.get(tenantId) ?? [] };
  }
}

type Ends = { queue: SampledQueue; completed: number; failed: number }[];

export class MonitorHistoryTwin {
  samples: SampledState[] = [];
  alerts: Record<Severity, number> = { info: 0, warning: 0, critical: 0 };
  buckets: Throughput[] = [];
  ended: Ends = [];
  readonly asked: ThroughputRequest[] = [];

  readonly newest = async () => this.samples;
  readonly openAlerts = async () => this.alerts;
  readonly throughput = async (request: ThroughputRequest) => {
    this.asked.push(request);
    return this.buckets;
  };
  readonly ends = async (_since: string) => this.ended;
}

export class FailuresTwin {
  /** By tenant. */
  readonly letters = new Map<string, LetterGroup[]>();
  readonly byError = async (tenantId: string, _since: string) => this.letters.get(tenantId) ?? [];
}
