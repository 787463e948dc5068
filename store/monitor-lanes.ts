/** The lanes as they were last recorded, and since when what holds them back. */
import { platform } from '../contracts/ids.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import type { Tx } from '../infrastructure/postgres.ts';
import { fromRow, type Row } from './rows.ts';

export interface LaneStanding {
  lane: LaneName;
  /** Absent where the lane was never recorded. */
  inFlight?: number;
  recordedAt?: string;
  stoppedSince?: string;
  blockedSince?: string;
}

/**
 * Workers record each lane every 30 s (rate_limit_metrics). A closure counts while that record is fresh, or for as long as
 * the provider asked; it is dated back to the first record without an open one since, at most a day.
 */
const select = `
  with latest as (
    select wanted.lane, one.*
    from unnest($1::text[]) as wanted (lane)
    left join lateral (
      select in_flight, blocked_until, captured_at from rate_limit_metrics
      where tenant_id = '${platform}' and rate_limit_metrics.lane = wanted.lane order by captured_at desc limit 1
    ) as one on true
  )
  select latest.lane, latest.in_flight as "inFlight", latest.captured_at as "recordedAt",
    case when coalesce(settings.stopped, false) then (
      select min(changed_at) from lane_changes
      where tenant_id = '${platform}' and lane = latest.lane and action = 'stop' and revision > coalesce((
        select max(revision) from lane_changes
        where tenant_id = '${platform}' and lane = latest.lane and action = 'resume'
      ), 0)
    ) end as "stoppedSince",
    case when latest.blocked_until > now()
      or (latest.blocked_until is not null and latest.captured_at > now() - interval '90 seconds') then (
      select min(captured_at) from rate_limit_metrics
      where tenant_id = '${platform}' and lane = latest.lane and captured_at > coalesce((
        select max(captured_at) from rate_limit_metrics
        where tenant_id = '${platform}' and lane = latest.lane and blocked_until is null
          and captured_at > now() - interval '1 day'
      ), now() - interval '1 day')
    ) end as "blockedSince"
  from latest left join lane_settings as settings
    on settings.tenant_id = '${platform}' and settings.lane = latest.lane`;

export async function readLanes(tx: Tx, lanes: readonly LaneName[]): Promise<LaneStanding[]> {
  const rows = await tx.rows<Row<LaneStanding>>(select, [lanes]);
  return rows.map((row) => fromRow<LaneStanding>(row));
}
