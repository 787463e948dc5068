/** Parts of visibility queries: which jobs are counted, listed and shown. Pure. */
import type { WorkflowQueue } from './task-queues.ts';

export const running = "ExecutionStatus = 'Running'";
/** Jobs are root workflows: what one starts for itself belongs to it. */
export const jobsOn = (queue: WorkflowQueue) => `TaskQueue = '${queue}' AND ParentWorkflowId IS NULL`;
/** Where nobody ever set it, nobody is waited for: without the first half such workflows would not be counted at all. */
export const forNobody = "(Attention IS NULL OR Attention IN ('none', 'provider'))";
export const forPerson = "Attention IN ('approval', 'review', 'customer')";
/** Their code fails, so that they stand still. */
export const problematic = 'TemporalReportedProblems IS NOT NULL';
