/** What the monitor sees, what it is set to, and what it says of itself. Pure. */
import type { Incident } from './alerts.ts';
import type { LaneName } from './task-queues.ts';

/** The queues whose jobs are sampled; `monitoring` holds no jobs. */
export const sampledQueues = ['money', 'communication', 'background'] as const;
export type SampledQueue = (typeof sampledQueues)[number];

/** A queue's jobs, counted by root workflows. */
export interface QueueSample {
  queue: SampledQueue;
  /** Tasks in the server's backlog. */
  waiting: number;
  /** Running, and waiting for no person. */
  active: number;
  /** Running, and waiting for a person. */
  waitingForPerson: number;
  /** Closed since the sample before, other than as failed. Of a message that was given up, the workflow completes. */
  completed: number;
  /** Closed as failed, timed out or terminated since the sample before, and given up. */
  failed: number;
  /** Age of the oldest job that waits for no person; 0 where there is none. Seconds. */
  oldestSeconds: number;
}

/** A lane's queue and pace. */
export interface LaneSample {
  lane: LaneName;
  /** Tasks in the server's backlog. */
  waiting: number;
  /** Age of the oldest of them. Seconds. */
  oldestSeconds: number;
  /** Calls in flight when the lane was last recorded. */
  inFlight: number;
  /** ISO 8601 UTC; absent: runs, or the sample has no `books`. */
  stoppedSince?: string;
  /** Closed by the provider, without a break since; absent: open, or the sample has no `books`. ISO 8601 UTC. */
  blockedSince?: string;
}

/** How many of something, and the worst of them. */
export interface Counted {
  count: number;
  /** ISO 8601 UTC: the oldest, or whichever ends first; absent where the count is 0. */
  worst?: string;
}

/** What the database knows; absent in a sample while it does not answer. */
export interface BooksSample {
  /** Open dead letters and decisions that nobody has made; `worst` is the oldest. */
  personWaits: Counted;
  /** Live purchases with money held; `worst` is the hold that ends first. */
  authorizations: Counted;
  /** Open disputes that want evidence; `worst` is the deadline that comes first. */
  evidence: Counted;
  /**
   * Transactions of the ledger whose entries do not sum to zero, of those posted since the sampling began; older ones are
   * reconciliation's to find.
   */
  unbalanced: number;
  /** Differences that reconciliation found and nobody has closed; `worst` is the oldest. */
  differences: Counted;
  /** When the lanes were last recorded, which needs the limiter; absent: never. */
  lanesRecordedAt?: string;
}

export interface Sample {
  /** When it was begun. ISO 8601 UTC. */
  at: string;
  queues: QueueSample[];
  lanes: LaneSample[];
  books?: BooksSample;
  /** Workflows whose task keeps failing (TemporalReportedProblems). */
  workflowProblems: number;
  /** Calls to Temporal that it took, and milliseconds. */
  cost: { calls: number; milliseconds: number };
  /** What the environment of whoever took it sets. */
  configured: MonitorSettings;
  /** For the next sample. */
  cursor?: SampleCursor;
}

/** How a sample is asked for. */
export interface SampleRequest {
  /** Of the sample before. Without it, ends are counted from this sample on. */
  cursor?: SampleCursor;
  /** Whether the oldest job of `money` is older than this is said for sure; as configured where it is absent. Minutes. */
  moneyAgeMinutes?: number;
}

/**
 * What a sample leaves for the next, so that each end is counted once, however late it shows. Carried and not read: less
 * than 3 kB of moments and counts.
 */
export interface SampleCursor {
  ends: Readonly<Partial<Record<SampledQueue, CountedEnds>>>;
  oldest: Readonly<Partial<Record<SampledQueue, OldestKnown>>>;
  /** Absent until the database has answered once. */
  books?: BooksCursor;
}

/** What is counted of the ends since a moment, of which visibility knew so many by now. */
export interface CountedEnds {
  /** ISO 8601 UTC. */
  since: string;
  completed: number;
  failed: number;
}

/** How far the search for the oldest job has come. ISO 8601 UTC. */
export interface OldestKnown {
  /** A job that started then was there. */
  start?: string;
  /** None that started until then was there. */
  noneUntil?: string;
}

export interface BooksCursor {
  /** ISO 8601 UTC by the database's clock. */
  givenUpSince: string;
  givenUp: Readonly<Partial<Record<SampledQueue, number>>>;
  /** The newest transaction of the ledger that was summed up. */
  ledgerChecked: number;
  /** Those that were not zero, to be looked at again. */
  unbalanced: readonly number[];
}

/** Thresholds, and how often. docs/operations.md has the environment's names. */
export interface MonitorSettings {
  everySeconds: number;
  moneyDepth: number;
  moneyAgeMinutes: number;
  /** Failed jobs of `money` within `failureWindowMinutes`. */
  moneyFailed: number;
  communicationDepth: number;
  backgroundDepth: number;
  /** Of what ended within `failureWindowMinutes`. */
  failureRatePercent: number;
  failureWindowMinutes: number;
  laneStoppedMinutes: number;
  laneBlockedMinutes: number;
  personWaitsMinutes: number;
  authorizationEndsHours: number;
  evidenceDueHours: number;
  /** Between two notices of an incident, and before one that came back is told again. */
  cooldownCriticalSeconds: number;
  cooldownSeconds: number;
  /** Unacknowledged for so long: the second person. */
  escalateAfterSeconds: number;
}

/** The legacy contract's, and what it did not have. */
export const defaultMonitorSettings: MonitorSettings = {
  everySeconds: 30,
  moneyDepth: 50,
  moneyAgeMinutes: 10,
  moneyFailed: 10,
  communicationDepth: 5_000,
  backgroundDepth: 50_000,
  failureRatePercent: 10,
  failureWindowMinutes: 10,
  laneStoppedMinutes: 15,
  laneBlockedMinutes: 5,
  personWaitsMinutes: 60,
  authorizationEndsHours: 24,
  evidenceDueHours: 72,
  cooldownCriticalSeconds: 300,
  cooldownSeconds: 3_600,
  escalateAfterSeconds: 600,
};

/** Over what the environment says, until it is taken back with null. */
export interface ConfigureRequest {
  actor: string;
  reason: string;
  settings: Readonly<Partial<Record<keyof MonitorSettings, number | null>>>;
}

export interface MonitorStatus {
  /** In force now. */
  settings: MonitorSettings;
  /** Set by people. */
  overrides: Readonly<Partial<MonitorSettings>>;
  incidents: Incident[];
  /** The last sample; absent before the first. */
  sample?: Sample;
}
