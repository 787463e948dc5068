import { setHandler } from '@temporalio/workflow';
import { closesAt } from '../contracts/days.ts';
import { jobStatusQuery } from '../contracts/messages.ts';
import type { ReportInput, ReportResult } from '../contracts/report.ts';
import { beforeExpiry } from './expiry.ts';
import { JobView } from './job-view.ts';
import { currentOperation, reports } from './proxies.ts';
import { businessNow, epochNow } from './time.ts';

/** The money of a venue's day, from the ledger, once its books are closed. */
export async function generateReport(input: ReportInput): Promise<ReportResult> {
  const { tenantId, venueId, day } = input.request;
  const view = new JobView(`Report of venue ${venueId} for ${day}`, 'drawing up');
  setHandler(jobStatusQuery, () => view.status(), { description: 'Stage and what comes next' });
  const result = (await make()) ?? { status: 'expired' };
  view.end(result);
  return result;

  async function make(): Promise<ReportResult | undefined> {
    if (!(epochNow() >= closesAt(day))) return { status: 'refused', reason: 'day_open' };
    const making = { operation: currentOperation(tenantId), input, now: businessNow() };
    return beforeExpiry((left) =>
      reports.makeReport.executeWithOptions({ scheduleToCloseTimeout: left, summary: day }, [making]),
    );
  }
}
