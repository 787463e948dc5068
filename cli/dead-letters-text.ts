/** Dead letters as tables for people. */
import type { DeadLetterBatchView, DeadLetterDetails, DeadLetterView } from '../client/dead-letters.ts';
import { factsOf, outcomeText } from '../contracts/dead-letter-words.ts';
import type { DeadLetterGroup, DeadLetterStatistics } from '../contracts/dead-letters.ts';
import { facts, table } from './table.ts';
import { minuteOf } from './times.ts';

const longestError = 40;
const shortened = (text: string) => (text.length <= longestError ? text : `${text.slice(0, longestError - 1)}…`);
const counts = (of: Readonly<Record<string, number>>) =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

export function lettersText({ letters, nextCursor }: { letters: DeadLetterView[]; nextCursor?: string }): string {
  if (letters.length === 0) return 'no dead letters';
  const rows = letters.map(({ id, failedAt, status, workflowId, step, error, attempts, moneyMoved }) => [
    id, minuteOf(failedAt), status, workflowId, step, shortened(error), String(attempts), moneyMoved,
  ]); // prettier-ignore
  const text = table(['Letter', 'Since (UTC)', 'State', 'Workflow', 'Step', 'Error', 'Calls', 'Money'], rows);
  return nextCursor === undefined ? text : `${text}\n\nmore: --cursor ${nextCursor}`;
}

export function detailsText(letter: DeadLetterDetails): string {
  const { waiting, workflow, retries, data } = letter;
  return facts([
    ['Letter', letter.id],
    ['State', letter.status],
    ['Workflow', workflow === undefined ? letter.workflowId : `${letter.workflowId} (${workflow})`],
    ['Web UI', letter.webUi],
    ['Job', `${letter.jobType} on ${letter.queueName}`],
    ['Step', letter.step],
    ['Error', letter.error],
    ['Sent calls', String(letter.attempts)],
    ['Money', letter.moneyMoved],
    ['Since', letter.failedAt],
    ['About', Object.keys(data).length === 0 ? undefined : JSON.stringify(data)],
    ...retries.map(({ by, at, evidence }): [string, string] => ['Sent again', `${at} by ${by}: ${evidence}`]),
    ['Can be told', waiting && (waiting.choices.join(', ').replaceAll('_', '-') || 'nothing now')],
    ['Resolved', letter.resolvedAt && `${letter.resolvedAt}: ${letter.outcome}`],
    ['Closed by', letter.closedBy && `${letter.closedBy}: ${letter.closeReason}`],
  ]);
}

export const groupsText = (groups: readonly DeadLetterGroup[]) =>
  groups.length === 0
    ? 'no dead letters'
    : table(
        ['Count', 'Queue', 'Job', 'Step', 'Error', 'Oldest (UTC)', 'Newest', 'Money'],
        groups.map(({ count, queueName, jobType, step, error, oldest, newest, moneyMoved }) => [
          String(count), queueName, jobType, step, shortened(error), minuteOf(oldest), minuteOf(newest), counts(moneyMoved),
        ]), // prettier-ignore
      );

export function statisticsText({ open, oldest, byQueue, byJobType, byMoneyMoved, days }: DeadLetterStatistics): string {
  const about = facts([
    ['Open', String(open)],
    ['Oldest', oldest && `${oldest.failedAt}, ${Math.round(oldest.seconds / 60)} min`],
    ['By queue', counts(byQueue) || undefined],
    ['By job', counts(byJobType) || undefined],
    ['By money', counts(byMoneyMoved) || undefined],
  ]);
  const rows = days.map(({ day, opened, resolved }) => [day, String(opened), String(resolved)]);
  return `${about}\n\n${table(['Day (UTC)', 'Opened', 'Resolved'], rows)}`;
}

export function batchText({ id, workflowId, webUi, stage, next, report }: DeadLetterBatchView): string {
  const about = facts([
    ['Batch', id],
    ['Workflow', workflowId],
    ['Web UI', webUi],
    ['Stage', stage],
    ...(report ? factsOf(report) : []),
    ['Next', next],
  ]);
  if (!report) return about;
  const rows = report.letters.map((letter) => [letter.id, letter.workflowId, letter.step, outcomeText(letter)]);
  return `${about}\n\n${table(['Letter', 'Workflow', 'Step', 'Became'], rows)}`;
}
