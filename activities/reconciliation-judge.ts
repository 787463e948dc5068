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

export const none: Judged = { compared: 0, found: 0, told: 0 };
export const plus = (a: Judged, b: Judged): Judged => ({
  compared: a.compared + b.compared,
  found: a.found + b.found,
  told: a.told + b.told,
});

/** Where the page after `rows` begins; nowhere where they were fewer than `limit`. */
export const following = (rows: readonly { id: number }[], limit: number): { after?: number } => {
  const last = rows.at(-1);
  return last && rows.length === limit ? { after: last.id } : {};
};

export type Judge = (run: ReconciliationRun, pairs: readonly Pair[]) => Promise<Judged>;

/** Reads the other side, and then the books, anew. Undefined: nobody has the object. */
export type ReadAgain = (run: ReconciliationRun, pair: Pair) => Promise<Pair | undefined>;

/** No event of the provider: whoever hears it looks for himself. */
export const eventOf = (type: string, objectId: string): ProviderEvent => ({
  provider: 'stripe',
  eventId: 'reconciliation',
  type,
  objectId,
});

/** Looks at what moves while it is looked at; then it is left to the next run. */
const looksAtMost = 3;

interface Verdict {
  pair?: Pair;
  found: Difference[];
}

/**
 * `readAgain`: the two sides were read one after the other, and what happened in between differs for a moment. So nothing is
 * called a difference before both were read anew, with the books saying the same before and after the other side's answer.
 */
export function createJudge(ports: JudgePorts, readAgain?: ReadAgain): Judge {
  const { rows, isRunning } = ports;

  /** A claim without a result belongs to a run, or to one that somebody terminated. Asked only where it matters. */
  async function asFollowed(pair: Pair): Promise<Pair> {
    if (!pair.ours?.live || pair.kind === 'ticket') return pair;
    const abandoned = { ...pair, ours: { ...pair.ours, live: false } } as Pair;
    if (differencesOf(abandoned).length === 0 && !newsOf(pair)) return pair;
    const { workflowId, runId } = pair.ours;
    return (await isRunning(workflowId, runId)) ? pair : abandoned;
  }

  /** Undefined: it is being changed right now. */
  async function verdictOn(run: ReconciliationRun, first: Pair): Promise<Verdict | undefined> {
    let seen = first;
    let pair = await asFollowed(seen);
    let found = differencesOf(pair);
    if (!readAgain) return { pair, found };
    for (let looks = 0; found.length > 0; looks += 1) {
      if (looks === looksAtMost) return undefined;
      const fresh = await readAgain(run, seen);
      if (!fresh) return { found: [] };
      const still = JSON.stringify(fresh.ours) === JSON.stringify(seen.ours);
      seen = fresh;
      pair = await asFollowed(fresh);
      found = differencesOf(pair);
      if (still) break;
    }
    return { pair, found };
  }

  async function tell(pair: Pair | undefined): Promise<number> {
    const news = pair && newsOf(pair);
    if (!news) return 0;
    const outcome = await ports.deliver(news.workflowId, eventOf(news.type, news.objectId));
    return outcome === 'delivered' ? 1 : 0;
  }

  return async (run, pairs) => {
    const found: Difference[] = [];
    const examined: string[] = [];
    let told = 0;
    for (const pair of pairs) {
      const verdict = await verdictOn(run, pair);
      if (!verdict) continue;
      examined.push(pair.id);
      found.push(...verdict.found);
      told += await tell(verdict.pair);
    }
    if (examined.length > 0) await rows.record({ ...run, examined, found });
    return { compared: pairs.length, found: found.length, told };
  };
}
