/** `boxoffice reports …` */
import type { Command } from 'commander';
import { type ReportCalls, StillRunningError } from '../client/index.ts';
import { createReportReads } from '../client/reports.ts';
import { formatAmount } from '../contracts/money.ts';
import type { CurrencyOfDay } from '../contracts/report.ts';
import { tenantAccess } from './api-access.ts';
import { wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import type { Session } from './session.ts';
import { facts, table } from './table.ts';

const defaultWaitSeconds = 30;

export function addReports(program: Command, open: () => Session, output: Output): void {
  const reports = program.command('reports').description("venues' money, day by day");
  const readsOf = async (tenant: string) => {
    const { dir } = program.opts<{ dir: string }>();
    return createReportReads(await tenantAccess(output.env, dir, tenant));
  };

  reports
    .command('make')
    .description("make the report of a venue's day, or find it made (exit code 1 when it was refused)")
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<venue>', 'the venue id')
    .argument('<day>', 'in UTC, such as 2027-01-31; its books are closed two hours after its end')
    .option('--wait <seconds>', 'how long to wait for it', wholeNumber, defaultWaitSeconds)
    .action((tenantId: string, venueId: string, day: string, { wait }: { wait: number }) =>
      make(open(), { tenantId, venueId, day }, wait * 1_000),
    );

  reports
    .command('get')
    .description('what came in, went out and is left, per currency; asks the API')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<venue>', 'the venue id')
    .argument('<day>', 'in UTC, such as 2027-01-31')
    .option('--csv', 'the table for accountants, as it is kept')
    .action(async (tenant: string, venueId: string, day: string, { csv }: { csv?: boolean }) => {
      const reads = await readsOf(tenant);
      if (csv) return output.out((await reads.csv(venueId, day)).trimEnd());
      const report = await reads.get(venueId, day);
      output.print(reportText(report), report);
    });

  reports
    .command('list')
    .description('reports that were made, newest day first; asks the API')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .option('--venue <id>', 'of this venue only')
    .option('--limit <count>', 'how many', wholeNumber, 50)
    .action(async (tenant: string, { venue, limit }: { venue?: string; limit: number }) => {
      const page = await (await readsOf(tenant)).list({ limit, ...(venue === undefined ? {} : { venueId: venue }) });
      const rows = page.reports.map(({ day, venueId, createdAt, sha256 }) => [
        day,
        venueId,
        createdAt,
        sha256.slice(0, 12),
      ]);
      output.print(table(['DAY', 'VENUE', 'MADE', 'SHA256 OF CSV'], rows), page);
    });
}

async function make(session: Session, request: Parameters<ReportCalls['make']>[0], deadlineMs: number): Promise<void> {
  const job = await session.boxoffice.reports.make(request);
  const { workflowId } = job;
  const result = await job.result({ deadlineMs }).catch((error: unknown) => {
    if (error instanceof StillRunningError) return { status: 'pending' as const };
    throw error;
  });
  if (result.status === 'refused' || result.status === 'expired') session.fail();
  session.print(
    facts([
      ['Report', workflowId],
      ['Status', result.status],
      ['Reason', result.status === 'refused' ? result.reason : undefined],
      ['Location', result.status === 'completed' ? result.location : undefined],
      ['Web UI', session.linkTo(workflowId)],
    ]),
    { workflowId, ...result },
  );
}

function reportText({ venueId, day, sha256, currencies }: Awaited<ReturnType<ReportCalls['get']>>): string {
  const about = facts([
    ['Venue', venueId],
    ['Day', `${day} (UTC)`],
    ['CSV', `sha256 ${sha256}`],
  ]);
  return [about, ...(currencies.length > 0 ? currencies.map(currencyText) : ['No money has moved.'])].join('\n\n');
}

function currencyText({ currency, totals, accounts }: CurrencyOfDay): string {
  const money = (amount: number) => formatAmount(amount, currency);
  const bare = (amount: number) => money(amount).replace(` ${currency}`, '');
  return [
    facts([
      ['Captured', money(totals.captured)],
      ['Platform fees', money(totals.platformFees)],
      ['Provider fees', money(totals.providerFees)],
      ['Refunded', money(totals.refunded)],
      ['Disputed', money(totals.disputed)],
      ['Dispute fees', money(totals.disputeFees)],
      ['Paid out', money(totals.paidOut)],
    ]),
    table(
      [`Account (${currency})`, 'Opening', 'Change', 'Closing'],
      accounts.map(({ account, opening, change, closing }) => [account, bare(opening), bare(change), bare(closing)]),
    ),
  ].join('\n\n');
}
