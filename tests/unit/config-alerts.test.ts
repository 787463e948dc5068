import { describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfig, type Part } from '../../infrastructure/config.ts';
import { alertSettingsOf } from '../../infrastructure/config-alerts.ts';
import { decisionKeySet } from '../support/decision-keys.ts';

const ordinary = {
  SMTP_URL: 'smtp://mail:1025',
  MAIL_FROM: 'Boxoffice <tickets@example.com>',
  TWILIO_ACCOUNT_SID: `AC${'a'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+15005550006',
  DECISION_KEYS: decisionKeySet,
};
const good = {
  ...ordinary,
  ONCALL_EMAIL: 'oncall@example.com',
  ONCALL_PHONE: '+12025550143',
  ALERT_LINK_KEY: 'k'.repeat(32),
  API_PUBLIC_URL: 'https://boxoffice.example.com/',
};
const names = ['worker', 'mail', 'sms', 'alerts'] as const;
const settings = (env: Record<string, string>) => alertSettingsOf(loadConfig(env, names));

function faultsOf(env: Record<string, string>, parts: readonly Part[] = names): string[] {
  try {
    loadConfig(env, parts);
  } catch (error) {
    if (error instanceof ConfigurationError) return [...error.faults];
    throw error;
  }
  return [];
}
const missing = (env: Record<string, string>) => faultsOf(env).map((fault) => fault.split(' is missing;')[0]);

describe('who alerts reach', () => {
  it('needs one way to the person on call, a key and an address of links, all named at once', () => {
    expect(missing(ordinary)).toEqual(['ONCALL_EMAIL', 'ALERT_LINK_KEY', 'API_PUBLIC_URL']);
    expect(faultsOf(ordinary)[0]).toContain('or ONCALL_PHONE to their number, or leave `alert` out of WORKER_LANES');
    const { ONCALL_EMAIL: _, ...byPhone } = good;
    expect(faultsOf(byPhone)).toEqual([]);
  });

  it.each(['stripe,chain', 'money'])('is nothing to a worker of %s', (WORKER_LANES) => {
    expect(faultsOf({ ...ordinary, WORKER_LANES })).toEqual([]);
    expect(missing({ ...ordinary, WORKER_LANES: `${WORKER_LANES},alert` })).toHaveLength(3);
  });

  it('is the person on call again where there is no second one, channel by channel', () => {
    const { recipients } = settings({ ...good, ESCALATION_EMAIL: 'second@example.com' });
    expect(recipients).toEqual({
      oncall: { email: good.ONCALL_EMAIL, phone: good.ONCALL_PHONE },
      escalation: { email: 'second@example.com', phone: good.ONCALL_PHONE },
    });
    expect(settings(good).recipients.escalation).toEqual(settings(good).recipients.oncall);
  });

  it.each([
    ['ONCALL_PHONE', '0123456'],
    ['ESCALATION_PHONE', '12025550143'],
    ['ONCALL_EMAIL', 'nobody'],
    ['ESCALATION_EMAIL', 'a@b.example, c@d.example'],
    ['ALERT_LINK_KEY', 'short'],
    ['ALERT_SMTP_URL', 'http://mail'],
    ['ALERT_TWILIO_FROM', 'MG0'],
    ['API_PUBLIC_URL', 'https://a.example/?x'],
  ])('names %s, and shows nobody', (name, value) => {
    const faults = faultsOf({ ...good, [name]: value });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([name]);
    if (name !== 'ALERT_TWILIO_FROM') expect(faults[0]).not.toContain(value);
  });
});

it.each<Record<string, string>>([{}, { ALERT_LINK_KEY: 'short' }])(
  'the key of the links is named once, although the API wants it as well: %j',
  (env) => {
    const faults = faultsOf({ ...ordinary, ...env }, [...names, 'api']);
    expect(faults.filter((fault) => fault.startsWith('ALERT_LINK_KEY '))).toHaveLength(1);
  },
);

describe('logins of alerts', () => {
  it('are the ordinary ones where there are no others', () => {
    expect(settings({ ...good, TWILIO_API_BASE: 'http://twilio' })).toMatchObject({
      mail: { smtpUrl: good.SMTP_URL, from: good.MAIL_FROM },
      twilio: {
        accountSid: good.TWILIO_ACCOUNT_SID,
        authToken: 'token',
        from: good.TWILIO_FROM,
        apiBase: 'http://twilio',
      },
      publicUrl: 'https://boxoffice.example.com',
    });
  });

  it('are their own where they are given', () => {
    const own = {
      ALERT_SMTP_URL: 'smtps://other:465',
      ALERT_MAIL_FROM: 'Alerts <alerts@example.com>',
      ALERT_TWILIO_ACCOUNT_SID: `AC${'b'.repeat(32)}`,
      ALERT_TWILIO_AUTH_TOKEN: 'other',
      ALERT_TWILIO_FROM: '+15005550007',
    };
    const { mail, twilio } = settings({ ...good, ...own });
    expect(mail).toEqual({ smtpUrl: own.ALERT_SMTP_URL, from: own.ALERT_MAIL_FROM });
    expect(twilio).toEqual({
      accountSid: own.ALERT_TWILIO_ACCOUNT_SID,
      authToken: 'other',
      from: own.ALERT_TWILIO_FROM,
    });
  });

  it('of Twilio come together', () => {
    const account = { ALERT_TWILIO_ACCOUNT_SID: `AC${'b'.repeat(32)}` };
    expect(missing({ ...good, ...account })).toEqual(['ALERT_TWILIO_AUTH_TOKEN', 'ALERT_TWILIO_FROM']);
    expect(missing({ ...good, ALERT_TWILIO_AUTH_TOKEN: 'other' })).toEqual(['ALERT_TWILIO_ACCOUNT_SID']);
  });

  it('need a number that can call, where somebody is called', () => {
    const service = { ...good, TWILIO_FROM: `MG${'a'.repeat(32)}` };
    expect(missing(service)).toEqual(['ALERT_TWILIO_FROM']);
    expect(missing({ ...service, ALERT_TWILIO_FROM: '+15005550006' })).toEqual([]);
    const { ONCALL_PHONE: _, ...withoutPhone } = service;
    expect(missing(withoutPhone)).toEqual([]);
  });
});
