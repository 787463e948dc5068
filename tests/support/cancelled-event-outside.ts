/** An event that is cancelled, with purchases, each of which goes its way look by look. */
import {
  type CancellationReport,
  type EventCancellationRequest,
  nothingYet,
} from '../../contracts/event-cancellation.ts';

type State = Exclude<keyof CancellationReport, 'purchases' | 'refused' | 'amounts'>;

export interface TwinPurchase {
  state: State;
  /** In flight: the cancel comes too late. */
  tooLate?: boolean;
  /** Looks for which its refund is under way. */
  looks?: number;
  /** What its refund becomes then; `refunded` unless given. */
  becomes?: State;
}

/** What the cancellation of an event meets. */
export class EventOutside {
  salesOpen = true;
  purchases: TwinPurchase[] = [];
  /** The most refunds that were ever under way, without those that wait for a person. */
  peak = 0;

  report(): CancellationReport {
    const report = { ...nothingYet };
    for (const { state } of this.purchases) report[state] += 1;
    return {
      ...report,
      purchases: this.purchases.length - report.inFlight - report.cancelledInFlight,
      amounts: report.refunded > 0 ? { USD: report.refunded * 5_000 } : {},
    };
  }

  tell(): void {
    for (const purchase of this.purchases)
      if (purchase.state === 'inFlight') purchase.state = purchase.tooLate ? 'notStarted' : 'cancelledInFlight';
  }

  wave(window: number): void {
    for (const purchase of this.purchases) {
      if (purchase.state !== 'pending') continue;
      purchase.looks = (purchase.looks ?? 1) - 1;
      if (purchase.looks <= 0) purchase.state = purchase.becomes ?? 'refunded';
    }
    const room = window - this.report().pending;
    for (const purchase of this.purchases.filter(({ state }) => state === 'notStarted').slice(0, Math.max(0, room)))
      purchase.state = 'pending';
    this.peak = Math.max(this.peak, this.report().pending);
  }

  /** Whoever was waited for has decided. */
  heal(): void {
    for (const purchase of this.purchases) if (purchase.state === 'inReview') purchase.state = 'refunded';
  }
}

export const paid = (count: number, more: Partial<TwinPurchase> = {}): TwinPurchase[] =>
  Array.from({ length: count }, () => ({ state: 'notStarted', ...more }));

export const cancellationRequest = (
  eventId: string,
  change: Partial<EventCancellationRequest> = {},
): EventCancellationRequest => ({
  tenantId: 'acme',
  eventId,
  reason: 'the artist is ill',
  requestedBy: 'ada',
  tickets: 'burn',
  inFlight: 50,
  ...change,
});
