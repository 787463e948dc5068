/**
 * The link in an alert with which whoever gets it acknowledges it, without a login: it is opened on a telephone, at night.
 * It proves itself by its signature, is about one incident, and lives for a day. It names no person: only the channel, and
 * which of the two people.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AlertRole, type Channel, channels } from '../contracts/alerts.ts';
import { idPartPattern } from '../contracts/ids.ts';

/** Seconds from the sending of an alert. */
export const linkLifetimeSeconds = 24 * 3_600;

export interface AlertLink {
  alertId: string;
  /** By which the link came. */
  channel: Channel;
  role: AlertRole;
}

/** What a token says; `old` where its time is over, `bad` where we did not make it. */
export type LinkReading = { link: AlertLink; fault?: never } | { link?: never; fault: 'old' | 'bad' };

export interface AlertLinks {
  /** Short, because it has to fit into a text message. */
  sign(link: AlertLink): string;
  /** Never throws, whatever the text is. */
  read(token: string): LinkReading;
}

const roles: readonly AlertRole[] = ['oncall', 'escalation'];
/** Another text that was signed with the same key is no link. */
const purpose = 'boxoffice-alert-link:1:';
/** 128 bits: nobody guesses them within a day. */
const macBytes = 16;
const shortestKey = 32;
const tokenPattern = new RegExp(
  `^(${idPartPattern.slice(1, -1)})\\.(${channels.join('|')})\\.(${roles.join('|')})\\.([0-9a-z]{1,9})\\.([A-Za-z0-9_-]{22})$`,
);

/** `now` in milliseconds. */
export function createAlertLinks(key: string, now: () => number = Date.now): AlertLinks {
  if (key.length < shortestKey) throw new Error(`ALERT_LINK_KEY is shorter than ${shortestKey} characters`);
  const macOf = (signed: string) =>
    createHmac('sha256', key)
      .update(`${purpose}${signed}`, 'utf8')
      .digest()
      .subarray(0, macBytes)
      .toString('base64url');
  return {
    sign: ({ alertId, channel, role }) => {
      const endsAt = Math.floor(now() / 1_000) + linkLifetimeSeconds;
      const signed = [alertId, channel, role, endsAt.toString(36)].join('.');
      return `${signed}.${macOf(signed)}`;
    },
    read: (token) => {
      const [, alertId, channel, role, endsAt, mac] = tokenPattern.exec(token) ?? [];
      if (alertId === undefined || mac === undefined) return { fault: 'bad' };
      const signed = token.slice(0, -mac.length - 1);
      // As texts: a last character that decodes to the same bits is not what we wrote.
      if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(signed)))) return { fault: 'bad' };
      if (Number.parseInt(endsAt!, 36) * 1_000 <= now()) return { fault: 'old' };
      return { link: { alertId, channel: channel as Channel, role: role as AlertRole } };
    },
  };
}
