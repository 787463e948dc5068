/** Samples as the monitor takes them, made by hand. */
import { defaultMonitorSettings, type QueueSample, type Sample, sampledQueues } from '../../contracts/monitor.ts';
import { laneNames } from '../../contracts/task-queues.ts';

export function sampleOf(at: string, money: Partial<QueueSample> = {}, change: Partial<Sample> = {}): Sample {
  const idle = { waiting: 0, active: 0, waitingForPerson: 0, completed: 0, failed: 0, oldestSeconds: 0 };
  return {
    at,
    queues: sampledQueues.map((queue) => ({ queue, ...idle, ...(queue === 'money' ? money : {}) })),
    lanes: laneNames.map((lane) => ({ lane, waiting: 0, oldestSeconds: 0, inFlight: 0 })),
    workflowProblems: 0,
    cost: { calls: 20, milliseconds: 100 },
    configured: defaultMonitorSettings,
    ...change,
  };
}
