/** Events to count: each has a key of its own, so that it is counted once. */
import type { Client } from '@temporalio/client';
import type { AnalyticsEvent, AnalyticsEventResult } from '../contracts/analytics.ts';
import { fingerprintOf } from '../contracts/hashes.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { validateAnalyticsEvent } from '../contracts/schema/analytics.ts';
import { checked } from './errors.ts';
import { resultOf } from './run-handle.ts';
import { analyticsStart } from './start-background.ts';
import { startOnce } from './start-once.ts';

export interface StartedJob<Result> {
  readonly workflowId: string;
  /** True when this very call started it; false when it was known already. */
  readonly created: boolean;
  readonly runId: string;
  /** Waits for the end: however long it takes, or until `deadlineMs` has passed and `StillRunningError` is thrown. */
  result(options?: { deadlineMs?: number }): Promise<Result>;
}

/** @throws InvalidOrderError, or IdempotencyConflictError when the key is another event's. */
export async function recordEvent(client: Client, given: AnalyticsEvent): Promise<StartedJob<AnalyticsEventResult>> {
  const event = checked(() => validateAnalyticsEvent(given));
  const start = analyticsStart(event, fingerprintOf(event));
  const { workflowId } = start;
  const started = await startOnce(client, workflowTypes.analyticsEvent, start);
  return { workflowId, ...started, result: (options) => resultOf(client, workflowId, options) };
}
