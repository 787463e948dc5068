import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { JobMetrics } from '../../infrastructure/job-metrics.ts';

/** Counts attempts of activities, local ones included. Activities do not replay, so nothing is counted twice. */
export const metricsInterceptor =
  (metrics: JobMetrics) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const labels = { queue_name: info.taskQueue, activity: info.activityType };
        const stop = metrics.attemptDuration.startTimer(labels);
        let result = 'failed';
        try {
          const value = await next(input);
          result = 'completed';
          return value;
        } finally {
          stop();
          metrics.attempts.inc({ ...labels, result });
        }
      },
    },
  });
