/** What the monitor writes down: how its incidents stand, and what people set on it. */
import type { TrackedIncident } from '../contracts/incidents.ts';
import type { MonitorChange } from '../contracts/monitor-settings.ts';
import type { IncidentRecords, MonitorChangeRecords } from './ports.ts';

export interface IncidentActivities {
  /** Answers every open incident of `alert_history`, and who acknowledged which. Doing it again changes nothing. */
  syncIncidents: (round: { incidents: TrackedIncident[]; now: string }) => Promise<TrackedIncident[]>;
  /** Once, however often it is called. */
  recordMonitorChange: (change: MonitorChange) => Promise<void>;
}

export const createIncidentActivities = (deps: {
  alerts: IncidentRecords;
  changes: MonitorChangeRecords;
}): IncidentActivities => ({
  syncIncidents: ({ incidents, now }) => deps.alerts.sync(incidents, now),
  recordMonitorChange: (change) => deps.changes.record(change),
});
