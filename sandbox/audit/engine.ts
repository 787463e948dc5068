/** What Temporal says of its executions: how many there are, how they ended, how long their histories are. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { EngineFacts } from './record.ts';

export async function engineFacts(client: Client, workflowId: string): Promise<EngineFacts> {
  const [runs, history] = await Promise.all([
    client.workflow.count(`WorkflowId = '${workflowId}'`),
    historyOf(client, workflowId),
  ]);
  // Visibility lags: a history is there before the count knows.
  return { runs: Math.max(runs.count, history ? 1 : 0), history };
}

async function historyOf(client: Client, workflowId: string): Promise<EngineFacts['history']> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    const [{ status }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
    const all = events ?? [];
    const tasks = all.filter(({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes);
    return { status: status.name, events: all.length, workflowTasks: tasks.length };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Every end of ours is a result, so each of these is a bug or somebody's Terminate. */
const broken = `ExecutionStatus in ('Failed', 'Terminated', 'TimedOut', 'Canceled')`;

export async function brokenWorkflows(client: Client): Promise<{ workflowId: string; status: string }[]> {
  const found: { workflowId: string; status: string }[] = [];
  for await (const { workflowId, status } of client.workflow.list({ query: broken })) {
    found.push({ workflowId, status: status.name });
  }
  return found;
}
