/** What a person sees of a batch of decisions: a table of what became of the letters. */
import { setCurrentDetails } from '@temporalio/workflow';
import type {
  DeadLetterBatchInput,
  DeadLetterBatchResult,
  DeadLetterBatchStatus,
  DecidedLetter,
  OpenBatchStage,
} from '../contracts/dead-letters.ts';
import { closedBatchStatus, factsOf, nextOfOpenBatch, outcomeText, reportOf } from '../contracts/dead-letter-words.ts';
import type { CancelRequest } from '../contracts/messages.ts';

/** Rows that fit into the details; all of them are in the query `status`. */
const shownLetters = 10;

export class DeadLettersView {
  readonly #input: DeadLetterBatchInput;
  readonly #decided: ReadonlyMap<string, DecidedLetter>;
  #stage: OpenBatchStage = 'started';
  #end: DeadLetterBatchResult | undefined;

  /** `decided` grows while the batch runs. */
  constructor(input: DeadLetterBatchInput, decided: ReadonlyMap<string, DecidedLetter>) {
    this.#input = input;
    this.#decided = decided;
    this.#show();
  }

  status(): DeadLetterBatchStatus {
    if (this.#end) return closedBatchStatus(this.#end);
    return {
      stage: this.#stage,
      attention: 'none',
      moneyMoved: 'none',
      next: nextOfOpenBatch[this.#stage],
      report: reportOf(this.#input, this.#decided),
    };
  }

  look(): void {
    this.#stage = 'deciding';
    this.#show();
  }

  /** No search attribute changes: nobody is waited for, and the list shows that it is closed. */
  end(cancelled: CancelRequest | undefined): DeadLetterBatchResult {
    const report = reportOf(this.#input, this.#decided);
    this.#end = cancelled
      ? { status: 'cancelled', moneyMoved: 'none', actor: cancelled.actor, reason: cancelled.reason, report }
      : { status: 'completed', moneyMoved: 'none', report };
    this.#show();
    return this.#end;
  }

  #show(): void {
    const { stage, next, report = reportOf(this.#input, this.#decided) } = this.status();
    const { actor, decision, dryRun } = this.#input.batch;
    // What went as it should needs nobody's eyes.
    const odd = report.letters.filter(({ outcome }) => outcome !== undefined && outcome !== 'accepted');
    setCurrentDetails(
      [
        `**${dryRun ? 'Dry run of ' : ''}${decision}**, decided by \`${actor}\``,
        '',
        '| | |',
        '|---|---|',
        ...factsOf(report).map(([name, value]) => `| ${name} | ${value} |`),
        `| Stage | **${stage}** |`,
        `| Next | ${next} |`,
        ...(odd.length === 0 ? [] : ['', '| Letter | Workflow | Step | Became |', '|---|---|---|---|']),
        ...odd
          .slice(0, shownLetters)
          .map((letter) => `| ${letter.id} | \`${letter.workflowId}\` | ${letter.step} | ${outcomeText(letter)} |`),
        ...(odd.length > shownLetters ? ['', `and ${odd.length - shownLetters} more`] : []),
      ].join('\n'),
    );
  }
}
