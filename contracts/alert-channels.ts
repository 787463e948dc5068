/** Which channels a notice takes, to whom, and how it ended over all of them. Pure. */
import { isAboutMoney } from './alert-words.ts';
import type { AlertNotice, AlertResult, AlertRole, Channel, ChannelOutcome, NoticeKind } from './alerts.ts';

/**
 * critical: e-mail, SMS, and a voice call where it is about money; warning: SMS; info: e-mail. A test calls, too, so that
 * every channel is heard once.
 */
export function channelsOf({ incident }: Pick<AlertNotice, 'incident'>): readonly Channel[] {
  switch (incident.severity) {
    case 'critical':
      return isAboutMoney(incident) || incident.type === 'test' ? ['email', 'sms', 'voice'] : ['email', 'sms'];
    case 'warning':
      return ['sms'];
    case 'info':
      return ['email'];
  }
}

/** The second person hears of what the first did not acknowledge. */
export const roleOf = (kind: NoticeKind): AlertRole => (kind === 'escalation' ? 'escalation' : 'oncall');

/** A repeat can wait for the next one; a first notice has nothing that follows it. */
export const isReminder = (kind: NoticeKind): boolean => kind !== 'first';

const unneeded: ReadonlySet<ChannelOutcome> = new Set(['not needed', 'cancelled']);

export function resultOf(channels: AlertResult['channels']): AlertResult {
  const outcomes = Object.values(channels);
  if (outcomes.includes('delivered')) return { status: 'delivered', channels };
  return { status: outcomes.every((outcome) => unneeded.has(outcome)) ? 'not needed' : 'undelivered', channels };
}
