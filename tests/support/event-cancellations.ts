import { type EventCancellationResult, nothingYet } from '../../contracts/event-cancellation.ts';

const report = { ...nothingYet, purchases: 3, refunded: 2, failed: 1, amounts: { USD: 10_500 } };

export const cancellationDone: EventCancellationResult = { status: 'completed', moneyMoved: 'refunded', report };
export const cancellationStopped: EventCancellationResult = {
  status: 'cancelled',
  moneyMoved: 'refunded',
  actor: 'clerk-7',
  reason: 'enough',
  report: { ...report, failed: 0, pending: 1 },
};
export const noEvent: EventCancellationResult = { status: 'refused', moneyMoved: 'none', reason: 'no_event' };

/** What the query `status`, `pause` and `resume` answer while refunds go on. */
export const cancellationStanding = {
  stage: 'refunding',
  attention: 'none',
  moneyMoved: 'refunded',
  next: 'Purchases are refunded in waves.',
  report: { ...report, failed: 0, pending: 1 },
};
