/** Notices on their way to the simulators of Twilio and SMTP, through a lane that paces in this process. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AlertDeps, createAlertActivities } from '../../activities/alerts.ts';
import type { NewAlertNotice } from '../../activities/ports.ts';
import { createMailProvider } from '../../activities/providers/mail/provider.ts';
import { createSmsProvider } from '../../activities/providers/sms/provider.ts';
import { createVoiceProvider } from '../../activities/providers/voice/provider.ts';
import type { AlertNotice, Channel, SentNotice } from '../../contracts/alerts.ts';
import { createSmtpSimulator, type SmtpSimulator } from '../../sandbox/smtp/simulator.ts';
import { createTwilioSimulator, type TwilioSimulator } from '../../sandbox/twilio/simulator.ts';
import { noticeOf } from '../support/alert-twins.ts';
import { createSentCallsTwin, failureSeen, lanesOf } from '../support/ledger-twins.ts';

const account = { accountSid: `AC${'a'.repeat(32)}`, authToken: 'token', from: '+15005550006' };
const oncall = { email: 'oncall@example.com', phone: '+12025550143' };
const escalation = { email: 'second@example.com', phone: '+12025550187' };
const scheduledTimestampMs = Date.now() - 1_000;
const never = new Promise<never>(() => undefined);

let twilio: TwilioSimulator;
let smtp: SmtpSimulator;
let records: NewAlertNotice[];
let counted: [string, Channel][];

beforeAll(async () => {
  twilio = await createTwilioSimulator({ ...account, numbers: [account.from] });
  smtp = await createSmtpSimulator({ user: 'u', pass: 'p' });
});
afterAll(async () => void (await Promise.all([twilio.close(), smtp.close()])));
beforeEach(() => {
  twilio.account.messages.length = 0;
  twilio.account.calls.length = 0;
  twilio.account.plans = [];
  smtp.inbox.clear();
  [records, counted] = [[], []];
});

function sending(
  notice: AlertNotice,
  channel: Channel,
  { attempt = 1, ...change }: Partial<AlertDeps> & { attempt?: number } = {},
) {
  const silent = {
    log: () => undefined,
    trace: () => undefined,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const environment = new MockActivityEnvironment(
    { attempt, scheduledTimestampMs, startToCloseTimeoutMs: 60_000 },
    { logger: silent },
  );
  const providers = { ...account, apiBase: twilio.url };
  const on = createAlertActivities({
    lanes: lanesOf(createSentCallsTwin()),
    mail: createMailProvider({
      smtpUrl: `smtp://u:p@127.0.0.1:${smtp.port}`,
      from: 'Alerts <alerts@example.com>',
      timeoutMs: 2_000,
    }),
    sms: createSmsProvider(providers),
    voice: createVoiceProvider(providers),
    recipients: { oncall, escalation },
    domain: 'example.com',
    linksOf: (_, by) => ({ acknowledge: `https://b.example/alerts/acknowledge?token=${by}` }),
    isSettled: async () => false,
    record: async (record) => void records.push(record),
    sent: ({ incident }, by) => void counted.push([incident.type, by]),
    ...change,
  });
  return environment.run<[], SentNotice, () => Promise<SentNotice>>(() => on.sendAlert({ notice, channel }));
}

const first = noticeOf();
const escalated = noticeOf({ kind: 'escalation', number: 3 });
const repeat = noticeOf({ kind: 'repeat', number: 2 });
const { alertId } = first.incident;

describe('a notice', () => {
  it('leaves as a mail with a Message-ID that is always the same, so that twice is seen to be once', async () => {
    const messageId = `<alert.platform.${alertId}.1@example.com>`;
    const sent = { outcome: 'delivered', reference: messageId };
    expect([await sending(first, 'email'), await sending(first, 'email', { attempt: 2 })]).toEqual([sent, sent]);
    expect(smtp.inbox.summary()).toMatchObject({ messages: 2, unique: 1 });
    const [mail] = smtp.inbox.list();
    expect(mail).toMatchObject({ to: [oncall.email], from: 'alerts@example.com', messageId });
    expect(mail!.text).toContain('https://b.example/alerts/acknowledge?token=email');
    expect(records[0]).toEqual({ alertId, number: 1, kind: 'first', channel: 'email', ...sent });
    expect(counted[0]).toEqual(['queue-depth', 'email']);
  });

  it('leaves as a text message', async () => {
    const { reference, outcome } = await sending(first, 'sms');
    expect(twilio.account.messages).toMatchObject([{ sid: reference, to: oncall.phone, from: account.from }]);
    expect(twilio.account.messages[0]!.body).toMatch(/^CRITICAL: money: .*token=sms Ref [0-9A-Z]{8}$/u);
    expect([outcome, counted]).toEqual(['delivered', [['queue-depth', 'sms']]]);
  });

  it('leaves as a call that says it', async () => {
    const { reference } = await sending(first, 'voice');
    expect(twilio.account.calls).toMatchObject([{ sid: reference, to: oncall.phone, from: account.from }]);
    expect(twilio.account.calls[0]!.instructions).toContain('60 jobs wait, more than 50');
  });

  it('that nobody answered goes to the second person', async () => {
    for (const channel of ['email', 'sms', 'voice'] as const) await sending(escalated, channel);
    expect(smtp.inbox.list().map(({ to }) => to)).toEqual([[escalation.email]]);
    expect([...twilio.account.messages, ...twilio.account.calls].map(({ to }) => to)).toEqual([
      escalation.phone,
      escalation.phone,
    ]);
  });

  it('without anybody to write to is no error', async () => {
    const recipients = { oncall: { email: oncall.email }, escalation: {} };
    expect(await sending(first, 'sms', { recipients })).toEqual({ outcome: 'no recipient' });
    expect(await sending(escalated, 'email', { recipients })).toEqual({ outcome: 'no recipient' });
    expect([twilio.account.messages, smtp.inbox.list(), counted]).toEqual([[], [], []]);
    expect(records.map(({ outcome }) => outcome)).toEqual(['no recipient', 'no recipient']);
  });
});

describe('a reminder', () => {
  it.each([repeat, escalated])('of what somebody knows, or what is over, is not needed: $kind', async (notice) => {
    expect(await sending(notice, 'sms', { isSettled: async () => true })).toEqual({ outcome: 'not needed' });
    expect(twilio.account.messages).toEqual([]);
  });

  it('is not what a first notice is: that one leaves all the same', async () => {
    expect(await sending(first, 'sms', { isSettled: async () => true })).toMatchObject({ outcome: 'delivered' });
  });
});

describe('the database', () => {
  it.each<[string, Partial<AlertDeps>]>([
    [
      'refuses',
      {
        isSettled: async () => Promise.reject(new Error('ECONNREFUSED')),
        record: async () => Promise.reject(new Error('ECONNREFUSED')),
      },
    ],
    ['says nothing', { record: async () => never }],
  ])('is away and %s: a notice leaves without it, soon', async (_, change) => {
    const startedAt = performance.now();
    expect(await sending(repeat, 'sms', change)).toMatchObject({ outcome: 'delivered' });
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect([twilio.account.messages.length, counted.length]).toEqual([1, 1]);
  });
});

describe('a channel', () => {
  it.each<[Channel, 21211 | 21614 | 21610]>([
    ['sms', 21_211],
    ['sms', 21_614],
    ['sms', 21_610],
    ['voice', 21_211],
  ])('whose recipient is refused is given up, and says so: %s %i', async (channel, refuse) => {
    twilio.account.plans = [{ to: oncall.phone, refuse }];
    const end = { outcome: 'given up', code: String(refuse) };
    expect(await sending(first, channel)).toEqual(end);
    expect(records).toMatchObject([{ channel, ...end }]);
    expect(counted).toEqual([]);
  });

  it('that cannot be reached is tried again, ever less often, and nothing is recorded', async () => {
    const gone = createVoiceProvider({ ...account, apiBase: 'http://127.0.0.1:9' });
    const error = await sending(first, 'voice', { voice: gone }).catch(failureSeen);
    // No pause of its own: the profile's grows.
    expect(error).toMatchObject({ type: 'Retry', nonRetryable: false, nextRetryDelay: undefined });
    expect([records, counted]).toEqual([[], []]);
  });

  it('that lost the answer to a text message finds it, and sends no second one', async () => {
    twilio.state.faults.add({ kind: 'lose_answer', match: { method: 'POST', pathRegex: 'Messages' } });
    expect(await sending(first, 'sms').catch(failureSeen)).toMatchObject({ type: 'Retry' });
    const { sid } = twilio.account.messages[0]!;
    expect(await sending(first, 'sms', { attempt: 2 })).toEqual({ outcome: 'delivered', reference: sid });
    expect(twilio.account.messages).toHaveLength(1);
    // Another notice of the same incident is another message.
    expect(await sending(repeat, 'sms', { attempt: 2 })).not.toMatchObject({ reference: sid });
    expect(twilio.account.messages).toHaveLength(2);
  });

  it('whose list is refused sends another one: rather two than none', async () => {
    const sms = createSmsProvider({ ...account, apiBase: twilio.url });
    const blind = {
      ...sms,
      page: () =>
        createSmsProvider({ ...account, authToken: 'wrong', apiBase: twilio.url }).page({
          to: oncall.phone,
          mark: 'x',
          since: new Date(),
        }),
    };
    expect(await sending(first, 'sms', { attempt: 2, sms: blind })).toMatchObject({ outcome: 'delivered' });
  });
});
