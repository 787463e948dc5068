/** Prometheus: one registry per process, names and buckets of the legacy contract. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createAlertsSent } from './alert-metrics.ts';
import { createLaneGauges } from './lane-metrics.ts';
import { createQueueGauges } from './queue-metrics.ts';
import { createReconciliationGauge } from './reconciliation-metrics.ts';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    jobDuration: new Histogram({
      name: 'job_processing_duration_seconds',
      help: 'Time that one attempt of an activity took',
      labelNames: ['queue_name', 'job_type'] as const,
      buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60],
      registers: [registry],
    }),
    jobResults: new Counter({
      name: 'job_results_total',
      help: 'Attempts of activities by what came of them',
      labelNames: ['queue_name', 'job_type', 'result'] as const,
      registers: [registry],
    }),
    providerCalls: new Counter({
      name: 'provider_calls_total',
      help: 'Calls to providers by what their answer meant',
      labelNames: ['lane', 'outcome'] as const,
      registers: [registry],
    }),
    circuitBreakerOpen: new Gauge({
      name: 'circuit_breaker_open',
      help: '1 while this process makes no calls to a provider because they failed, or one call tries',
      labelNames: ['lane'] as const,
      registers: [registry],
    }),
    lanes: createLaneGauges(registry),
    queues: createQueueGauges(registry),
    alertsSent: createAlertsSent(registry),
    reconciliation: createReconciliationGauge(registry),
  };
}
