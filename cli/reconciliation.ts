/** `boxoffice reconciliation`: the books of a day against the card provider and the chain. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { StillRunningError } from '../client/index.ts';
import { createReconciliationReads, type DifferenceFilter } from '../client/reconciliation.ts';
import { formatAmount, isCurrency } from '../contracts/money.ts';
import type { DifferenceRecord, ReconciledDay, ReconciliationStatus } from '../contracts/reconciliation.ts';
import { closedReconciliationStatus, meaningOf } from '../contracts/reconciliation-words.ts';
import { reconciliationWorkflowId } from '../contracts/ids.ts';
import { apiAccess } from './api-access.ts';
import { wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import type { Session } from './session.ts';
import { facts, table } from './table.ts';
import { secondOf } from './times.ts';

const defaultWaitSeconds = 60;

function day(text: string): string {
  if (!/^20\d\d-[01]\d-[0-3]\d$/.test(text))
    throw new InvalidArgumentError('It has to be a day in UTC such as 2027-01-31.');
  return text;
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It has to be the number of a difference.');
  return Number(text);
}

export function addReconciliation(program: Command, open: () => Session, { env, print }: Output): void {
  const group = program
    .command('reconciliation')
    .description('the books of a day against the card provider and the chain');
  const reads = async (tenant: string, as?: string) =>
    createReconciliationReads(
      await apiAccess(env, program.opts<{ dir: string }>().dir, reconciliationWorkflowId(tenant, 'any'), as),
    );

  group
    .command('run')
    .description('compare a day that has begun; again, as often as one likes')
    .argument('<tenant>', 'the tenant, e.g. acme; platform for what belongs to none')
    .argument('<day>', 'the day in UTC, e.g. 2027-01-31', day)
    .option('--wait <seconds>', 'how long to wait for its end', wholeNumber, defaultWaitSeconds)
    .action((tenant: string, ofDay: string, { wait }: { wait: number }) => run(open(), tenant, ofDay, wait));
  group
    .command('list')
    .description('the last days that were compared, and what differs; asks the API')
    .argument('<tenant>', 'the tenant, e.g. acme; platform for what belongs to none')
    .option('--day <day>', 'of one day only', day)
    .option('--all', 'closed differences too')
    .option('--limit <count>', 'how many', wholeNumber, 50)
    .action(async (tenant: string, options: { day?: string; all?: boolean; limit: number }) => {
      const filter: DifferenceFilter = {
        open: !options.all,
        limit: options.limit,
        ...(options.day === undefined ? {} : { day: options.day }),
      };
      const page = await (await reads(tenant)).list(filter);
      print([daysText(page.days), differencesText(page.differences)].join('\n\n'), page);
    });
  group
    .command('close')
    .description('close a difference; it stays closed for as long as both sides say what they say now')
    .argument('<tenant>', 'the tenant, e.g. acme; platform for what belongs to none')
    .argument('<difference>', 'its number', numberOf)
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--as <id>', 'who does it, in the sandbox only (default: TENANT-approver)')
    .action(async (tenant: string, id: number, { reason, as }: { reason: string; as?: string }) => {
      const closed = await (await reads(tenant, as)).close(id, reason);
      print(differenceText(closed), closed);
    });
}

async function run(session: Session, tenantId: string, ofDay: string, waitSeconds: number): Promise<void> {
  const handle = await session.boxoffice.reconciliation.run({ tenantId, day: ofDay });
  const status = await handle
    .result({ deadlineMs: Math.max(1, waitSeconds * 1_000) })
    .then(closedReconciliationStatus, (error: unknown) =>
      error instanceof StillRunningError ? handle.status() : Promise.reject(error as Error),
    );
  session.print(statusText(session, handle.workflowId, status), {
    id: ofDay,
    workflowId: handle.workflowId,
    ...status,
  });
  if (status.result && status.result.status !== 'clean' && status.result.open > 0) session.fail();
}

function statusText(
  session: Session,
  workflowId: string,
  { stage, next, result, counts }: ReconciliationStatus,
): string {
  const compared = Object.entries(result?.compared ?? counts ?? {}).filter(([, count]) => count > 0);
  return facts([
    ['Reconciliation', workflowId],
    ['Stage', stage],
    ['Compared', compared.map(([what, count]) => `${what} ${count}`).join(', ') || undefined],
    ['Differences', result && `${result.differences} found, ${result.healed} healed, ${result.open} open`],
    ['Next', next],
    ['Web UI', session.linkTo(workflowId)],
  ]);
}

const daysText = (days: readonly ReconciledDay[]) =>
  table(
    ['Day', 'Status', 'Differences', 'Healed', 'Started (UTC)'],
    days.map(({ day: of, status, differences, healed, startedAt }) => [
      of, status, String(differences), String(healed), secondOf(startedAt),
    ]), // prettier-ignore
  );

const moneyText = ({ amount, currency }: DifferenceRecord) =>
  amount !== undefined && currency !== undefined && isCurrency(currency) ? formatAmount(amount, currency) : '';

const stateOf = ({ closedBy, healedAt }: DifferenceRecord) =>
  closedBy === undefined ? (healedAt === undefined ? 'open' : 'healed') : `closed by ${closedBy}`;

const differencesText = (found: readonly DifferenceRecord[]) =>
  table(
    ['No.', 'Day', 'Difference', 'Object', 'Amount', 'State'],
    found.map((one) => [String(one.id), one.day, one.kind, one.objectId, moneyText(one), stateOf(one)]),
  );

const differenceText = (one: DifferenceRecord) =>
  facts([
    ['Difference', String(one.id)],
    ['Kind', `${one.kind}: ${meaningOf[one.kind]}`],
    ['Object', one.objectId],
    ['Amount', moneyText(one) || undefined],
    ['State', stateOf(one)],
    ['Reason', one.closeReason],
  ]);
