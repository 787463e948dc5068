/** What people set on lanes, who did it and why, and samples of the lanes. All of it is the tenant's `platform`. */
import {
  changed,
  type LaneChange,
  type LaneChangeRecord,
  type LaneSettings,
  type LaneStatus,
  untouched,
} from '../contracts/lane-control.ts';
import { platform } from '../contracts/ids.ts';
import type { PacedName } from '../contracts/lane-limits.ts';
import { type Pool, type Tx, withTenant } from '../infrastructure/postgres.ts';
import { fromRow, type Row, storableText } from './rows.ts';

export interface LaneChangeFilter {
  lane?: PacedName;
  /** 1 to 200; 50 where it is absent. */
  limit?: number;
}

const settingsOf = `select revision, stopped, percent, adaptive, per_second as "perSecond", concurrent
  from lane_settings where tenant_id = '${platform}' and lane = $1`;

async function read(tx: Tx, lane: PacedName, lock = ''): Promise<LaneSettings> {
  const row = await tx.first<Row<LaneSettings>>(`${settingsOf} ${lock}`, [lane]);
  return row ? fromRow<LaneSettings>(row) : untouched;
}

async function changeIn(
  tx: Tx,
  lane: PacedName,
  change: LaneChange,
  { actor, reason }: { actor: string; reason: string },
): Promise<LaneSettings> {
  const { revision, stopped, percent, adaptive } = untouched;
  await tx.affected(
    `insert into lane_settings (tenant_id, lane, revision, stopped, percent, adaptive)
     values ('${platform}', $1, $2, $3, $4, $5) on conflict do nothing`,
    [lane, revision, stopped, percent, adaptive],
  );
  const before = await read(tx, lane, 'for update');
  const settings = { ...changed(before, change), revision: before.revision + 1 };
  await tx.affected(
    `update lane_settings
     set revision = $2, stopped = $3, percent = $4, adaptive = $5, per_second = $6, concurrent = $7
     where tenant_id = '${platform}' and lane = $1`,
    [
      lane, settings.revision, settings.stopped, settings.percent, settings.adaptive,
      settings.perSecond ?? null, settings.concurrent ?? null,
    ], // prettier-ignore
  );
  await tx.affected(
    `insert into lane_changes (tenant_id, lane, revision, action, change, settings, actor, reason)
     values ('${platform}', $1, $2, $3, $4, $5, $6, $7)`,
    [
      lane, settings.revision, change.action, JSON.stringify(change), JSON.stringify(settings), storableText(actor),
      storableText(reason),
    ], // prettier-ignore
  );
  return settings;
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

export const createLanes = (pool: Pool) => ({
  /** `untouched` where nobody ever changed anything. */
  read: (lane: PacedName): Promise<LaneSettings> => withTenant(pool, platform, (tx) => read(tx, lane)),

  /** Records the change and answers the settings after it. Two at once get revisions of their own, one after the other. */
  change: (lane: PacedName, change: LaneChange, by: { actor: string; reason: string }): Promise<LaneSettings> =>
    withTenant(pool, platform, (tx) => changeIn(tx, lane, change, by)),

  /** Newest first. */
  changes({ lane, limit = 50 }: LaneChangeFilter = {}): Promise<LaneChangeRecord[]> {
    return withTenant(pool, platform, (tx) =>
      tx.rows<LaneChangeRecord>(
        `select lane, revision, change, settings, actor, reason, changed_at as "changedAt" from lane_changes
         where tenant_id = '${platform}' and ($1::text is null or lane = $1) order by id desc limit $2`,
        [lane ?? null, limit],
      ),
    );
  },

  /** A sample of each lane, all of the same moment. */
  recordMetrics(statuses: readonly LaneStatus[]): Promise<void> {
    const samples = statuses.map((status) => ({
      lane: status.lane,
      in_flight: status.inFlight,
      last_second: status.lastSecond,
      granted: status.granted,
      waiting: status.waiting,
      effective_per_second: finite(status.effectivePerSecond),
      configured_per_second: finite(status.perSecond),
      blocked_until: status.blockedUntil === 0 ? null : new Date(status.blockedUntil).toISOString(),
      stopped: status.settings.stopped,
    }));
    return withTenant(pool, platform, async (tx) => {
      await tx.affected(
        `insert into rate_limit_metrics (tenant_id, lane, in_flight, last_second, granted, waiting,
           effective_per_second, configured_per_second, blocked_until, stopped)
         select '${platform}', lane, in_flight, last_second, granted, waiting, effective_per_second,
           configured_per_second, blocked_until, stopped
         from jsonb_to_recordset($1) as sample(lane text, in_flight integer, last_second integer, granted bigint,
           waiting integer, effective_per_second double precision, configured_per_second double precision,
           blocked_until timestamptz, stopped boolean)`,
        [JSON.stringify(samples)],
      );
    });
  },
});
