/** What is said of a ticket's transfer or burn. Pure. */
import { problems } from './problems.ts';
import type { MoveResult, MoveStatus } from './ticket-move.ts';

function nextOf(result: MoveResult): string {
  switch (result.status) {
    case 'transferred':
      return `The ticket is in wallet ${result.toWallet}; a refund that burns takes it from there`;
    case 'burned':
      return 'The ticket is no more. No money moved: a refund is another request';
    case 'cancelled':
      return 'Nothing was done; it can be asked for again under a new key';
    case 'rejected':
      return result.reason === 'internal_error'
        ? problems.internal.nextAction
        : `${problems[result.reason].title}. ${problems[result.reason].nextAction}`;
  }
}

/** The status of what has ended: its result says it all, whether it comes from Temporal or from our own row. */
export function closedMoveStatus<Result extends MoveResult>(result: Result): MoveStatus<Result> {
  const { status: stage, moneyMoved } = result;
  return { stage, attention: 'none', moneyMoved, next: `${nextOf(result)}.`, result };
}
