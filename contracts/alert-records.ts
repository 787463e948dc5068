/** Incidents as people look them up. Pure. */
import type { AlertSubject, AlertType, Channel, NoticeKind, SentNotice, Severity } from './alerts.ts';

/** What became of a notice on one channel. */
export interface NoticeView extends SentNotice {
  /** Of the incident's notices, 1 for the first. */
  number: number;
  kind: NoticeKind;
  channel: Channel;
  /** ISO 8601 UTC. */
  sentAt: string;
}

/** An incident. Times are ISO 8601 UTC. */
export interface AlertView {
  id: string;
  type: AlertType;
  subject: AlertSubject;
  severity: Severity;
  /** As the first notice said it. */
  message: string;
  /** What it means for money, and what to do. */
  money: string;
  todo: string;
  /** Measured when it was found, and the last time; `unit` is theirs and the threshold's. */
  value: number;
  lastValue: number;
  threshold: number;
  unit: string;
  since?: string;
  openedAt: string;
  /** Absent: it goes on. */
  endedAt?: string;
  acknowledged?: { by: string; at: string };
  escalated: boolean;
  /** How often it came back. */
  reopened: number;
  /** Newest last; what was sent while the database was away is missing. */
  notices: NoticeView[];
  /** Its page in the Temporal Web UI. */
  webUi?: string;
}

export interface AlertPageView {
  /** Newest first. */
  alerts: AlertView[];
  nextCursor?: string;
}
