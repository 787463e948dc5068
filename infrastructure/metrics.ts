/** Prometheus: one registry per process, names and buckets of the legacy contract. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { createAlertsSent } from './alert-metrics.ts';
import { createJobMetrics } from './job-metrics.ts';
import { createLaneGauges } from './lane-metrics.ts';
import { createQueueGauges } from './queue-metrics.ts';
import { createReconciliationGauge } from './reconciliation-metrics.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** Gauges with the suffix of a counter. What they sum up stays, by type. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry with what every process shows of itself. */
export function createProcessRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}

/** A worker's. */
export function createMetrics() {
  const registry = createProcessRegistry();
  return {
    registry,
    jobs: createJobMetrics(registry),
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

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

/** The API's. What a process shows of itself watches every collection of garbage, so that of a process there is one. */
export function createApiMetrics(registry = createProcessRegistry()) {
  return {
    registry,
    requests: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10],
      registers: [registry],
    }),
  };
}
