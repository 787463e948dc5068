import { setHandler } from '@temporalio/workflow';
import type { AnalyticsEventInput, AnalyticsEventResult } from '../contracts/analytics.ts';
import { jobStatusQuery } from '../contracts/messages.ts';
import { beforeExpiry } from './expiry.ts';
import { JobView } from './job-view.ts';
import { analytics, currentOperation } from './proxies.ts';
import { businessNow } from './time.ts';

/** One event, counted once. Those of a moment become one insert, whoever asked for them. */
export async function analyticsEvent({ event, fingerprint }: AnalyticsEventInput): Promise<AnalyticsEventResult> {
  const view = new JobView(`Analytics event ${event.type}`, 'recording');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const input = { operation: currentOperation(event.tenantId), event, fingerprint, now: businessNow() };
  const outcome = await beforeExpiry((left) =>
    analytics.recordEvent.executeWithOptions({ scheduleToCloseTimeout: left, summary: event.type }, [input]),
  );
  const result: AnalyticsEventResult =
    outcome === undefined
      ? { status: 'expired' }
      : outcome === 'recorded'
        ? { status: outcome }
        : { status: 'refused', reason: outcome };
  view.end(result);
  return result;
}
