/** `npm run worker`: serves the task queues of `WORKER_LANES`, or all. SIGTERM and Ctrl-C drain; a second one ends at once. */
import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';
import { loadConfigOrExit } from '../infrastructure/config.ts';
import { createLogger } from '../infrastructure/logger.ts';
import { createMetrics } from '../infrastructure/metrics.ts';
import { ensureWorkflowBundle } from './bundle.ts';
import { sdkMetrics } from './sdk-metrics.ts';
import { serveHealth } from './health.ts';
import { startWorkers } from './worker.ts';

const config = loadConfigOrExit(process.env, [
  'process',
  'temporal',
  'database',
  'stripe',
  'chain',
  'mail',
  'sms',
  'monitor',
  'alerts',
  'lanes',
  'redis',
  'worker',
]);
const log = createLogger('worker', config.process.LOG_LEVEL);
const levels: Partial<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};
Runtime.install({
  // Signals are ours: the drain also has to stop those who wait for a lane.
  shutdownSignals: [],
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => log[levels[level] ?? 'info'](meta ?? {}, message)),
  telemetryOptions: sdkMetrics(config.worker),
});

const metrics = createMetrics();
const health = await serveHealth(config.worker, metrics);
const workflowBundle = config.worker.WORKFLOW_BUNDLE ?? (await ensureWorkflowBundle());
const workers = await startWorkers(config, { env: process.env, log, metrics, workflowBundle }).catch(
  (error: unknown) => {
    log.fatal(error, 'worker cannot start');
    process.exit(69);
  },
);

let asked = 0;
const stop = (signal: NodeJS.Signals) => {
  asked += 1;
  if (asked > 1) process.exit(1);
  log.info({ signal }, 'draining; once more to end at once');
  health.setReady(false);
  workers.shutdown();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

health.setChecks(workers.checks);
health.setReady(true);
log.info({ queues: workers.queues, health: health.url }, 'worker is ready');
try {
  await workers.ended;
  log.info('worker has stopped');
} catch (error) {
  log.fatal(error, 'worker failed');
  process.exitCode = 1;
} finally {
  await health.close();
}
