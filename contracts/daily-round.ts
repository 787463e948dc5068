/** What the daily round starts, and how far a run of it is. */

/** The last venue that was looked at; they go by tenant, then by venue. */
export interface VenueCursor {
  tenantId: string;
  venueId: string;
}

export interface DailyRoundCourse {
  /** The day on which it was to start, 2027-01-31, in UTC. */
  today: string;
  step: 'cleanup' | 'reports' | 'reconciliations';
  venue?: VenueCursor;
  tenantId?: string;
  reports: number;
  reconciliations: number;
}

export interface DailyRoundInput {
  /** Where the run before it stopped; absent for the first one. */
  course?: DailyRoundCourse;
}

export interface DailyRoundResult {
  status: 'started';
  /** The day before, which is reported and reconciled. */
  day: string;
  /** Started by this round; those that had run before are not counted. */
  reports: number;
  reconciliations: number;
}
