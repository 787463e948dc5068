/**
 * A day of the card provider, against the books, page by page: each list of the provider's with what the books have of it,
 * and what the books have of the same hours and the list has not, looked up one by one. So an object that one side has before
 * midnight and the other after it is no difference. Reads only; what differs becomes rows.
 */
import { dayBounds } from '../contracts/days.ts';
import { failureTypes } from '../contracts/failures.ts';
import { platform } from '../contracts/ids.ts';
import type { Comparison, ObjectKind, PageCursor, Pair } from '../contracts/reconciliation.ts';
import { ownerOf, subjectOf } from '../contracts/reconciliation-rules.ts';
import type { LaneCaller } from '../lanes/call.ts';
import type { EndedPurchase, Listed, ReconciliationRun, Store } from '../store/index.ts';
import { detailOf, typeOf } from './failure.ts';
import type { ProviderList, ProviderPage, ReconciliationProvider } from './providers/stripe/reconciliation.ts';
import { createJudge, following, type Judged, type JudgePorts, none, plus } from './reconciliation-judge.ts';

/** What is compared on the provider's lane. */
export type ProviderComparison = Exclude<Comparison, 'tickets' | 'tokens' | 'ledger'>;

export interface ComparePageInput extends ReconciliationRun {
  cursor?: PageCursor;
}

export interface ComparedPage extends Judged {
  /** Absent: that was the last page. */
  cursor?: PageCursor;
}

export interface LookAgainInput extends ReconciliationRun {
  which: 'others' | 'healed';
  /** Differences with a higher id. */
  after: number;
}

export interface LookedAgain {
  /** Absent: none is left. */
  after?: number;
  /** That differ as before. */
  found: number;
}

export interface ReconciliationPorts extends JudgePorts {
  provider: ReconciliationProvider;
  lanes: Pick<LaneCaller, 'read'>;
  books: Store['reconciliationBooks'];
  rows: Pick<Store['reconciliation'], 'record' | 'toLookAt'>;
}

export interface ReconciliationActivities {
  compareProvider(input: ComparePageInput & { comparison: ProviderComparison }): Promise<ComparedPage>;
  /** Differences that are open, at the provider: what is gone is closed. */
  lookAgainAtProvider(input: LookAgainInput): Promise<LookedAgain>;
}

/** Of one activity, which is a page long as well: it has one of the lane's slots, and purchases wait for those. */
const lookedAtOnce = 10;
/** The provider's clock and ours may differ by this much, and its answer may have taken so long. Milliseconds. */
const searchMarginMs = 180_000;

export function createReconciliationActivities(ports: ReconciliationPorts): ReconciliationActivities {
  const { provider, lanes, books, rows } = ports;
  const judge = createJudge(ports, (run, { kind, id, ours, theirs }) => {
    if (kind === 'ticket') return Promise.resolve(undefined);
    return pairNow(run, kind, { id, account: accountOf(ours) ?? accountOf(theirs) });
  });

  const retrieve = (kind: ObjectKind, id: string, account?: string) =>
    lanes.read('stripe', () => provider.retrieve(kind, id, account));

  /** The tenant's of a page, with what its books have of them. */
  async function compareObjects(run: ReconciliationRun, { objects }: ProviderPage): Promise<Judged> {
    if (objects.length === 0) return none;
    const owners = await books.owners(objects.map(({ labels }) => labels));
    const own = objects.filter(({ labels }) => ownerOf(labels, owners) === run.tenantId);
    return judge(run, await books.pairsOf(run.tenantId, own));
  }

  /** What the books have of the page's hours and the page has not. */
  async function compareOurs(
    run: ReconciliationRun,
    listed: Listed,
    { page, from, to, account }: { page: ProviderPage; from: string; to: string; account?: string | undefined },
  ): Promise<Judged> {
    const except = page.objects.map(({ id }) => id);
    let judged = none;
    if (run.tenantId === platform) return judged;
    for (;;) {
      const ours = await books.oursOf(run.tenantId, listed, { from, to }, { except, account });
      if (ours.length === 0) return judged;
      for (const pair of ours) {
        const theirs = await retrieve(pair.kind, pair.id, account);
        judged = plus(judged, await judge(run, [{ ...pair, theirs } as Pair]));
        except.push(pair.id);
      }
    }
  }

  /** One page of a list, and of ours what belongs to it. */
  async function comparePage(
    run: ReconciliationRun,
    { what, listed, cursor = {} }: { what: ProviderList; listed?: Listed; cursor?: PageCursor | undefined },
  ): Promise<ComparedPage> {
    const day = dayBounds(run.day);
    const { after, upTo: to = day.to, account } = cursor;
    const page = await lanes.read('stripe', () => provider.list(what, { ...day, after, account }));
    let judged = await compareObjects(run, page);
    const from = page.next && page.oldest ? page.oldest : day.from;
    if (listed) judged = plus(judged, await compareOurs(run, listed, { page, from, to, account }));
    if (listed === 'disputes' && !page.next)
      judged = plus(judged, await compareOurs(run, 'openDisputes', { page, from: day.from, to }));
    return page.next ? { ...judged, cursor: { ...cursor, after: page.next, upTo: from } } : judged;
  }

  /** The lists of each connected account, one account after the other. */
  async function comparePayouts(run: ReconciliationRun, cursor: PageCursor | undefined): Promise<ComparedPage> {
    const accounts = run.tenantId === platform ? [] : await books.accounts(run.tenantId);
    const account = cursor?.account ?? accounts[0];
    if (account === undefined) return none;
    const returns = cursor?.returns === true;
    const compared = await withoutAccount(() =>
      comparePage(run, {
        ...(returns ? { what: 'returns' } : { what: 'payouts', listed: 'payouts' }),
        cursor: { ...cursor, account },
      }),
    );
    if (compared.cursor) return compared;
    if (!returns) return { ...compared, cursor: { account, returns: true } };
    const next = accounts.find((one) => one > account);
    return next === undefined ? compared : { ...compared, cursor: { account: next } };
  }

  /** Purchases of earlier days that ended on this one. Those without money have no id of the provider's in the books. */
  async function compareEndings(run: ReconciliationRun, cursor: PageCursor | undefined): Promise<ComparedPage> {
    const ended = await books.endings(run.tenantId, dayBounds(run.day), cursor?.row ?? 0);
    let judged = none;
    for (const ending of ended) judged = plus(judged, await judge(run, await endingPairs(ending)));
    const last = ended.at(-1);
    return last ? { ...judged, cursor: { row: last.row } } : judged;
  }

  async function endingPairs({ payment, askedFrom, askedTo }: EndedPurchase): Promise<Pair[]> {
    const { intentId, workflowId } = payment;
    if (intentId !== undefined) {
      const theirs = await retrieve('payment', intentId);
      return [
        { kind: 'payment', id: intentId, ours: payment, theirs: theirs?.kind === 'payment' ? theirs : undefined },
      ];
    }
    if (askedFrom === undefined || askedTo === undefined) return [];
    const from = new Date(Date.parse(askedFrom) - searchMarginMs).toISOString();
    const to = new Date(Date.parse(askedTo) + searchMarginMs).toISOString();
    const pairs: Pair[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await lanes.read('stripe', () => provider.list('payments', { from, to, after }));
      for (const theirs of page.objects)
        if (theirs.kind === 'payment' && theirs.labels.workflow === workflowId)
          pairs.push({ kind: 'payment', id: theirs.id, ours: payment, theirs });
      after = page.next;
      more = after !== undefined;
    }
    return pairs;
  }

  const onePage = (run: ReconciliationRun, comparison: ProviderComparison, cursor: PageCursor | undefined) => {
    switch (comparison) {
      case 'payouts':
        return comparePayouts(run, cursor);
      case 'endings':
        return run.tenantId === platform ? Promise.resolve<ComparedPage>(none) : compareEndings(run, cursor);
      case 'movements':
        return comparePage(run, { what: comparison, cursor });
      case 'payments':
      case 'refunds':
      case 'disputes':
      case 'transfers':
        return comparePage(run, { what: comparison, listed: comparison, cursor });
    }
  };

  return {
    compareProvider: ({ comparison, cursor, ...run }) => onePage(run, comparison, cursor),

    async lookAgainAtProvider({ which, after, ...run }) {
      const open = await rows.toLookAt(run, { which, after, limit: lookedAtOnce });
      let found = 0;
      for (const difference of open) {
        const { of, account } = subjectOf(difference);
        if (of === 'ticket' || of === 'ledger') continue;
        const pair = await pairNow(run, of, { id: difference.objectId, account });
        // Nobody has it any more: nothing is left to differ.
        if (!pair) await rows.record({ ...run, examined: [difference.objectId], found: [] });
        else found += (await judge(run, [pair])).found;
      }
      return { found, ...following(open, lookedAtOnce) };
    },
  };

  /** Both sides of one object, as they are now. */
  async function pairNow(
    { tenantId }: ReconciliationRun,
    of: ObjectKind,
    { id, account }: { id: string; account: string | undefined },
  ): Promise<Pair | undefined> {
    const theirs = await retrieve(of, id, account);
    if (theirs) return (await books.pairsOf(tenantId, [theirs]))[0];
    return of === 'movement' ? undefined : books.oursById(tenantId, of, id);
  }
}

/** Of a payout, where its lists and the object itself are. */
const accountOf = (side: Pair['ours'] | Pair['theirs']): string | undefined =>
  side && 'account' in side ? side.account : side && 'labels' in side ? side.labels.account : undefined;

/** An account that is not connected any more has no lists: what was paid on it is compared by its transfers. */
async function withoutAccount(compare: () => Promise<ComparedPage>): Promise<ComparedPage> {
  try {
    return await compare();
  } catch (error) {
    if (typeOf(error) === failureTypes.declined && detailOf(error)?.code === 'account_invalid') return none;
    throw error;
  }
}
