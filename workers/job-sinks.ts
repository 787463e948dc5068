/** Where the ends of jobs arrive from the workflows' sandbox, to be counted. */
import type { InjectedSinks } from '@temporalio/worker';
import type { JobEnd, JobSinks } from '../contracts/job-ends.ts';
import type { JobMetrics } from '../infrastructure/job-metrics.ts';

/** Runs whose end was counted; a last task is tried again within moments, or never. */
const remembered = 10_000;

/**
 * A sink is not called during replay, but again for a last task that the server did not take (a signal had arrived
 * meanwhile). So each run is counted once by the process.
 */
export function createJobSinks(metrics: JobMetrics): InjectedSinks<JobSinks> {
  const counted = new Set<string>();
  return {
    jobs: {
      ended: {
        callDuringReplay: false,
        fn({ runId, taskQueue }, end) {
          if (counted.has(runId)) return;
          counted.add(runId);
          if (counted.size > remembered) counted.delete(counted.values().next().value!);
          countEnd(metrics, taskQueue, end);
        },
      },
    },
  };
}

/** One job's end, on every counter that it concerns. */
export function countEnd(metrics: JobMetrics, queue: string, end: JobEnd): void {
  const { jobType, seconds, result, money, tickets, receipt } = end;
  const labels = { queue_name: queue, job_type: jobType };
  metrics.duration.observe(labels, seconds);
  metrics.results.inc({ ...labels, result });
  if (result === 'completed') countDone(metrics, jobType, money);
  if (tickets !== undefined) metrics.nftsMinted.inc(tickets);
  if (receipt === 'sent') metrics.emailsSent.inc();
  const mailGivenUp = jobType === 'send-email' && (result === 'undeliverable' || result === 'failed');
  if (mailGivenUp || receipt === 'undeliverable') metrics.emailsFailed.inc();
}

function countDone(metrics: JobMetrics, jobType: string, money: JobEnd['money']): void {
  switch (jobType) {
    case 'payment-process':
      metrics.payments.inc();
      if (money) metrics.paymentAmount.inc({ currency: money.currency }, money.amount);
      break;
    case 'refund-process':
      metrics.refunds.inc();
      if (money) metrics.refundAmount.inc({ currency: money.currency }, money.amount);
      break;
    case 'send-email':
      metrics.emailsSent.inc();
      break;
  }
}
