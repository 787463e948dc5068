import {
  allHandlersFinished,
  CancelledFailure,
  condition,
  makeContinueAsNewFunc,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ComparedPage } from '../activities/reconciliation.ts';
import { cancelReconciliationUpdate, reconciliationStatusQuery } from '../contracts/messages.ts';
import {
  type Comparison,
  comparisons,
  type PageCursor,
  type ReconciliationCounts,
  type ReconciliationInput,
  type ReconciliationResult,
} from '../contracts/reconciliation.ts';
import { noCounts } from '../contracts/reconciliation-words.ts';
import { healingLooksMs } from '../contracts/retry-profiles.ts';
import { Frame } from './frame.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, reconcilingBooks, reconciliationRecords, reconciling, reconcilingChain } from './proxies.ts';
import { ReconciliationView } from './reconciliation-view.ts';
import { businessNow } from './time.ts';

/**
 * The books of a day against the card provider and the chain, both ways. It books nothing and moves no money: what differs
 * becomes rows, and what a lost webhook would have said is said to the workflow that waits for it. The objects stay in the
 * activities; what is kept here are cursors and counts.
 */
export function reconciliation(input: ReconciliationInput): Promise<ReconciliationResult> {
  return new Reconciling(input).run();
}

type Undone = Extract<ReconciliationResult, { status: 'cancelled' }>;

/** Pages of one run; the next run goes on where it stopped. About eight events each, far from the server's limit. */
const pagesPerRun = 100;

const goOn = makeContinueAsNewFunc<typeof reconciliation>();

class Reconciling {
  readonly #input: ReconciliationInput;
  readonly #view: ReconciliationView;
  readonly #frame: Frame<ReconciliationResult>;
  readonly #run: string;
  #counts: ReconciliationCounts;
  #pages = 0;

  constructor(input: ReconciliationInput) {
    const { tenantId, day, course } = input;
    const operation = currentOperation(tenantId);
    this.#input = input;
    this.#run = operation.runId;
    this.#counts = course?.counts ?? noCounts;
    this.#view = new ReconciliationView({ tenantId, day }, this.#counts);
    this.#frame = new Frame({
      operation,
      queueName: 'background',
      jobType: 'reconciliation',
      view: this.#view,
      cancelUpdate: cancelReconciliationUpdate,
    });
    setHandler(reconciliationStatusQuery, () => this.#view.status(), { description: 'Stage, counts, what is next' });
  }

  run(): Promise<ReconciliationResult> {
    const nothing = { compared: noCounts, differences: 0, healed: 0, open: 0 };
    const ended = (by: { actor: string; reason: string }): Undone => ({ status: 'cancelled', ...by, ...nothing });
    return this.#frame.run<Undone>({
      // It owns no claim: two reconciliations of a day find the same, and their rows are one.
      claim: async () => {
        await reconciliationRecords.beginReconciliation(this.#asOfNow());
        return { kind: 'owned' };
      },
      forward: () => this.#forward(),
      stoppedBy: (_, cancelled) => cancelled && ended(cancelled),
      close: async (result = ended({ actor: 'boxoffice', reason: 'internal_error' })) => ({
        ...result,
        ...(await this.#end(true)),
        status: 'cancelled',
      }),
    });
  }

  /** Of the day and the run, at this moment. */
  #asOfNow() {
    const { tenantId, day } = this.#input;
    return { tenantId, day, run: this.#run, now: businessNow() };
  }

  async #forward(): Promise<ReconciliationResult> {
    const { course } = this.#input;
    const from = course ? comparisons.indexOf(course.comparison) : 0;
    for (const comparison of comparisons.slice(from))
      await this.#compare(comparison, comparison === course?.comparison ? course.cursor : undefined);
    this.#view.stand('looking again');
    await this.#lookAgain('others');
    await this.#heal();
    const { status, ...totals } = await this.#end(false);
    return { status: status === 'clean' ? 'clean' : 'differs', ...totals };
  }

  async #compare(comparison: Comparison, cursor: PageCursor | undefined): Promise<void> {
    for (let at = cursor, more = true; more;) {
      this.#view.comparing(comparison, this.#counts);
      const page = await this.#known(`compare ${comparison}`, () => this.#page(comparison, at));
      this.#counts = {
        ...this.#counts,
        [comparison]: this.#counts[comparison] + page.compared,
        told: this.#counts.told + page.told,
      };
      at = page.cursor;
      more = at !== undefined;
      this.#pages += 1;
      if (at && (this.#pages >= pagesPerRun || workflowInfo().continueAsNewSuggested))
        await this.#continue(comparison, at);
    }
  }

  #page(comparison: Comparison, cursor: PageCursor | undefined): Promise<ComparedPage> {
    const input = { ...this.#asOfNow(), ...(cursor ? { cursor } : {}) };
    const summary = { summary: comparison };
    if (comparison === 'ledger') return reconcilingBooks.compareLedger.executeWithOptions(summary, [input]);
    if (comparison === 'tickets' || comparison === 'tokens')
      return reconcilingChain.compareChain.executeWithOptions(summary, [{ ...input, comparison }]);
    return reconciling.compareProvider.executeWithOptions(summary, [{ ...input, comparison }]);
  }

  /** What is open is looked up one by one; what is gone is closed. Answers how many differ as before at the provider. */
  async #lookAgain(which: 'others' | 'healed'): Promise<number> {
    const input = (after: number) => ({ ...this.#asOfNow(), which, after });
    const pages = await this.#all('look again', (after) => reconciling.lookAgainAtProvider(input(after)));
    if (which === 'others')
      await this.#all('look again on the chain', (after) => reconcilingChain.lookAgainAtChain(input(after)));
    return pages.reduce((sum, { found }) => sum + found, 0);
  }

  /** Tells whom webhooks did not, and looks whether that was it. What takes longer, the next run closes. */
  async #heal(): Promise<void> {
    const pages = await this.#all('heal', (after) => reconcilingBooks.healDifferences({ ...this.#asOfNow(), after }));
    if (pages.every(({ healed }) => healed === 0)) return;
    this.#view.stand('healing');
    for (const milliseconds of healingLooksMs) {
      await sleep(milliseconds);
      if ((await this.#lookAgain('healed')) === 0) return;
    }
  }

  /** Page after page of what was kept of differences. */
  async #all<Page extends { after?: number }>(step: string, read: (after: number) => Promise<Page>): Promise<Page[]> {
    const pages: Page[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const at: number = after;
      const page = await this.#known(step, () => read(at));
      pages.push(page);
      after = page.after;
    }
    return pages;
  }

  async #end(cancelled: boolean) {
    const compared = this.#counts;
    const ended = await this.#known('end', () =>
      reconciliationRecords.endReconciliation({ ...this.#asOfNow(), cancelled, compared }),
    );
    const { status, differences, healed, open, shown } = ended;
    this.#view.found(shown);
    return { status, compared, differences, healed, open };
  }

  async #continue(comparison: Comparison, cursor: PageCursor): Promise<never> {
    await condition(allHandlersFinished);
    if (this.#frame.main.consideredCancelled) throw new CancelledFailure('cancelled before it went on');
    const { tenantId, day } = this.#input;
    const course = { comparison, cursor, counts: this.#counts };
    return goOn({ tenantId, day, course });
  }

  /** What nobody can do is shown to a person and tried again: a day that was not compared must not look like a clean one. */
  #known<T>(step: string, run: () => Promise<T>): Promise<T> {
    return untilKnown({ step, mustSucceed: true, run }, this.#frame.parking);
  }
}
