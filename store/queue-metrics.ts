/** What the monitor saw of queues and lanes, kept for 30 days: written here, read by monitor-history.ts. */
import { platform } from '../contracts/ids.ts';
import type { Sample } from '../contracts/monitor.ts';
import type { TaskQueue } from '../contracts/task-queues.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';

/** A lane has tasks and no jobs: what counts jobs is absent there. */
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
});
