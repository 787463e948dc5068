/** From pairs to rows: what differs is kept, what does not any more is closed, and who waits for news is told. */
import type { ProviderEvent } from '../contracts/messages.ts';
import type { Difference, Pair } from '../contracts/reconciliation.ts';
import { differencesOf, newsOf } from '../contracts/reconciliation-rules.ts';
import type { ReconciliationRun, Store } from '../store/index.ts';
import type { IsRunning } from './claimed.ts';

export interface JudgePorts {
  rows: Pick<Store['reconciliation'], 'record'>;
  isRunning: IsRunning;
  /** To a workflow that runs; `closed` where there is none. */
  deliver(workflowId: string, event: ProviderEvent): Promise<'delivered' | 'closed'>;
}

export interface Judged {
  compared: number;
  /** Differences, those included that were known before. */
  found: number;
  /** Workflows that run and were told what the provider has already. */
  told: number;
}

export type Judge = (run: ReconciliationRun, pairs: readonly Pair[]) => Promise<Judged>;

/** No event of the provider: whoever hears it looks for himself. */
export const eventOf = (type: string, objectId: string): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'reconciliation',
  type,
  objectId,
});

export function createJudge({ rows, isRunning, deliver }: JudgePorts): Judge {
  /** A claim without a result belongs to a run, or to one that somebody terminated. Asked only where it matters. */
  async function asFollowed(pair: Pair): Promise<Pair> {
    if (!pair.ours?.live || pair.kind === 'ticket') return pair;
    const abandoned = { ...pair, ours: { ...pair.ours, live: false } } as Pair;
    if (differencesOf(abandoned).length === 0 && !newsOf(pair)) return pair;
    const { workflowId, runId } = pair.ours;
    return (await isRunning(workflowId, runId)) ? pair : abandoned;
  }

  return async (run, pairs) => {
    const found: Difference[] = [];
    let told = 0;
    for (const pair of pairs) {
      const known = await asFollowed(pair);
      found.push(...differencesOf(known));
      const news = newsOf(known);
      if (!news) continue;
      const outcome = await deliver(news.workflowId, eventOf(news.type, news.objectId));
      if (outcome === 'delivered') told += 1;
    }
    if (pairs.length > 0) await rows.record({ ...run, examined: pairs.map(({ id }) => id), found });
    return { compared: pairs.length, found: found.length, told };
  };
}
