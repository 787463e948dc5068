/** The job of the measurements: a workflow of one activity, which makes one paced and counted call. Ids and names. Pure. */

/** Task queue of the workflow; its activity runs on the lane's own. */
export const benchQueue = 'bench';
export const laneJobType = 'laneJob';
export const callStep = 'call';

export interface LaneJobInput {
  tenantId: string;
  /** Task queue of the activity: the lane's name, or one that nobody else serves. */
  laneQueue: string;
}

export interface CallInput {
  tenantId: string;
  workflowId: string;
}

/** Types of what the workflow calls. */
export interface LaneJobActivities {
  callProvider(input: CallInput): Promise<void>;
}
