/** Events to count. Many workflows' events of a moment become one insert. */
import type { EventToRecord, RecordOutcome, Store } from '../store/index.ts';
import { attempt, isOfRow } from './background-job.ts';
import { createBatcher } from './batcher.ts';

/** Long enough for a burst to gather, too short for anybody to notice. Milliseconds. */
const maxDelayMs = 10;
const maxItems = 200;

export type RecordEventInput = EventToRecord;

export type AnalyticsActivities = ReturnType<typeof createAnalyticsActivities>;

export function createAnalyticsActivities({ analytics }: { analytics: Store['analytics'] }) {
  const record = createBatcher<RecordEventInput, RecordOutcome>({
    // Row-level security sees one tenant at a time.
    groupOf: ({ operation }) => operation.tenantId,
    run: (tenantId, events) => analytics.record(tenantId, events),
    blamesItem: isOfRow,
    maxItems,
    maxDelayMs,
  });
  return {
    recordEvent: (input: RecordEventInput): Promise<RecordOutcome> => attempt('analytics-event', () => record(input)),
  };
}
