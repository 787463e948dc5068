/**
 * Findings become incidents: one for each type and subject, from the sample that found it to the one that does not any
 * more. All of it is in the monitor's own memory, so that alerts leave while the database is away; `alert_history` follows.
 * Pure.
 */
import { secondsBetween } from './alert-memory.ts';
import type { AlertNotice, AlertType, Finding, Incident, NoticeKind } from './alerts.ts';
import type { MonitorSettings } from './monitor.ts';

export interface Acknowledgement {
  by: string;
  /** ISO 8601 UTC. */
  at: string;
}

/** An incident as it stands. Times are ISO 8601 UTC. */
export interface TrackedIncident {
  /** As it was found first. */
  incident: Incident;
  lastValue: number;
  /** How often it came back within the cooldown of its end. */
  reopened: number;
  /** The number of its last notice; 0: nobody was told. */
  notices: number;
  /** When its last notice, escalations apart, was given. */
  noticedAt?: string;
  escalated: boolean;
  acknowledged?: Acknowledgement;
  /** Absent: open. */
  endedAt?: string;
}

export interface IncidentMemory {
  open: TrackedIncident[];
  /** So short a time ago that they may come back. */
  ended: TrackedIncident[];
  /** Ended, and `alert_history` does not say so yet: the database was away. */
  unwritten: TrackedIncident[];
}

export const noIncidents: IncidentMemory = { open: [], ended: [], unwritten: [] };

/** A database that is away for days must not let the monitor's memory grow without an end. */
const mostUnwritten = 100;

type Cooldowns = Pick<MonitorSettings, 'cooldownCriticalSeconds' | 'cooldownSeconds' | 'escalateAfterSeconds'>;

/** Seconds. */
const cooldownOf = ({ severity }: Incident, settings: Cooldowns): number =>
  severity === 'critical' ? settings.cooldownCriticalSeconds : settings.cooldownSeconds;

/** Made here and not by the database, which may be what is away. */
export const alertIdOf = ({ type, subject }: Finding, openedAt: string): string =>
  `${type}-${subject}-${Math.floor(Date.parse(openedAt) / 1_000)}`;

const isSame = (a: Finding, b: Finding): boolean => a.type === b.type && a.subject === b.subject;
const sameAs =
  (finding: Finding) =>
  ({ incident }: TrackedIncident): boolean =>
    isSame(incident, finding);

const idOf = ({ incident }: TrackedIncident): string => incident.alertId;
const without = (list: readonly TrackedIncident[], gone: readonly TrackedIncident[]): TrackedIncident[] =>
  list.filter((tracked) => !gone.some((other) => idOf(other) === idOf(tracked)));

/** What one look at the samples found. */
export interface Look {
  findings: readonly Finding[];
  /** Types about which it says nothing: what is open stays as it is, because unknown is not over. */
  unknown: ReadonlySet<AlertType>;
  settings: Cooldowns;
  now: string;
}

export interface Turn {
  memory: IncidentMemory;
  opened: TrackedIncident[];
  /** Ended within the cooldown before: the same incident again. */
  reopened: TrackedIncident[];
  ended: TrackedIncident[];
}

export function advance(memory: IncidentMemory, { findings, unknown, settings, now }: Look): Turn {
  const mayReturn = memory.ended.filter(
    ({ incident, endedAt = now }) => secondsBetween(endedAt, now) <= cooldownOf(incident, settings),
  );
  const goesOn = ({ incident }: TrackedIncident) =>
    unknown.has(incident.type) || findings.some((finding) => isSame(finding, incident));
  const ended = memory.open.filter((tracked) => !goesOn(tracked)).map((tracked) => ({ ...tracked, endedAt: now }));
  const [opened, reopened]: [TrackedIncident[], TrackedIncident[]] = [[], []];
  for (const finding of findings) {
    if (memory.open.some(sameAs(finding))) continue;
    const earlier = mayReturn.find(sameAs(finding));
    if (earlier) reopened.push(reopen(earlier));
    else opened.push(track({ ...finding, alertId: alertIdOf(finding, now), openedAt: now }));
  }
  const open = [...without(memory.open, ended), ...reopened, ...opened].map((tracked) => valued(tracked, findings));
  return {
    memory: {
      open,
      ended: [...without(mayReturn, reopened), ...ended],
      unwritten: [...without(memory.unwritten, reopened), ...ended].slice(-mostUnwritten),
    },
    opened,
    reopened,
    ended,
  };
}

const track = (incident: Incident): TrackedIncident => ({
  incident,
  lastValue: incident.value,
  reopened: 0,
  notices: 0,
  escalated: false,
});

function reopen(ended: TrackedIncident): TrackedIncident {
  const { endedAt: _, ...tracked } = ended;
  return { ...tracked, reopened: tracked.reopened + 1 };
}

function valued(tracked: TrackedIncident, findings: readonly Finding[]): TrackedIncident {
  const found = findings.find((finding) => isSame(finding, tracked.incident));
  return found ? { ...tracked, lastValue: found.value } : tracked;
}

/** What `alert_history` has to be told. */
export const rowsOf = ({ open, unwritten }: IncidentMemory): TrackedIncident[] => [...unwritten, ...open];

/**
 * After writing: `stored` is every open row, and who acknowledged what. Rows of an earlier monitor, whose memory is gone,
 * are taken over with their notices and cooldowns; they end like any other once nothing finds them.
 */
export function written(memory: IncidentMemory, stored: readonly TrackedIncident[], now: string): IncidentMemory {
  const known = memory.open.map((tracked) => withAcknowledgement(tracked, stored));
  const strangers = without(stored, [...memory.open, ...memory.ended]).filter(({ endedAt }) => endedAt === undefined);
  const rivals = (stranger: TrackedIncident) => known.find(sameAs(stranger.incident));
  // Somebody was told of ours, by its id: the other one is closed, and ours gets its row then.
  const closed = strangers.filter((stranger) => (rivals(stranger)?.notices ?? 0) > 0);
  const adopted = without(strangers, closed);
  return {
    open: [
      ...known.filter((tracked) => !adopted.some((stranger) => sameAs(stranger.incident)(tracked))),
      ...adopted.map((stranger) => ({ ...stranger, lastValue: rivals(stranger)?.lastValue ?? stranger.lastValue })),
    ],
    ended: memory.ended,
    unwritten: closed.map((stranger) => ({ ...stranger, endedAt: now })),
  };
}

function withAcknowledgement(tracked: TrackedIncident, stored: readonly TrackedIncident[]): TrackedIncident {
  const acknowledged = stored.find((row) => idOf(row) === idOf(tracked))?.acknowledged;
  return acknowledged ? { ...tracked, acknowledged } : tracked;
}

/**
 * What has to be told now: each incident once, again after every cooldown, and once to the second person. Not any more
 * once somebody has acknowledged it. The order is the one in which they are numbered.
 */
export function noticesDue({ open }: IncidentMemory, settings: Cooldowns, now: string): AlertNotice[] {
  return open
    .filter(({ acknowledged }) => acknowledged === undefined)
    .flatMap((tracked) => {
      const kinds = [...toldAgain(tracked, settings, now), ...toSecondPerson(tracked, settings, now)];
      const incident = { ...tracked.incident, value: tracked.lastValue };
      return kinds.map((kind, index): AlertNotice => ({ incident, kind, number: tracked.notices + 1 + index }));
    });
}

function toldAgain({ notices, noticedAt, incident }: TrackedIncident, settings: Cooldowns, now: string): NoticeKind[] {
  if (notices === 0 || noticedAt === undefined) return ['first'];
  return secondsBetween(noticedAt, now) >= cooldownOf(incident, settings) ? ['repeat'] : [];
}

function toSecondPerson({ incident, escalated }: TrackedIncident, settings: Cooldowns, now: string): NoticeKind[] {
  if (escalated || incident.severity !== 'critical') return [];
  return secondsBetween(incident.openedAt, now) >= settings.escalateAfterSeconds ? ['escalation'] : [];
}

/** After a notice was given. */
export function noticed(memory: IncidentMemory, { incident, kind, number }: AlertNotice, now: string): IncidentMemory {
  const open = memory.open.map((tracked): TrackedIncident => {
    if (idOf(tracked) !== incident.alertId) return tracked;
    const told = { ...tracked, notices: Math.max(tracked.notices, number) };
    return kind === 'escalation' ? { ...told, escalated: true } : { ...told, noticedAt: now };
  });
  return { ...memory, open };
}
