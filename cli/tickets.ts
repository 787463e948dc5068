/** `boxoffice tickets …` */
import type { Command } from 'commander';
import { closedMoveStatus, type MoveHandle, StillRunningError } from '../client/index.ts';
import type { MoveResult, MoveStatus } from '../contracts/ticket-move.ts';
import { wholeNumber } from './options.ts';
import type { Session } from './session.ts';
import { standing } from './standing.ts';

const defaultWaitSeconds = 30;

interface Asked {
  reason: string;
  actor: string;
  wait: number;
}

export function addTickets(program: Command, open: () => Session): void {
  const tickets = program
    .command('tickets')
    .description('give tickets to other wallets, or take them out of the world');

  const asking = (name: string, description: string) =>
    tickets
      .command(name)
      .description(`${description} (exit code 1 when it was not)`)
      .argument('<tenant>', 'the tenant, e.g. acme')
      .argument('<ticket>', 'the ticket id')
      .requiredOption('--reason <text>', 'why; it is kept')
      .option('--actor <id>', 'who asks, an opaque id', 'operator')
      .option('--wait <seconds>', 'how long to wait for the end', wholeNumber, defaultWaitSeconds);

  asking('transfer', 'give a ticket to another wallet, at the request of its holder')
    .requiredOption('--to <wallet>', 'the wallet, 0x and 40 hex digits')
    .requiredOption('--transfer-id <id>', "the transfer's own id: the same one again never moves twice")
    .action(
      async (
        tenantId: string,
        ticketId: string,
        options: Asked & { to: string; transferId: string },
      ): Promise<void> => {
        const { reason, actor: requestedBy, to: toWallet, transferId, wait } = options;
        const session = open();
        const request = { tenantId, ticketId, transferId, toWallet, reason, requestedBy };
        await follow(session, await session.boxoffice.tickets.transfer(request), wait);
      },
    );

  asking('burn', 'burn a ticket; no money moves')
    .requiredOption('--burn-key <key>', "the burn's own key: the same one again never burns twice")
    .action(async (tenantId: string, ticketId: string, options: Asked & { burnKey: string }): Promise<void> => {
      const { reason, actor: requestedBy, burnKey, wait } = options;
      const session = open();
      const handle = await session.boxoffice.tickets.burn({ tenantId, ticketId, burnKey, reason, requestedBy });
      await follow(session, handle, wait);
    });

  tickets
    .command('show')
    .description('where one transfer stands')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<transfer>', 'the transfer id')
    .action(async (tenant: string, transferId: string) => {
      const session = open();
      const handle = session.boxoffice.tickets.getTransfer(tenant, transferId);
      print(session, handle, await handle.status());
    });
}

async function follow<Result extends MoveResult>(
  session: Session,
  handle: MoveHandle<Result>,
  waitSeconds: number,
): Promise<void> {
  const status = await handle.result({ deadlineMs: waitSeconds * 1_000 }).then(
    (result) => closedMoveStatus(result),
    (error: unknown) => (error instanceof StillRunningError ? handle.status() : Promise.reject(error as Error)),
  );
  print(session, handle, status);
  const end = status.result?.status;
  if (end === 'rejected' || end === 'cancelled') session.fail();
}

function print<Result extends MoveResult>(
  session: Session,
  { id, workflowId }: MoveHandle<Result>,
  status: MoveStatus<Result>,
): void {
  const result: MoveResult | undefined = status.result;
  const moved = result?.status === 'transferred' || result?.status === 'burned' ? result : undefined;
  const text = standing(session, 'Ticket move', workflowId, status, [
    ['Token', moved?.ticket.tokenId],
    ['Wallet', moved?.status === 'transferred' ? moved.toWallet : undefined],
    ['Transaction', moved?.transactionHash],
    ['Why not', result?.status === 'rejected' ? result.reason : undefined],
  ]);
  session.print(text, { id, workflowId, ...status });
}
