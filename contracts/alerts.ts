/** Incidents and what is sent about them. Pure; alert-rules.ts decides, alert-words.ts says. */
import type { LaneName, WorkflowQueue } from './task-queues.ts';

/** critical: e-mail, SMS, and a voice call where it is about money; warning: SMS; info: e-mail. */
export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

export const alertTypes = [
  'queue-depth',
  'queue-age',
  'jobs-failed',
  'failure-rate',
  'workflow-problems',
  'lane-stopped',
  'lane-blocked',
  'limiter-away',
  'database-away',
  'person-waits',
  'authorization-ends',
  'evidence-due',
  'ledger-unbalanced',
  'reconciliation-differs',
  'monitor-late',
  /** Asked for by a person, to see that alerts arrive. */
  'test',
] as const;
export type AlertType = (typeof alertTypes)[number];

/** What an incident is about: a queue, a lane, or the whole of Boxoffice. */
export type AlertSubject = WorkflowQueue | LaneName | 'platform';

/** Something that is wrong now, by one rule. At most one of each type and subject. */
export interface Finding {
  type: AlertType;
  subject: AlertSubject;
  severity: Severity;
  /** Measured, and what it should not reach; in the unit that alert-words.ts names for the type. */
  value: number;
  threshold: number;
  /** Since when it is so, where that is known. ISO 8601 UTC. */
  since?: string;
}

/** A finding that became an incident. */
export interface Incident extends Finding {
  /** Made by the monitor, not by the database: alerts leave when that is away. An opaque id (ids.ts). */
  alertId: string;
  /** ISO 8601 UTC. */
  openedAt: string;
}

/** first: nobody knows of it; repeat: it goes on, unacknowledged; escalation: nobody acknowledged it in time. */
export type NoticeKind = 'first' | 'repeat' | 'escalation';

/** One notification of an incident, over all channels of its severity. */
export interface AlertNotice {
  incident: Incident;
  kind: NoticeKind;
  /** 1 for the first of an incident. Together with alertId it is the notice's identity. */
  number: number;
}

export const channels = ['email', 'sms', 'voice'] as const;
export type Channel = (typeof channels)[number];

/**
 * What became of a notice on one channel. `not needed`: it was to remind of something that was acknowledged, or over, before
 * it left; a first notice always leaves.
 */
export type ChannelOutcome = 'delivered' | 'given up' | 'no recipient' | 'not needed' | 'cancelled';

/** What became of a notice on one channel where it was not cancelled, without where it went. */
export interface SentNotice {
  outcome: Exclude<ChannelOutcome, 'cancelled'>;
  /** The provider's own id of it: a Message-ID, or a sid. */
  reference?: string;
  /** Why it was given up: the provider's code. */
  code?: string;
}

/** What became of a notice, channel by channel. */
export interface AlertResult {
  /** `delivered`: on one channel at least; `not needed`: acknowledged, over, or cancelled before one had taken it. */
  status: 'delivered' | 'undelivered' | 'not needed';
  channels: Readonly<Partial<Record<Channel, ChannelOutcome>>>;
}

/** Whose address a notice goes to. */
export type AlertRole = 'oncall' | 'escalation';
