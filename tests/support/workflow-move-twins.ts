/** Twins of what a ticket's transfer or burn calls, over the worlds of workflow-twins.ts. */
import type { RecordActivities } from '../../activities/records.ts';
import type { TicketMoveActivities } from '../../activities/ticket-moves.ts';
import type { MoveResult } from '../../contracts/ticket-move.ts';
import { transactionHash, type Twins } from './workflow-twins.ts';

export type MoveRecords = Pick<RecordActivities, 'claimMove' | 'closeMove'>;

export const createMoveRecordTwins = (twins: Twins): MoveRecords => ({
  claimMove: (input) => {
    const twin = twins.current;
    return twin.perform('claimMove', input, () => {
      const { result } = twin.claim;
      if (result) return { kind: 'ended', result: result as MoveResult };
      twin.claim.owned = true;
      return { kind: 'owned' };
    });
  },
  closeMove: (input) => {
    const twin = twins.current;
    return twin.perform('closeMove', input, () => (twin.claim.result ??= input.result) as MoveResult);
  },
});

const ticket = { ticketId: 'seat-1', tokenId: '1' };
export const toWallet = `0x${'2'.repeat(40)}`;
export const transferred: MoveResult = {
  status: 'transferred', moneyMoved: 'none', ticket, toWallet, transactionHash,
}; // prettier-ignore
export const burned: MoveResult = { status: 'burned', moneyMoved: 'none', ticket, transactionHash };

/** A transaction is signed in the moment in which its effect happens: what follows cannot be undone. */
export const createMoveTwins = (twins: Twins): TicketMoveActivities => ({
  moveTicket: (input) => {
    const twin = twins.current;
    return twin.perform('moveTicket', input, () => {
      twin.refuseFenced('move');
      const isBurn = input.operation.workflowId.startsWith('burn:');
      if (isBurn) twin.tickets = 'burned';
      return (twin.claim.result ??= isBurn ? burned : transferred) as MoveResult;
    });
  },
  stopMove: (input) => {
    const twin = twins.current;
    return twin.perform('stopMove', input, () => twin.fence('move'));
  },
});
