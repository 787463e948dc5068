/** What is said of an event's cancellation, in one place for the Web UI, the API and the command line. Pure. */
import type {
  CancellationReport,
  EventCancellationResult,
  EventCancellationStatus,
  OpenCancellationStage,
} from './event-cancellation.ts';
import { nothingYet } from './event-cancellation.ts';
import { type Currency, formatAmount } from './money.ts';

/** One sentence per stage: what happens next, and what a person can do. */
export const nextOfOpenCancellation: Readonly<Record<OpenCancellationStage, string>> = {
  started: 'Sales are being closed; then purchases in flight are cancelled.',
  refunding:
    'Purchases are refunded in waves. `pause` stops starting refunds and `resume` goes on; `cancel` ends it, and keeps the sales closed.',
  paused: 'No new refund is started until `resume`; those under way go on.',
  'in review':
    'What is left waits for a person: look for workflows of type refund with Attention=review, and at the dead letters. Do not terminate.',
};

export const amountsOf = ({ amounts }: CancellationReport): string =>
  (Object.entries(amounts) as [Currency, number][])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, amount]) => formatAmount(amount, currency))
    .join(', ') || 'nothing';

/** `disputed 2, cancelled 1` */
export const refusalsOf = ({ refused }: CancellationReport): string =>
  Object.entries(refused)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');

/** Each count that says something, with its words. */
export function factsOf(report: CancellationReport): (readonly [string, string])[] {
  const counts: [string, number][] = [
    ['Purchases', report.purchases],
    ['Refunded', report.refunded],
    ['Refunded before', report.refundedBefore],
    ['Free', report.free],
    ['Pending', report.pending],
    ['Not started', report.notStarted],
    ['In review', report.inReview],
    ['Failed', report.failed],
    ['In flight', report.inFlight],
    ['Cancelled in flight', report.cancelledInFlight],
  ];
  const always = new Set(['Purchases', 'Refunded', 'Pending', 'In review', 'Failed']);
  const refused = refusalsOf(report);
  return [
    ...counts
      .filter(([name, count]) => count > 0 || always.has(name))
      .map(([name, count]) => [name, String(count)] as const),
    ...(refused ? [['Refused', refused] as const] : []),
    ['Amount', amountsOf(report)],
  ];
}

function nextOf(result: EventCancellationResult): string {
  switch (result.status) {
    case 'completed': {
      const { failed, refused } = result.report;
      const left = failed > 0 || Object.keys(refused).length > 0;
      return left
        ? 'What failed or was refused stays with the venue: look at those refunds, and pay the buyers in another way'
        : 'Every purchase of the event is given back';
    }
    case 'cancelled':
      return 'No further refund is started, and those under way go on; sales stay closed. Refund what is left one by one';
    case 'refused':
      return result.reason === 'no_event'
        ? 'There is no such event'
        : 'The event was cancelled by another request; look at that one';
  }
}

/** The status of a cancellation that has ended, whether its result comes from Temporal or from our own row. */
export function closedCancellationStatus(result: EventCancellationResult): EventCancellationStatus {
  return {
    stage: result.status,
    attention: 'none',
    moneyMoved: result.moneyMoved,
    next: `${nextOf(result)}.`,
    report: result.status === 'refused' ? nothingYet : result.report,
    result,
  };
}
