/** What the monitor saw of queues and lanes, kept for 30 days. All of it is the tenant's `platform`. */
import { platform } from '../contracts/ids.ts';
import type { Sample } from '../contracts/monitor.ts';
import type { TaskQueue } from '../contracts/task-queues.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

/** A lane has tasks and no jobs: what counts jobs is absent there. */
export interface QueueMetric {
  queue: TaskQueue;
  waiting: number;
  /** Of a lane: calls in flight. */
  active: number;
  waitingForPerson?: number;
  /** Since the sample before. */
  completed?: number;
  failed?: number;
  /** Seconds. */
  oldestSeconds: number;
  /** ISO 8601 UTC. */
  capturedAt: string;
}

export interface QueueMetricFilter {
  queue?: TaskQueue;
  /** ISO 8601 UTC, included. */
  since?: string;
  /** 1 to 10,000; 1,000 where it is absent. */
  limit?: number;
}

const metricsOf = ({ queues, lanes }: Sample) => [
  ...queues,
  ...lanes.map(({ lane, waiting, inFlight, oldestSeconds }) => ({
    queue: lane,
    waiting,
    active: inFlight,
    oldestSeconds,
  })),
];

export const createQueueMetrics = (pool: Pool) => ({
  /** Each sample once, however often it is recorded. Answers which queues and lanes were new. */
  record(sample: Sample): Promise<TaskQueue[]> {
    return withTenant(pool, platform, async (tx) => {
      const inserted = await tx.rows<{ queue: TaskQueue }>(
        `insert into queue_metrics (tenant_id, queue_name, waiting_count, active_count, waiting_for_person, completed_count,
           failed_count, oldest_seconds, captured_at)
         select '${platform}', queue, waiting, active, "waitingForPerson", completed, failed, "oldestSeconds", $2
         from jsonb_to_recordset($1) as metric (queue text, waiting integer, active integer, "waitingForPerson" integer,
           completed integer, failed integer, "oldestSeconds" double precision)
         on conflict (queue_name, captured_at) do nothing returning queue_name as queue`,
        [JSON.stringify(metricsOf(sample)), sample.at],
      );
      return inserted.map(({ queue }) => queue);
    });
  },

  /** Newest first. */
  list({ queue, since, limit = 1_000 }: QueueMetricFilter = {}): Promise<QueueMetric[]> {
    return withTenant(pool, platform, async (tx) => {
      const rows = await tx.rows<Row<QueueMetric>>(
        `select queue_name as queue, waiting_count as waiting, active_count as active,
           waiting_for_person as "waitingForPerson", completed_count as completed, failed_count as failed,
           oldest_seconds as "oldestSeconds", captured_at as "capturedAt"
         from queue_metrics
         where tenant_id = '${platform}' and ($1::text is null or queue_name = $1)
           and ($2::timestamptz is null or captured_at >= $2)
         order by captured_at desc, queue_name limit $3`,
        [queue ?? null, since ?? null, limit],
      );
      return rows.map((row) => fromRow<QueueMetric>(row));
    });
  },
});
