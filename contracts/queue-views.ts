/** What is said of queues: live, from Temporal, and as the monitor saw them. Shared by store, client, API and command line. */
import type { Severity } from './alerts.ts';
import type { LaneView } from './lane-words.ts';
import type { SampledQueue } from './monitor.ts';
import type { LaneName, TaskQueue, WorkflowQueue } from './task-queues.ts';

/** A process that asked for tasks within the last minutes. */
export interface QueueWorker {
  identity: string;
  /** ISO 8601 UTC. */
  lastSeenAt: string;
}

/** A queue as it is now. */
export interface QueueView {
  queue: TaskQueue;
  /** Tasks in the server's backlog. */
  waiting: number;
  /** Age of the oldest of them; 0 where there is none. Seconds. */
  oldestSeconds: number;
  workers: QueueWorker[];
  /** Of a queue of workflows: jobs that run and wait for no person. */
  active?: number;
  /** Of a queue of workflows: jobs that run and wait for a person. */
  waitingForPerson?: number;
  /** Of a lane's queue: nothing is handed out. */
  paused?: boolean;
}

export const jobStatuses = ['running', 'completed', 'failed', 'cancelled', 'terminated', 'timed_out'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** A root workflow, as the Web UI lists it. */
export interface Job {
  workflowId: string;
  runId: string;
  /** By the contract's name, e.g. payment-process. */
  jobType: string;
  status: JobStatus;
  stage?: string;
  attention?: string;
  /** ISO 8601 UTC. */
  startedAt: string;
  closedAt?: string;
}

export interface JobPage {
  jobs: Job[];
  /** `cursor` of the next page; absent on the last one. */
  nextCursor?: string;
}

export interface JobFilter {
  status?: JobStatus | undefined;
  /** By the contract's name. */
  jobType?: string | undefined;
  attention?: string | undefined;
  /** 1 to 200; 50 where it is absent. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** The newest sample of a queue. */
export interface SampledState {
  queue: TaskQueue;
  waiting: number;
  /** Of a lane: calls in flight. */
  active: number;
  /** These three of a queue of workflows only; the last two since the sample before. */
  waitingForPerson?: number;
  completed?: number;
  failed?: number;
  oldestSeconds: number;
  /** ISO 8601 UTC. */
  capturedAt: string;
}

export interface MetricsSummary {
  /** Empty until the monitor has taken a sample. */
  queues: SampledState[];
  /** Null: the limiter does not answer, or each process paces for itself. */
  lanes: LaneView[] | null;
  /** Incidents that go on. */
  openAlerts: Record<Severity, number>;
}

export const throughputSteps = ['minute', 'hour'] as const;
export type ThroughputStep = (typeof throughputSteps)[number];

export interface ThroughputFilter {
  queue?: SampledQueue | undefined;
  /** `hour` where it is absent. */
  per?: ThroughputStep | undefined;
  /** How far back; 24 where it is absent. */
  hours?: number | undefined;
}

/** Jobs that ended within a minute or an hour. */
export interface Throughput {
  queue: SampledQueue;
  /** Its beginning. ISO 8601 UTC. */
  from: string;
  completed: number;
  failed: number;
}

/** Letters of one tenant that say the same. */
export interface LetterGroup {
  queue: string;
  jobType: string;
  error: string;
  /** Written in the time that was asked for, and how many of those are still open. */
  count: number;
  open: number;
  /** ISO 8601 UTC. */
  newest: string;
}

export interface FailureAnalysis {
  /** ISO 8601 UTC. */
  since: string;
  /** Of all tenants. `failedPercent` is null where nothing ended. */
  queues: { queue: SampledQueue; completed: number; failed: number; failedPercent: number | null }[];
  /** Of the caller's tenant, the most frequent first. */
  letters: LetterGroup[];
}

/** Names of the queues that `pause` and `resume` are for: Temporal holds back activities, and no workflows. */
export type PausableQueue = Exclude<LaneName, 'alert'>;
export type JobQueue = WorkflowQueue;
