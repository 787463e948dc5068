/** `boxoffice disputes …`: only read here. Evidence is given at the card provider, and its bank decides. */
import type { Command } from 'commander';
import type { DisputeHandle } from '../client/index.ts';
import type { DisputeStatus } from '../contracts/dispute.ts';
import { formatAmount } from '../contracts/money.ts';
import type { Session } from './session.ts';
import { facts } from './table.ts';

export function addDisputes(program: Command, open: () => Session): void {
  const disputes = program.command('disputes').description('what banks take back for cardholders');

  disputes
    .command('show')
    .description('where one dispute stands, and until when evidence can be given')
    .argument('<tenant>', 'the tenant, e.g. acme')
    .argument('<dispute>', "the card provider's id, e.g. dp_1")
    .action(async (tenant: string, disputeId: string) => {
      const session = open();
      const handle = session.boxoffice.disputes.get(tenant, disputeId);
      print(session, handle, await handle.status());
    });
}

function print(session: Session, { disputeId, workflowId }: DisputeHandle, status: DisputeStatus): void {
  const { stage, attention, next, evidenceDueBy, result } = status;
  const money = result && 'amount' in result ? result : undefined;
  const locked = result?.status === 'lost' && result.locked.length > 0 ? result.locked : undefined;
  const text = facts([
    ['Dispute', workflowId],
    ['Stage', stage],
    ['Waits for', attention === 'none' ? undefined : attention],
    ['Evidence by', evidenceDueBy],
    ['Amount', money && formatAmount(money.amount, money.currency)],
    ['Fee', money && formatAmount(money.fee, money.currency)],
    ['Locked', locked?.join(', ')],
    ['Next', next],
    ['Web UI', session.linkTo(workflowId)],
  ]);
  session.print(text, { id: disputeId, workflowId, ...status });
}
