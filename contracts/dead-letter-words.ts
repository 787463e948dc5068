/** What is said of a batch of decisions, in one place for the Web UI, the API and the command line. Pure. */
import {
  type BatchLetter,
  type BatchReport,
  type DeadLetterBatchInput,
  type DeadLetterBatchResult,
  type DeadLetterBatchStatus,
  type DecidedLetter,
  letterOutcomes,
  type OpenBatchStage,
} from './dead-letters.ts';
import { refusals } from './decisions.ts';

/** Counted anew from what is known of each letter. */
export function reportOf(
  { batch, letters, more }: Pick<DeadLetterBatchInput, 'batch' | 'letters' | 'more'>,
  decided: ReadonlyMap<string, DecidedLetter>,
): BatchReport {
  const known = letters.flatMap(({ id }) => decided.get(id) ?? []);
  const counts = letterOutcomes.map((name) => [name, known.filter(({ outcome }) => outcome === name).length] as const);
  return {
    ...(Object.fromEntries(counts) as Pick<BatchReport, (typeof letterOutcomes)[number]>),
    dryRun: batch.dryRun,
    total: letters.length,
    left: letters.length - known.length,
    more,
    letters: letters.map(({ id, workflowId, step }: BatchLetter) => ({ id, workflowId, step, ...decided.get(id) })),
  };
}

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenBatch: Readonly<Record<OpenBatchStage, string>> = {
  started: 'The letters are being gone through.',
  deciding: 'The letters are decided in waves. `cancel` stops before the next one; what was sent stands.',
};

/** Each count that says something, with its words. */
export function factsOf(report: BatchReport): (readonly [string, string])[] {
  const { dryRun, total, accepted, refused, gone, unanswered, left } = report;
  const counts: [string, number][] = [
    ['Letters', total],
    [dryRun ? 'Would be taken' : 'Taken', accepted],
    [dryRun ? 'Would be refused' : 'Refused', refused],
    ['Closed or ended', gone],
    ['Unanswered', unanswered],
    ['Left', left],
  ];
  return [
    ...counts.map(([name, count]) => [name, String(count)] as const),
    ...(report.more ? [['More', 'letters fit that are not in this batch'] as const] : []),
  ];
}

/** `refused: nothing waits for this decision now` */
export const outcomeText = ({ outcome, because }: Partial<DecidedLetter>): string =>
  because === undefined ? (outcome ?? 'left') : `${outcome}: ${refusals[because]}`;

function nextOf({ status, report }: DeadLetterBatchResult): string {
  if (status === 'cancelled')
    return 'Nothing further is sent; what was sent before stands. Decide about what is left under another key';
  const { dryRun, refused, unanswered, more } = report;
  if (dryRun) return 'Nothing was sent. Ask for the same under another key without dryRun to do it';
  if (refused + unanswered > 0)
    return 'Look at those that were refused or gave no answer, one by one, or decide about them under another key';
  return more
    ? 'More letters fit: decide about them under another key'
    : 'Each letter is closed by its workflow, once its step has its outcome';
}

/** The status of a batch that has ended. */
export function closedBatchStatus(result: DeadLetterBatchResult): DeadLetterBatchStatus {
  const { status: stage, moneyMoved, report } = result;
  return { stage, attention: 'none', moneyMoved, next: `${nextOf(result)}.`, report, result };
}
