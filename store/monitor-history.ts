/** What the monitor has written, for people to look back: samples summed up, incidents counted. The tenant's `platform`. */
import type { Severity } from '../contracts/alerts.ts';
import { platform } from '../contracts/ids.ts';
import { type SampledQueue, sampledQueues } from '../contracts/monitor.ts';
import type { SampledState, Throughput, ThroughputStep } from '../contracts/queue-views.ts';
import { laneNames } from '../contracts/task-queues.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export interface ThroughputRequest {
  queues: readonly SampledQueue[];
  per: ThroughputStep;
  /** ISO 8601 UTC. */
  since: string;
}

export const createMonitorHistory = (pool: Pool) => ({
  /** The newest sample of each queue. */
  newest(): Promise<SampledState[]> {
    return withTenant(pool, platform, async (tx) => {
      const rows = await tx.rows<Row<SampledState>>(
        `select queue, waiting_count as waiting, active_count as active, waiting_for_person as "waitingForPerson",
           completed_count as completed, failed_count as failed, oldest_seconds as "oldestSeconds",
           captured_at as "capturedAt"
         from unnest($1::text[]) with ordinality as known (queue, position)
         cross join lateral (
           select * from queue_metrics where tenant_id = '${platform}' and queue_name = queue
           order by captured_at desc limit 1
         ) newest
         order by position`,
        [[...sampledQueues, ...laneNames]],
      );
      return rows.map((row) => fromRow<SampledState>(row));
    });
  },

  /** By queue and time, the oldest first; times in which nobody sampled are absent. */
  throughput({ queues, per, since }: ThroughputRequest): Promise<Throughput[]> {
    return withTenant(pool, platform, (tx) =>
      tx.rows<Throughput>(
        `select queue_name as queue, date_trunc($1, captured_at at time zone 'UTC') at time zone 'UTC' as "from",
           sum(completed_count) as completed, sum(failed_count) as failed
         from queue_metrics
         where tenant_id = '${platform}' and queue_name = any ($2) and captured_at >= $3 and completed_count is not null
         group by 1, 2 order by 1, 2`,
        [per, [...queues], since],
      ),
    );
  },

  /** Jobs that ended since then. Each sampled queue has its row. */
  ends(since: string): Promise<{ queue: SampledQueue; completed: number; failed: number }[]> {
    return withTenant(pool, platform, (tx) =>
      tx.rows(
        `select queue, coalesce(sum(completed_count), 0) as completed,
           coalesce(sum(failed_count), 0) as failed
         from unnest($1::text[]) with ordinality as wanted (queue, position)
         left join queue_metrics on tenant_id = '${platform}' and queue_name = queue and captured_at >= $2
         group by queue, position order by position`,
        [[...sampledQueues], since],
      ),
    );
  },

  /** Incidents that go on. */
  openAlerts(): Promise<Record<Severity, number>> {
    return withTenant(pool, platform, async (tx) => {
      const rows = await tx.rows<{ severity: Severity; count: number }>(
        `select severity, count(*) as count from alert_history
         where tenant_id = '${platform}' and ended_at is null group by severity`,
      );
      const open = { info: 0, warning: 0, critical: 0 };
      for (const { severity, count } of rows) open[severity] = count;
      return open;
    });
  },
});
