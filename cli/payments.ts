/** `boxoffice payments …` */
import type { Command } from 'commander';
import { formatAmount, isCurrency } from '../contracts/money.ts';
import type { PaymentStatus } from '../contracts/payment.ts';
import { closedStatus, type PaymentHandle, type PaymentSummary, StillRunningError } from '../client/index.ts';
import { wholeNumber } from './options.ts';
import type { Session } from './session.ts';
import { standing } from './standing.ts';
import { table } from './table.ts';

const defaultWaitSeconds = 30;

export function addPayments(program: Command, open: () => Session): void {
  const payments = program.command('payments').description('look at purchases, and cancel them');

  payments
    .command('show')
    .description('where one purchase stands')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<key>', "the purchase's idempotency key")
    .action(async (tenant: string, key: string) => {
      const session = open();
      const handle = session.boxoffice.payments.get(tenant, key);
      const status = await handle.status();
      session.print(describe(session, handle, status), { id: key, workflowId: handle.workflowId, ...status });
    });

  payments
    .command('list')
    .description('purchases that Temporal remembers, newest first')
    .option('--tenant <tenant>', 'of one tenant only')
    .option('--attention <whom>', 'that wait for: none, approval, review, customer or provider')
    .option('--stage <stage>', 'at a stage, e.g. "in review" or completed')
    .option('--limit <count>', 'at most this many, 1 to 1000', wholeNumber, 50)
    .action(async (options: { tenant?: string; attention?: never; stage?: string; limit: number }) => {
      const { tenant, ...filter } = options;
      const session = open();
      const found = await session.boxoffice.payments.list({ ...filter, ...(tenant ? { tenantId: tenant } : {}) });
      session.print(listOf(found), found);
    });

  payments
    .command('cancel')
    .description('give the money back, until its capture is scheduled (exit code 1 when it was too late)')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<key>', "the purchase's idempotency key")
    .requiredOption('--reason <text>', 'why; it is kept with the purchase')
    .option('--actor <id>', 'who cancels, an opaque id', 'operator')
    .option('--wait <seconds>', 'how long to wait for the end', wholeNumber, defaultWaitSeconds)
    .action(async (tenant: string, key: string, options: { reason: string; actor: string; wait: number }) => {
      const session = open();
      const handle = session.boxoffice.payments.get(tenant, key);
      const { reason, actor, wait } = options;
      try {
        const result = await handle.cancel({ actor, reason }, { deadlineMs: wait * 1_000 });
        const status = closedStatus(result);
        session.print(describe(session, handle, status), { id: key, workflowId: handle.workflowId, ...status });
        if (result.status === 'completed') session.fail();
      } catch (error) {
        if (!(error instanceof StillRunningError)) throw error;
        session.print(`The cancellation is recorded. ${error.message}`, {
          id: key,
          workflowId: handle.workflowId,
          status: 'pending',
          moneyMoved: error.moneyMoved,
          next: error.nextAction,
        });
      }
    });
}

function describe(session: Session, handle: PaymentHandle, status: PaymentStatus): string {
  const { result } = status;
  const done = result?.status === 'completed' ? result : undefined;
  return standing(session, 'Purchase', handle.workflowId, status, [
    ['Amount', done && formatAmount(done.amount, done.currency)],
    ['Intent', done?.intentId],
    ['Tickets', done?.tickets.map(({ ticketId }) => ticketId).join(', ')],
    ['Transaction', done?.transactionHash],
  ]);
}

const amountOf = ({ amount, currency }: PaymentSummary) =>
  amount !== undefined && currency !== undefined && isCurrency(currency) ? formatAmount(amount, currency) : '';

function listOf(found: readonly PaymentSummary[]): string {
  if (found.length === 0) return 'No purchase matches.';
  return table(
    ['TENANT', 'KEY', 'STAGE', 'WAITS FOR', 'AMOUNT', 'STARTED', 'ENDED'],
    found.map((one) => [
      one.tenantId,
      one.paymentKey,
      one.stage,
      one.attention === 'none' ? '' : one.attention,
      amountOf(one),
      one.startedAt,
      one.closedAt ?? '',
    ]),
  );
}
