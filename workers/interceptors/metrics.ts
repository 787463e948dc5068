import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Metrics } from '../../infrastructure/metrics.ts';

/** Counts attempts of activities. Activities do not replay, so nothing is counted twice. */
export const metricsInterceptor =
  (metrics: Metrics) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const labels = { queue_name: info.taskQueue, job_type: info.activityType };
        const stop = metrics.jobDuration.startTimer(labels);
        let result = 'failed';
        try {
          const value = await next(input);
          result = 'completed';
          return value;
        } finally {
          stop();
          metrics.jobResults.inc({ ...labels, result });
        }
      },
    },
  });
