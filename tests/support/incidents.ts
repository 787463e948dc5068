/** Findings and incidents as tests have them. */
import type { Finding, Incident } from '../../contracts/alerts.ts';
import { alertIdOf, type TrackedIncident } from '../../contracts/incidents.ts';

/** 2027-01-31, 12:00 UTC, and so many seconds later. */
export const at = (seconds: number): string => new Date(Date.UTC(2027, 0, 31, 12) + seconds * 1_000).toISOString();

export const findingOf = (change: Partial<Finding> = {}): Finding => ({
  type: 'queue-depth',
  subject: 'money',
  severity: 'critical',
  value: 60,
  threshold: 50,
  ...change,
});

export const incidentOf = (change: Partial<Incident> = {}): Incident => {
  const openedAt = change.openedAt ?? at(0);
  const finding = findingOf(change);
  return { ...finding, alertId: alertIdOf(finding, openedAt), openedAt, ...change };
};

export const trackedOf = ({
  incident,
  ...change
}: Partial<Omit<TrackedIncident, 'incident'>> & { incident?: Partial<Incident> } = {}): TrackedIncident => {
  const whole = incidentOf(incident);
  return { incident: whole, lastValue: whole.value, reopened: 0, notices: 0, escalated: false, ...change };
};
