/** A Temporal worker on a lane's queue whose one activity makes a real call of the Stripe adapter. */
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createCardProvider } from '../activities/providers/stripe/provider.ts';
import type { StripeConfig } from '../activities/providers/stripe/client.ts';
import { providerKeyOf } from '../contracts/hashes.ts';
import { jobTypes } from '../contracts/job-types.ts';
import type { LaneLimits } from '../contracts/lane-limits.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { heartbeatInterceptor } from '../workers/interceptors/heartbeat.ts';
import { laneWorkerOptions } from '../workers/lane-slots.ts';
import { callStep, type LaneJobActivities } from './lane-job.ts';

export interface LaneRunner {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  limits: LaneLimits;
  lanes: LaneCaller;
  account: StripeConfig;
}

const policy = jobTypes['payment-process'];

/** The key under which a job's call is found in the provider's log. */
export const keyOfJob = (workflowId: string) => providerKeyOf(workflowId, callStep, 0);

export function laneJobActivities({ lanes, account }: Pick<LaneRunner, 'lanes' | 'account'>): LaneJobActivities {
  const provider = createCardProvider(account);
  return {
    async callProvider({ tenantId, workflowId }) {
      const counted = { step: { tenantId, workflowId, step: callStep }, policy, budget: policy.attempts };
      await lanes.change('stripe', counted, ({ generation }) =>
        provider.authorize(
          { tenantId, workflowId, orderId: workflowId, amount: 1_000, currency: 'USD', paymentMethod: 'pm_card_visa' },
          providerKeyOf(workflowId, callStep, generation),
        ),
      );
    },
  };
}

/** Takes of its queue what a worker of ours takes of the lane's. */
export function createLaneRunner({ connection, namespace, taskQueue, limits, ...call }: LaneRunner): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    activities: laneJobActivities(call),
    maxHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: '5 seconds',
    ...laneWorkerOptions('stripe', limits, [heartbeatInterceptor]),
  });
}
