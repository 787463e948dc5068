/**
 * The SDK's own metrics (`temporal_…`: pollers, slots, cache, task latencies), on a port of their own: the SDK's core
 * keeps and serves them, so they cannot be in our registry. `/metrics` does not repeat them, which would be a scrape
 * within a scrape.
 */
import { isIPv6 } from 'node:net';
import type { TelemetryOptions } from '@temporalio/worker';
import type { Config } from '../infrastructure/config.ts';

type WorkerPart = Pick<Config<'worker'>['worker'], 'METRICS_HOST' | 'SDK_METRICS_PORT'>;

/** In base units and with the suffixes that Prometheus wants. Empty where no port is given: then none are kept. */
export function sdkMetrics({ METRICS_HOST, SDK_METRICS_PORT }: WorkerPart): TelemetryOptions {
  if (SDK_METRICS_PORT === undefined) return {};
  // The core takes an address, not a name.
  const host = METRICS_HOST === 'localhost' ? '127.0.0.1' : isIPv6(METRICS_HOST) ? `[${METRICS_HOST}]` : METRICS_HOST;
  return {
    metrics: {
      prometheus: {
        bindAddress: `${host}:${SDK_METRICS_PORT}`,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
  };
}
