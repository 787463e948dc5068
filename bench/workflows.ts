/** The workflows of the measurements, in a bundle of their own. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { moneyCall } from '../contracts/retry-profiles.ts';
import type { LaneJobActivities, LaneJobInput } from './lane-job.ts';

/** One call through the lane, with the priority and the fairness key that the job was started with. */
export async function laneJob({ tenantId, laneQueue }: LaneJobInput): Promise<void> {
  const { callProvider } = proxyActivities<LaneJobActivities>({ ...moneyCall, taskQueue: laneQueue });
  await callProvider({ tenantId, workflowId: workflowInfo().workflowId });
}
