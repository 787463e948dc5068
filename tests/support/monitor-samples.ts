/** Samples of a Boxoffice where all is well, but for what a test changes. */
import {
  type BooksSample,
  defaultMonitorSettings,
  type LaneSample,
  type QueueSample,
  type Sample,
  sampledQueues,
  type SampledQueue,
} from '../../contracts/monitor.ts';
import { laneNames, type LaneName } from '../../contracts/task-queues.ts';
import { at } from './incidents.ts';

interface Change extends Omit<Partial<Sample>, 'queues' | 'lanes' | 'books' | 'at'> {
  /** Seconds; the moment of the sample, and of the lanes' records. */
  at?: number;
  queues?: Partial<Record<SampledQueue, Partial<QueueSample>>>;
  lanes?: Partial<Record<LaneName, Partial<LaneSample>>>;
  books?: Partial<BooksSample> | 'away';
}

const wellBooks: BooksSample = {
  personWaits: { count: 0 },
  authorizations: { count: 0 },
  evidence: { count: 0 },
  unbalanced: 0,
  differences: { count: 0 },
};

export function sampleOf({ at: seconds = 0, queues = {}, lanes = {}, books = {}, ...change }: Change = {}): Sample {
  return {
    at: at(seconds),
    queues: sampledQueues.map((queue) => ({
      queue, waiting: 0, active: 0, waitingForPerson: 0, completed: 0, failed: 0, oldestSeconds: 0, ...queues[queue],
    })), // prettier-ignore
    lanes: laneNames.map((lane) => ({ lane, waiting: 0, oldestSeconds: 0, inFlight: 0, ...lanes[lane] })),
    ...(books === 'away' ? {} : { books: { ...wellBooks, lanesRecordedAt: at(seconds), ...books } }),
    workflowProblems: 0,
    cost: { calls: 20, milliseconds: 80 },
    configured: defaultMonitorSettings,
    ...change,
  };
}
