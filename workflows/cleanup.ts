import { setHandler } from '@temporalio/workflow';
import type { CleanupInput, CleanupResult } from '../contracts/cleanup.ts';
import { jobStatusQuery } from '../contracts/messages.ts';
import { beforeExpiry } from './expiry.ts';
import { JobView } from './job-view.ts';
import { cleaning } from './proxies.ts';

/**
 * Deletes what has expired, of all tenants. Which tables there are is the activity's to know, so that one more of them changes
 * nothing here; what is left when time is over, the next day's run deletes.
 */
export async function cleanup({ day }: CleanupInput): Promise<CleanupResult> {
  const view = new JobView(`Cleanup of ${day}`, 'deleting');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const deleted: Record<string, number> = {};
  const end = (status: CleanupResult['status']): CleanupResult => {
    const result = { status, deleted };
    view.end(result);
    return result;
  };
  for (let from: string | undefined, more = true; more; more = from !== undefined) {
    const input = { from };
    const answer = await beforeExpiry((left) =>
      cleaning.cleanUp.executeWithOptions({ scheduleToCloseTimeout: left, summary: from ?? 'from the first table' }, [
        input,
      ]),
    );
    if (!answer) return end('expired');
    for (const [table, rows] of Object.entries(answer.deleted)) deleted[table] = (deleted[table] ?? 0) + rows;
    from = answer.next;
    view.note(progressOf(deleted, from));
  }
  return end('completed');
}

function progressOf(deleted: Readonly<Record<string, number>>, next: string | undefined): string {
  const rows = Object.entries(deleted).map(([table, count]) => `\`${table}\` ${count}`);
  const so = rows.length > 0 ? `rows deleted so far: ${rows.join(', ')}` : 'nothing had expired so far';
  return next === undefined ? so : `${so}; goes on with \`${next}\``;
}
