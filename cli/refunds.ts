/** `boxoffice refunds …` */
import type { Command } from 'commander';
import { closedRefundStatus, type RefundHandle, StillRunningError } from '../client/index.ts';
import { formatAmount } from '../contracts/money.ts';
import type { RefundStatus } from '../contracts/refund.ts';
import { minorUnits, wholeNumber } from './options.ts';
import type { Session } from './session.ts';
import { standing } from './standing.ts';

const defaultWaitSeconds = 30;

interface RequestOptions {
  refundId: string;
  reason: string;
  amount?: number;
  ticket?: string[];
  burn?: boolean;
  actor: string;
  wait: number;
}

export function addRefunds(program: Command, open: () => Session): void {
  const refunds = program.command('refunds').description('give money back, and look how that goes');

  refunds
    .command('request')
    .description('give a purchase back, or a part of it (exit code 1 when it was not)')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<payment>', "the purchase's idempotency key")
    .requiredOption('--refund-id <id>', "the refund's own id: the same one again never refunds twice")
    .requiredOption('--reason <text>', 'why; it is kept with the refund')
    .option(
      '--amount <minor>',
      "how much, in the currency's minor unit; all that is left where it is absent",
      minorUnits,
    )
    .option('--ticket <id...>', 'the price of these tickets, instead of --amount')
    .option('--burn', 'burn the tickets; they are kept otherwise')
    .option('--actor <id>', 'who asks, an opaque id', 'operator')
    .option('--wait <seconds>', 'how long to wait for the end', wholeNumber, defaultWaitSeconds)
    .action((tenant: string, payment: string, options: RequestOptions) => request(open(), tenant, payment, options));

  refunds
    .command('show')
    .description('where one refund stands')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<refund>', 'the refund id')
    .action(async (tenant: string, refundId: string) => {
      const session = open();
      const handle = session.boxoffice.refunds.get(tenant, refundId);
      print(session, handle, await handle.status());
    });
}

async function request(session: Session, tenantId: string, paymentKey: string, options: RequestOptions): Promise<void> {
  const { refundId, reason, amount, ticket: ticketIds, burn, actor, wait } = options;
  const handle = await session.boxoffice.refunds.request({
    tenantId,
    refundId,
    paymentKey,
    ...(amount === undefined ? {} : { amount }),
    ...(ticketIds ? { ticketIds } : {}),
    tickets: burn ? 'burn' : 'keep',
    reason,
    requestedBy: actor,
  });
  const status = await handle
    .result({ deadlineMs: wait * 1_000 })
    .then(closedRefundStatus, (error: unknown) =>
      error instanceof StillRunningError ? handle.status() : Promise.reject(error as Error),
    );
  print(session, handle, status);
  if (status.result && status.result.status !== 'completed') session.fail();
}

function print(session: Session, { refundId, workflowId }: RefundHandle, status: RefundStatus): void {
  const { result } = status;
  const done = result?.status === 'completed' ? result : undefined;
  const text = standing(session, 'Refund', workflowId, status, [
    ['Amount', done && formatAmount(done.amount, done.currency)],
    ['At Stripe', done?.providerRefundId],
    ['Burned', done && done.burned.length > 0 ? done.burned.join(', ') : undefined],
  ]);
  session.print(text, { id: refundId, workflowId, ...status });
}
