/** Workflows run on these; so do the local activities that belong to a decision. */
export const workflowQueues = ['money', 'communication', 'background', 'monitoring'] as const;
export type WorkflowQueue = (typeof workflowQueues)[number];

/** One activity task queue per provider, and the lane of the same name paces it. */
export const laneNames = ['stripe', 'chain', 'email', 'sms', 'webhook', 'alert'] as const;
export type LaneName = (typeof laneNames)[number];

export type TaskQueue = WorkflowQueue | LaneName;

export const isWorkflowQueue = (name: string): name is WorkflowQueue => workflowQueues.some((queue) => queue === name);
