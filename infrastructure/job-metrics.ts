/**
 * Counters of jobs and of what they did: names and buckets of the legacy contract. What a process counted is lost with it,
 * so a worker that dies before it is scraped takes its last counts along: these show rates, and the ledger has the sums.
 */
import { Counter, Histogram, type Registry } from 'prom-client';

export type JobMetrics = ReturnType<typeof createJobMetrics>;

const buckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60];

export function createJobMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const amount = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['currency'] as const, registers });
  return {
    duration: new Histogram({
      name: 'job_processing_duration_seconds',
      help: 'From the start of a job to its end, waits for people and banks included',
      labelNames: ['queue_name', 'job_type'] as const,
      buckets,
      registers,
    }),
    results: new Counter({
      name: 'job_results_total',
      help: 'Jobs that ended, by how; terminated and timed out ones are in failed_jobs_total only',
      labelNames: ['queue_name', 'job_type', 'result'] as const,
      registers,
    }),
    payments: counter('payments_processed_total', 'Purchases that were completed'),
    paymentAmount: amount('payment_amount_total_cents', 'What they took, in minor units of the currency'),
    refunds: counter('refunds_processed_total', 'Refunds that were completed'),
    refundAmount: amount('refund_amount_total_cents', 'What they gave back, in minor units of the currency'),
    nftsMinted: counter('nfts_minted_total', 'Tickets minted by purchases and mints that were completed'),
    emailsSent: counter('emails_sent_total', 'Mails that a mail server took, receipts of purchases included'),
    emailsFailed: counter('emails_failed_total', 'Mails that were given up, receipts of purchases included'),
    attemptDuration: new Histogram({
      name: 'activity_attempt_duration_seconds',
      help: 'Time that one attempt of an activity took',
      labelNames: ['queue_name', 'activity'] as const,
      buckets,
      registers,
    }),
    attempts: new Counter({
      name: 'activity_attempts_total',
      help: 'Attempts of activities, by whether they returned or threw',
      labelNames: ['queue_name', 'activity', 'result'] as const,
      registers,
    }),
  };
}
