/** Twins of what an event's cancellation calls, over the worlds of workflow-twins.ts. */
import type { EventCancellationActivities } from '../../activities/event-cancellation.ts';
import { type EventCancellationResult, moneyMovedBy } from '../../contracts/event-cancellation.ts';
import type { Twins } from './workflow-twins.ts';

export const createCancellationTwins = (twins: Twins): EventCancellationActivities => ({
  claimEventCancellation: (input) => {
    const twin = twins.current;
    return twin.perform('claimEventCancellation', input, () => {
      const { result } = twin.claim;
      if (result) return { kind: 'ended', result: result as EventCancellationResult };
      twin.claim.owned = true;
      twin.event.salesOpen = false;
      return { kind: 'owned' };
    });
  },
  tellPurchases: (input) => {
    const twin = twins.current;
    return twin.perform('tellPurchases', input, () => {
      twin.event.tell();
      return { cursor: input.cursor + 100, done: input.cursor >= 100 };
    });
  },
  runWave: (input) => {
    const twin = twins.current;
    return twin.perform('runWave', input, () => {
      twin.event.wave(input.begins ? input.request.inFlight : 0);
      return { report: twin.event.report(), cursor: input.cursor + 1, left: 0 };
    });
  },
  endEventCancellation: (input) => {
    const twin = twins.current;
    return twin.perform('endEventCancellation', input, () => {
      const report = twin.event.report();
      const result = { ...input.end, moneyMoved: moneyMovedBy(report), report };
      return (twin.claim.result ??= result) as EventCancellationResult;
    });
  },
});
