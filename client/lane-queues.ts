/** The providers' activity task queues in Temporal: held back while their lane is stopped, and shared by weight. */
import type { Client } from '@temporalio/client';
import type { LaneName } from '../contracts/task-queues.ts';
import { translate } from './temporal-errors.ts';

export interface LaneQueues {
  /** Nothing is handed out from now on; what was handed out goes on. @throws UnavailableError */
  hold(lane: LaneName, reason: string): Promise<void>;
  /** Lifts whatever limits the queue. @throws UnavailableError */
  free(lane: LaneName, reason: string): Promise<void>;
  /** @throws UnavailableError */
  isHeld(lane: LaneName): Promise<boolean>;
  /** Shares by fairness key, 1 being usual; null: as the work itself says. @throws UnavailableError */
  weigh(lane: LaneName, weights: Readonly<Record<string, number | null>>): Promise<void>;
}

type ChangeRequest = Parameters<Client['workflowService']['updateTaskQueueConfig']>[0];
type DescribeRequest = Parameters<Client['workflowService']['describeTaskQueue']>[0];

/** TASK_QUEUE_TYPE_ACTIVITY: the client's package exports no name for it. */
const taskQueueType = 2 as unknown as NonNullable<ChangeRequest['taskQueueType']>;
/** A person waits for the answer; with the pauses between its tries the SDK may take twice as long. Milliseconds. */
const defaultCallMs = 3_000;
/** The server takes 1,000. Characters. */
const longestReason = 900;

const said = (reason: string) => `boxoffice: ${reason.slice(0, longestReason)}`;

export function createLaneQueues(client: Client, { callMs = defaultCallMs } = {}): LaneQueues {
  const { namespace } = client.options;
  const { identity } = client.workflow.options;

  async function call<T>(lane: LaneName, made: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + callMs, made);
    } catch (error) {
      throw translate(error, lane);
    }
  }

  const update = async (lane: LaneName, change: ChangeRequest) => {
    const request: ChangeRequest = { ...change, namespace, identity, taskQueue: lane, taskQueueType };
    await call(lane, () => client.workflowService.updateTaskQueueConfig(request));
  };
  return {
    hold: (lane, reason) =>
      update(lane, { updateQueueRateLimit: { rateLimit: { requestsPerSecond: 0 }, reason: said(reason) } }),
    free: (lane, reason) => update(lane, { updateQueueRateLimit: { reason: said(reason) } }),
    isHeld: async (lane) => {
      const request: DescribeRequest = { namespace, taskQueue: { name: lane }, taskQueueType, reportConfig: true };
      const { config } = await call(lane, () => client.workflowService.describeTaskQueue(request));
      const limit = config?.queueRateLimit?.rateLimit;
      return limit ? !limit.requestsPerSecond : false;
    },
    weigh: (lane, weights) => {
      const given = Object.entries(weights);
      return update(lane, {
        setFairnessWeightOverrides: Object.fromEntries(
          given.filter((entry): entry is [string, number] => entry[1] !== null),
        ),
        unsetFairnessWeightOverrides: given.flatMap(([key, weight]) => (weight === null ? [key] : [])),
      });
    },
  };
}
