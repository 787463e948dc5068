/** The course of a transfer and of a burn: reserve the ticket, move it on the chain, and never forget what was signed. */
import { setHandler } from '@temporalio/workflow';
import { cancelMoveUpdate, moveStatusQuery, type CancelRequest } from '../contracts/messages.ts';
import type {
  BurnInput,
  MoveRejection,
  MoveResult,
  MoveStatus,
  NotMoved,
  OpenMoveStage,
  TransferInput,
} from '../contracts/ticket-move.ts';
import { closedMoveStatus } from '../contracts/ticket-move-words.ts';
import { Frame } from './frame.ts';
import { JobView } from './job-view.ts';
import { readFailure } from './outcomes.ts';
import { untilKnown } from './parking.ts';
import { currentOperation, records, ticketMoves } from './proxies.ts';
import { businessNow } from './time.ts';

/** A cancel is in time until the transaction is signed; what was signed is brought to its end, and that is the answer. */
export function moveTicket(
  input: TransferInput | BurnInput,
  jobType: 'ticket-transfer' | 'ticket-burn',
  title: string,
): Promise<MoveResult> {
  const operation = currentOperation(input.request.tenantId);
  const view = new JobView(title, 'moving');
  const frame = new Frame<MoveResult>({
    operation,
    queueName: 'money',
    jobType,
    view,
    cancelUpdate: cancelMoveUpdate,
  });
  setHandler(moveStatusQuery, () => statusOf(view, frame.end), { description: 'Stage and what comes next' });

  async function forward(): Promise<MoveResult> {
    frame.undo.register('stop', (round) => ticketMoves.stopMove({ operation, round, now: businessNow() }));
    return untilKnown(
      {
        step: 'move',
        run: ({ round, within }) =>
          ticketMoves.moveTicket.executeWithOptions({ ...within, summary: title }, [
            { operation, round, now: businessNow() },
          ]),
      },
      frame.parking,
    );
  }

  return frame.run<NotMoved>({
    claim: () => records.claimMove({ operation, input, now: businessNow() }),
    forward,
    stoppedBy,
    close: (result = notMoved('internal_error')) => records.closeMove({ operation, result, now: businessNow() }),
  });
}

function statusOf(view: JobView, end: MoveResult | undefined): MoveStatus {
  if (end) return closedMoveStatus(end);
  const status = view.status();
  return { ...status, stage: status.stage as OpenMoveStage, moneyMoved: 'none' };
}

const notMoved = (reason: MoveRejection): NotMoved => ({ status: 'rejected', moneyMoved: 'none', reason });

function stoppedBy(error: unknown, cancelled: CancelRequest | undefined): NotMoved | undefined {
  if (cancelled) return { status: 'cancelled', moneyMoved: 'none', ...cancelled };
  const failure = readFailure(error);
  return failure.kind === 'declined' && failure.code === 'not_held' ? notMoved('not_held') : undefined;
}
