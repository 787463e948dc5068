/**
 * Notices of incidents: one activity for each channel, run by `alert`. Nothing here needs Redis or Postgres: the lane paces
 * in this process, and what the database is asked or told is worth a moment of waiting, and no more.
 */
import { ApplicationFailure, Context, log } from '@temporalio/activity';
import { isReminder, roleOf } from '../contracts/alert-channels.ts';
import type { AlertNotice, AlertRole, Channel, SentNotice } from '../contracts/alerts.ts';
import { failureTypes } from '../contracts/failures.ts';
import { smsMarkOf } from '../contracts/hashes.ts';
import { alertWorkflowId, platform } from '../contracts/ids.ts';
import { within } from '../infrastructure/within.ts';
import type { LaneCaller } from '../lanes/call.ts';
import { detailOf, typeOf } from './failure.ts';
import { isGivenUp } from './messages.ts';
import type { NewAlertNotice } from './ports.ts';
import { alertMail, alertSms, alertWords, type NoticeLinks } from './providers/alerts/texts.ts';
import { messageIdOf } from './providers/mail/message-id.ts';
import type { MailProvider } from './providers/mail/provider.ts';
import type { SmsProvider } from './providers/sms/provider.ts';
import type { VoiceProvider } from './providers/voice/provider.ts';

export interface SendAlertInput {
  notice: AlertNotice;
  channel: Channel;
}

export interface AlertActivities {
  sendAlert(input: SendAlertInput): Promise<SentNotice>;
}

export interface AlertDeps {
  lanes: Pick<LaneCaller, 'read'>;
  mail: MailProvider;
  sms: SmsProvider;
  voice: VoiceProvider;
  recipients: Readonly<Record<AlertRole, { email?: string; phone?: string }>>;
  /** Domain of the Message-ID, from the sender's address. */
  domain: string;
  linksOf: (notice: AlertNotice, channel: Channel) => NoticeLinks;
  /** Whether somebody knows of the incident, or it is over. */
  isSettled: (alertId: string) => Promise<boolean>;
  record: (notice: NewAlertNotice) => Promise<void>;
  /** Counts one that left. */
  sent: (notice: AlertNotice, channel: Channel) => void;
}

/** For what the database says or hears of a notice. Milliseconds. */
const databaseMs = 1_000;

/** `work`, or `otherwise` where it fails or takes longer than the moment that it is worth. */
async function atMost<T>(work: Promise<T>, otherwise: T, what: string): Promise<T> {
  try {
    return await within(databaseMs, work);
  } catch (error) {
    log.warn(`${what}: the database is away`, { error: error instanceof Error ? error.message : String(error) });
    return otherwise;
  }
}

/** The lane asks again after a moment that is always the same; an alert that cannot leave asks ever less often. */
function withoutItsOwnPause(error: unknown): unknown {
  if (typeOf(error) !== failureTypes.retry || !(error instanceof ApplicationFailure)) return error;
  return ApplicationFailure.create({
    type: failureTypes.retry,
    message: error.message,
    details: error.details ?? [],
  });
}

export function createAlertActivities(deps: AlertDeps): AlertActivities {
  const { lanes, mail, sms, voice } = deps;

  /** Each resolves with the provider's id of what was sent. */
  const senders: Record<Channel, (notice: AlertNotice, to: string) => Promise<string>> = {
    email: async (notice, to) => {
      const { incident, number } = notice;
      const messageId = messageIdOf(alertWorkflowId(incident.alertId, number), deps.domain);
      const written = alertMail(notice, deps.linksOf(notice, 'email'));
      await lanes.read('alert', () => mail.send({ to, messageId, mail: written }));
      return messageId;
    },
    sms: async (notice, to) => {
      const { incident, number } = notice;
      const mark = smsMarkOf({ tenantId: platform, messageKey: `${incident.alertId}:${number}` });
      const before = await sentBefore(to, mark);
      if (before !== undefined) return before;
      const body = alertSms(notice, deps.linksOf(notice, 'sms'), mark);
      return (await lanes.read('alert', () => sms.send({ to, body }))).messageSid;
    },
    // A second call does no harm, and a list of calls does not say what was said.
    voice: async (notice, to) =>
      (await lanes.read('alert', () => voice.call({ to, words: alertWords(notice) }))).callSid,
  };

  /** A text message of an earlier attempt. Where that cannot be found out another one is sent: rather two than none. */
  async function sentBefore(to: string, mark: string): Promise<string | undefined> {
    const { attempt, scheduledTimestampMs } = Context.current().info;
    if (attempt === 1) return undefined;
    try {
      const page = await lanes.read('alert', () => sms.page({ to, mark, since: new Date(scheduledTimestampMs) }));
      return page.found.at(-1)?.messageSid;
    } catch (error) {
      if (isGivenUp(error)) return undefined;
      throw error;
    }
  }

  async function deliver({ notice, channel }: SendAlertInput): Promise<SentNotice> {
    const recipient = deps.recipients[roleOf(notice.kind)];
    const to = channel === 'email' ? recipient.email : recipient.phone;
    if (to === undefined) return { outcome: 'no recipient' };
    const { alertId } = notice.incident;
    if (isReminder(notice.kind) && (await atMost(deps.isSettled(alertId), false, 'whether a reminder is needed')))
      return { outcome: 'not needed' };
    try {
      return { outcome: 'delivered', reference: await senders[channel](notice, to) };
    } catch (error) {
      if (!isGivenUp(error)) throw withoutItsOwnPause(error);
      return { outcome: 'given up', code: detailOf(error)?.code ?? 'unknown' };
    }
  }

  return {
    sendAlert: async (input) => {
      const { notice, channel } = input;
      const { kind, number } = notice;
      const { alertId } = notice.incident;
      const sent = await deliver(input);
      if (sent.outcome === 'delivered') deps.sent(notice, channel);
      if (sent.outcome === 'given up')
        log.error('an alert was given up', { alertId, number, channel, code: sent.code });
      await atMost(deps.record({ alertId, number, kind, channel, ...sent }), undefined, 'a notice is not recorded');
      return sent;
    },
  };
}
