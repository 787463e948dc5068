/** Why jobs of a tenant failed, from what was put aside for people. */
import type { LetterGroup } from '../contracts/queue-views.ts';
import { type Pool, withTenant } from '../infrastructure/postgres.ts';

/** Beyond these there is nothing to see but noise. */
const mostGroups = 200;

export const createFailures = (pool: Pool) => ({
  /** The most frequent first. */
  byError(tenantId: string, since: string): Promise<LetterGroup[]> {
    return withTenant(pool, tenantId, (tx) =>
      tx.rows<LetterGroup>(
        `select queue_name as queue, job_type as "jobType", error, count(*) as count,
           count(*) filter (where resolved_at is null) as open, max(failed_at) as newest
         from dead_letter_jobs where tenant_id = $1 and failed_at >= $2
         group by queue_name, job_type, error order by count(*) desc, max(failed_at) desc limit ${mostGroups}`,
        [tenantId, since],
      ),
    );
  },
});
