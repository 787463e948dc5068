/**
 * The steps of an event's cancellation. Local activities of a few seconds at most, at least once each: what is to be started
 * is written down first, under ids of its own, so that starting it again changes nothing.
 */
import type {
  CancellationReport,
  EventCancellationRequest,
  EventCancellationResult,
} from '../contracts/event-cancellation.ts';
import type { RefundRequest } from '../contracts/refund.ts';
import type { EndEventCancellation, ClaimEventCancellation, Store } from '../store/index.ts';
import { type Claimed, createClaimer, type IsRunning } from './claimed.ts';
import type { Operation } from './ports.ts';

export interface TellPurchasesInput {
  request: Pick<EventCancellationRequest, 'tenantId' | 'eventId' | 'reason' | 'requestedBy'>;
  /** `cursor` of the call before; 0 at first. */
  cursor: number;
}

export interface RunWaveInput {
  operation: Operation;
  request: EventCancellationRequest;
  cursor: number;
  /** False: nothing new is begun; what was written down before is started all the same. */
  begins: boolean;
  now: string;
}

export interface WaveAnswer {
  report: CancellationReport;
  cursor: number;
  /** Written down and not started, for lack of time. */
  left: number;
}

export interface EventCancellationPorts {
  cancellations: Pick<Store['eventCancellations'], 'claim' | 'takeOver' | 'inFlight' | 'wave' | 'end'>;
  isRunning: IsRunning;
  /** Already started counts as done. */
  startRefund(request: RefundRequest, venueId: string): Promise<void>;
  /** One that has ended, or that nobody runs, needs to hear nothing. */
  cancelPurchase(workflowId: string, request: { actor: string; reason: string }): Promise<void>;
}

/** Half of what a local activity has: the rest comes with the next one. Milliseconds. */
const enoughMs = 5_000;
const atOnce = 10;
const toldAtOnce = 100;

export type EventCancellationActivities = ReturnType<typeof createEventCancellationActivities>;

export function createEventCancellationActivities(ports: EventCancellationPorts) {
  const { cancellations } = ports;
  const claimed = createClaimer(ports.isRunning);

  return {
    /** Sales are closed once this has answered. */
    claimEventCancellation(claim: ClaimEventCancellation): Promise<Claimed<EventCancellationResult>> {
      const { operation } = claim;
      const key = claim.input.request.eventId;
      return claimed(
        () => cancellations.claim(claim),
        (from) => cancellations.takeOver({ operation, key, from }),
      );
    },

    /** Tells purchases in flight to cancel. Those for whom it is too late are refunded with the others. */
    async tellPurchases({ request, cursor }: TellPurchasesInput): Promise<{ cursor: number; done: boolean }> {
      const { tenantId, eventId, reason, requestedBy } = request;
      const found = await cancellations.inFlight(tenantId, eventId, { after: cursor, limit: toldAtOnce });
      await eachOf(found, ({ workflowId }) => ports.cancelPurchase(workflowId, { actor: requestedBy, reason }));
      return { cursor: found.at(-1)?.paymentId ?? cursor, done: found.length < toldAtOnce };
    },

    async runWave({ operation, request, cursor, begins, now }: RunWaveInput): Promise<WaveAnswer> {
      const { tenantId, eventId, tickets, reason, requestedBy, inFlight } = request;
      const wave = await cancellations.wave({ operation, eventId, cursor, window: begins ? inFlight : 0, now });
      const startedMs = Date.now();
      const started = await eachOf(
        wave.start,
        ({ venueId, ...planned }) => ports.startRefund({ tenantId, ...planned, tickets, reason, requestedBy }, venueId),
        () => Date.now() - startedMs < enoughMs,
      );
      return { report: wave.report, cursor: wave.cursor, left: wave.start.length - started };
    },

    endEventCancellation: (ending: EndEventCancellation): Promise<EventCancellationResult> => cancellations.end(ending),
  };
}

/** A few at a time, for as long as `goOn` says so. Answers how many were done. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>, goOn = () => true): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < items.length && goOn()) {
      next += 1;
      await work(items[next - 1]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return next;
}
