/** `boxoffice payouts …` */
import type { Command } from 'commander';
import { closedPayoutStatus, type PayoutHandle, StillRunningError } from '../client/index.ts';
import { callApi } from '../client/http.ts';
import { payoutWorkflowId } from '../contracts/ids.ts';
import { formatAmount } from '../contracts/money.ts';
import type { PayoutStatus } from '../contracts/payout.ts';
import { apiAccess } from './api-access.ts';
import { minorUnits, wholeNumber } from './options.ts';
import type { Output } from './output.ts';
import type { Session } from './session.ts';
import { UsageError } from './settings.ts';
import { standing } from './standing.ts';
import { type Statement, statementText } from './statement.ts';

const defaultWaitSeconds = 10;

interface RequestOptions {
  payoutId: string;
  reason: string;
  amount?: number;
  actor: string;
  wait: number;
}

interface ScheduleOptions {
  every?: string;
  cron?: string;
  off?: boolean;
}

export function addPayouts(program: Command, open: () => Session, output: Output): void {
  const payouts = program.command('payouts').description('pay venues, and look how that goes');

  payouts
    .command('request')
    .description('pay a venue what is available of its money (exit code 1 when it ended without a payout)')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<venue>', 'the venue id')
    .requiredOption('--payout-id <id>', "the payout's own id: the same one again never pays twice")
    .requiredOption('--reason <text>', 'why; it is kept with the payout')
    .option(
      '--amount <minor>',
      "how much, in the currency's minor unit; all that is available where it is absent",
      minorUnits,
    )
    .option('--actor <id>', 'who asks, an opaque id; somebody else has to approve it', 'operator')
    .option('--wait <seconds>', 'how long to wait for the end', wholeNumber, defaultWaitSeconds)
    .action((tenant: string, venue: string, options: RequestOptions) => request(open(), tenant, venue, options));

  payouts
    .command('show')
    .description('where one payout stands')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<payout>', 'the payout id')
    .action(async (tenant: string, payoutId: string) => {
      const session = open();
      const handle = session.boxoffice.payouts.get(tenant, payoutId);
      print(session, handle, await handle.status());
    });

  payouts
    .command('statement')
    .description('the purchases, refunds, disputes and fees that one payout pays; asks the API')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<payout>', 'the payout id')
    .action(async (tenant: string, payoutId: string) => {
      const { dir } = program.opts<{ dir: string }>();
      const access = await apiAccess(output.env, dir, payoutWorkflowId(tenant, payoutId));
      const path = `/payouts/${encodeURIComponent(payoutId)}/statement`;
      const statement = (await callApi(access, 'GET', path, undefined)) as Statement;
      output.print(statementText(statement), statement);
    });

  payouts
    .command('schedule')
    .description('pay a venue all that is available again and again, or no more')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<venue>', 'the venue id')
    .option('--every <time>', 'such as "12 hours", "1 day" or "2 weeks"')
    .option('--cron <fields>', 'five fields, in UTC, such as "0 6 * * MON"')
    .option('--off', 'ends it; payouts that have begun go on')
    .action((tenant: string, venue: string, options: ScheduleOptions) => schedule(open, tenant, venue, options));
}

async function request(session: Session, tenantId: string, venueId: string, options: RequestOptions): Promise<void> {
  const { payoutId, reason, amount, actor, wait } = options;
  const handle = await session.boxoffice.payouts.request({
    tenantId,
    payoutId,
    venueId,
    ...(amount === undefined ? {} : { amount }),
    reason,
    requestedBy: actor,
  });
  const status = await handle
    .result({ deadlineMs: wait * 1_000 })
    .then(closedPayoutStatus, (error: unknown) =>
      error instanceof StillRunningError ? handle.status() : Promise.reject(error as Error),
    );
  print(session, handle, status);
  if (status.result && status.result.status !== 'paid') session.fail();
}

function print(session: Session, { payoutId, workflowId }: PayoutHandle, status: PayoutStatus): void {
  const { result } = status;
  const done = result?.status === 'paid' ? result : undefined;
  const text = standing(session, 'Payout', workflowId, status, [
    ['Amount', done && formatAmount(done.amount, done.currency)],
    ['At Stripe', done && [done.transferId, done.providerPayoutId].filter(Boolean).join(', ')],
  ]);
  session.print(text, { id: payoutId, workflowId, ...status });
}

async function schedule(
  open: () => Session,
  tenant: string,
  venue: string,
  { every, cron, off }: ScheduleOptions,
): Promise<void> {
  if ([every, cron, off].filter((given) => given !== undefined).length !== 1)
    throw new UsageError('give one of --every, --cron and --off');
  const session = open();
  const { payouts } = session.boxoffice;
  if (off) {
    const was = await payouts.unschedule(tenant, venue);
    session.print(was ? `${venue} is paid when asked only` : `${venue} had no schedule`, { venueId: venue, was });
    return;
  }
  const wish = { ...(every === undefined ? {} : { every }), ...(cron === undefined ? {} : { cron }) };
  await payouts.schedule(tenant, venue, wish);
  session.print(`${venue} is paid ${every === undefined ? `by ${cron}` : `every ${every}`}`, {
    venueId: venue,
    ...wish,
  });
}
