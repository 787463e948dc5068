/** Who set what on the monitor, and why. All of it is the tenant's `platform`. */
import { platform } from '../contracts/ids.ts';
import type { ConfigureRequest } from '../contracts/monitor.ts';
import type { MonitorChange } from '../contracts/monitor-settings.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';
import { storableText } from './rows.ts';

export const createMonitorChanges = (pool: Pool) => ({
  /** Recording the same change again changes nothing. */
  record({ changeId, request: { actor, reason, settings }, overrides, now }: MonitorChange): Promise<void> {
    return withTenant(pool, platform, async (tx) => {
      await tx.affected(
        `insert into monitor_changes (tenant_id, change_id, settings, overrides, actor, reason, changed_at)
         values ('${platform}', $1, $2, $3, $4, $5, $6) on conflict (tenant_id, change_id) do nothing`,
        [changeId, JSON.stringify(settings), JSON.stringify(overrides), storableText(actor), storableText(reason), now],
      );
    });
  },

  /** Newest first, 200 at most. */
  list({ limit = 50 }: { limit?: number } = {}): Promise<(ConfigureRequest & { changedAt: string })[]> {
    return withTenant(pool, platform, (tx) =>
      tx.rows<ConfigureRequest & { changedAt: string }>(
        `select actor, reason, settings, changed_at as "changedAt" from monitor_changes
         where tenant_id = '${platform}' order by id desc limit $1`,
        [limit],
      ),
    );
  },
});
