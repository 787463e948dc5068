/** The cancellation of an event as data. Shared by workflow, store, client, API and CLI. */
import type { Currency } from './money.ts';
import type { MoneyMoved } from './payment.ts';
import type { EventCancellationRequest } from './schema/event-cancellation.ts';
import type { Attention } from './search-attributes.ts';

export type { EventCancellationRequest, EventCancellationWish } from './schema/event-cancellation.ts';

/** What a run hands to the next one when it continues as new. */
export interface CancellationCourse {
  /** Where the next wave goes on. */
  cursor: number;
  /** Whether the purchases in flight were told. */
  told: boolean;
  paused: boolean;
  report: CancellationReport;
}

export interface EventCancellationInput {
  request: EventCancellationRequest;
  fingerprint: string;
  /** Absent in the first run. */
  course?: CancellationCourse;
}

/**
 * What became of the event's purchases. `purchases` is the sum of all below it but the last two, which were never paid.
 * In a report of the end `pending`, `inReview` and `notStarted` are 0, unless the cancellation itself was cancelled.
 */
export interface CancellationReport {
  /** Completed purchases of the event. */
  purchases: number;
  /** Given back by this cancellation, all that was left of each. */
  refunded: number;
  /** Given back completely by refunds of others. */
  refundedBefore: number;
  /** Cost nothing, so there is nothing to refund; their tickets are left alone. */
  free: number;
  /** The provider could not give it back: pay the buyer in another way, or try again under a refund id of your own. */
  failed: number;
  /** By reason of the refund's rejection, e.g. `disputed`. */
  refused: Readonly<Record<string, number>>;
  pending: number;
  /** A step of its refund waits for a person. */
  inReview: number;
  /** To be refunded, and not begun. */
  notStarted: number;
  /** Not ended yet: told to cancel, some of them too late. */
  inFlight: number;
  /** Were in flight when the event was cancelled, and ended without taking money. */
  cancelledInFlight: number;
  /** What `refunded` gave back. Minor units by currency. */
  amounts: Readonly<Partial<Record<Currency, number>>>;
}

export const nothingYet: CancellationReport = {
  purchases: 0, refunded: 0, refundedBefore: 0, free: 0, failed: 0, refused: {}, pending: 0, inReview: 0, notStarted: 0,
  inFlight: 0, cancelledInFlight: 0, amounts: {},
}; // prettier-ignore

/** Nothing is left that could still change. */
export const isSettled = ({ pending, inReview, notStarted, inFlight }: CancellationReport) =>
  pending + inReview + notStarted + inFlight === 0;

export type EventCancellationResult =
  | { status: 'completed'; moneyMoved: MoneyMoved; report: CancellationReport }
  /** No new refund was started from then on; those under way go on by themselves. Sales stay closed. */
  | { status: 'cancelled'; moneyMoved: MoneyMoved; actor: string; reason: string; report: CancellationReport }
  | { status: 'refused'; moneyMoved: 'none'; reason: 'no_event' | 'key_reused' };

/** Ends that are recorded with a report. */
export type EventCancellationEnd = { status: 'completed' } | { status: 'cancelled'; actor: string; reason: string };

export const openCancellationStages = ['started', 'refunding', 'paused', 'in review'] as const;
export type OpenCancellationStage = (typeof openCancellationStages)[number];

export interface EventCancellationStatus {
  stage: OpenCancellationStage | EventCancellationResult['status'];
  attention: Attention;
  /** `refunded` once anything was given back; the report says how much. */
  moneyMoved: MoneyMoved;
  next: string;
  /** Absent where no worker answers. */
  report?: CancellationReport;
  result?: EventCancellationResult;
}

export const moneyMovedBy = ({ refunded }: CancellationReport): MoneyMoved => (refunded > 0 ? 'refunded' : 'none');

const secondMs = 1_000;
const longestPauseMs = 60_000;
/** Looks that found nothing new, before the pauses grow: a refund takes the provider and the chain some seconds. */
const patientLooks = 10;

/**
 * Before the next look. `quiet` counts the looks since anything changed: a bank may take days, and a person too, so the
 * pause grows, at once when only people are waited for. Milliseconds.
 */
export function pauseMs(quiet: number, { pending, notStarted, inFlight }: CancellationReport): number {
  const grace = pending + notStarted + inFlight > 0 ? patientLooks : 0;
  return Math.min(secondMs * 2 ** Math.min(Math.max(quiet - grace, 0), 10), longestPauseMs);
}
