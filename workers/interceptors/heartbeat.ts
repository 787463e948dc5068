import type { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor, ActivityInterceptors } from '@temporalio/worker';

const everyMs = 1_000;

/**
 * Heartbeats for every provider activity while it runs. A cancel travels back on a heartbeat, and a worker that died is
 * noticed by their absence; no activity has to think of either.
 */
export function heartbeatInterceptor(context: Context): ActivityInterceptors {
  const inbound: ActivityInboundCallsInterceptor = {
    async execute(input, next) {
      context.heartbeat();
      const timer = setInterval(() => context.heartbeat(), everyMs);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
  return { inbound };
}
