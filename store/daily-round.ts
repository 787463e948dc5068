/** Whom the daily round is for, across tenants, in an order that it can go on in. */
import type { VenueCursor } from '../contracts/daily-round.ts';
import { platform } from '../contracts/ids.ts';
import { asSystem, type Pool } from '../infrastructure/postgres.ts';

export const createDailyRounds = (pool: Pool) => ({
  /** Venues after `after` without a report of the day: those that have one need nothing. */
  venuesWithoutReport(day: string, { after, limit }: { after?: VenueCursor | undefined; limit: number }) {
    return asSystem(pool, (tx) =>
      tx.rows<VenueCursor>(
        `select v.tenant_id as "tenantId", v.venue_id as "venueId" from venues v
         where (v.tenant_id, v.venue_id) > ($2::text, $3::text)
           and not exists (select from reports r where r.tenant_id = v.tenant_id and r.venue_id = v.venue_id and r.day = $1)
         order by v.tenant_id, v.venue_id limit $4`,
        [day, after?.tenantId ?? '', after?.venueId ?? '', limit],
      ),
    );
  },

  /** Tenants after `after` that have venues; among them the platform, whose things are no tenant's. */
  async tenants({ after = '', limit }: { after?: string | undefined; limit: number }): Promise<string[]> {
    const rows = await asSystem(pool, (tx) =>
      tx.rows<{ tenantId: string }>(
        `select tenant_id as "tenantId" from (select tenant_id from venues union select '${platform}') as one (tenant_id)
         where tenant_id > $1::text order by 1 limit $2`,
        [after, limit],
      ),
    );
    return rows.map(({ tenantId }) => tenantId);
  },
});
