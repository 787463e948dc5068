/**
 * Whom alerts reach, and with which logins: the environment's part `alerts`. Only a worker that serves the lane `alert`
 * needs it. Alerts may have logins of their own, so that an account that is blocked or used up silences nobody.
 */
import { type Static, Type } from 'typebox';
import type { AlertRole } from '../contracts/alerts.ts';

const phone = (whose: string) =>
  Type.Optional(Type.String({ pattern: '^\\+[1-9]\\d{6,14}$', description: `${whose} in E.164, e.g. +15005550006` }));
const address = (whose: string) =>
  Type.Optional(
    Type.String({ pattern: '^[^\\s@<>,]+@[^\\s@<>,]+$', description: `${whose}, e.g. oncall@example.com` }),
  );

const linkKey = { minLength: 32, description: 'at least 32 characters, the same for API and workers; signs the links' };

const publicUrl = 'where people reach the API, e.g. https://boxoffice.example.com; links in alerts begin with it';

/** The API verifies the links in alerts with it. */
export const alertLinkKey = Type.String(linkKey);

export const alertVariables = {
  ONCALL_PHONE: phone("the on-call person's number"),
  ONCALL_EMAIL: address("the on-call person's address"),
  ESCALATION_PHONE: phone("the second person's number"),
  ESCALATION_EMAIL: address("the second person's address"),
  ALERT_SMTP_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://\\S+$',
      description: 'smtp(s)://user:password@host:port, or unset for SMTP_URL',
    }),
  ),
  ALERT_MAIL_FROM: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'the sender, e.g. Boxoffice <alerts@example.com>, or unset for MAIL_FROM',
    }),
  ),
  ALERT_TWILIO_ACCOUNT_SID: Type.Optional(
    Type.String({
      pattern: '^AC[0-9a-fA-F]{32}$',
      description: 'AC and 32 hex digits, or unset for TWILIO_ACCOUNT_SID',
    }),
  ),
  ALERT_TWILIO_AUTH_TOKEN: Type.Optional(
    Type.String({ minLength: 1, description: "that account's auth token, or unset for TWILIO_AUTH_TOKEN" }),
  ),
  ALERT_TWILIO_FROM: Type.Optional(
    Type.String({
      pattern: '^\\+[1-9]\\d{6,14}$',
      description: 'a number in E.164 that can send texts and call, or unset for TWILIO_FROM',
    }),
  ),
  ALERT_LINK_KEY: Type.Optional(alertLinkKey),
  API_PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      description: publicUrl,
    }),
  ),
};

const alertPart = Type.Object(alertVariables);
type AlertVariables = Static<typeof alertPart>;

export interface AlertConfig {
  alerts: AlertVariables;
  mail: { SMTP_URL: string; MAIL_FROM: string };
  sms: { TWILIO_ACCOUNT_SID: string; TWILIO_AUTH_TOKEN: string; TWILIO_FROM: string; TWILIO_API_BASE?: string };
}

/** Where one person is reached; what is absent is not used. */
export interface AlertRecipient {
  email?: string;
  phone?: string;
}

export interface AlertSettings {
  recipients: Readonly<Record<AlertRole, AlertRecipient>>;
  mail: { smtpUrl: string; from: string };
  twilio: { accountSid: string; authToken: string; from: string; apiBase?: string };
  linkKey: string;
  publicUrl: string;
}

const servesAlerts = (lanes: string | undefined) => lanes === undefined || lanes.split(',').includes('alert');

/** What a worker that serves `alert` lacks. `lanes` is its WORKER_LANES. */
export function alertFaults(
  alerts: Partial<AlertVariables>,
  { lanes, twilioFrom }: { lanes: string | undefined; twilioFrom: string | undefined },
): string[] {
  if (!servesAlerts(lanes)) return [];
  const faults: string[] = [];
  const miss = (name: keyof AlertVariables, remedy: string) => {
    if (alerts[name] === undefined) faults.push(`${name} is missing; set it to ${remedy}`);
  };
  if (alerts.ONCALL_PHONE === undefined)
    miss(
      'ONCALL_EMAIL',
      "the on-call person's address, or ONCALL_PHONE to their number, or leave `alert` out of WORKER_LANES",
    );
  miss('ALERT_LINK_KEY', linkKey.description);
  miss('API_PUBLIC_URL', publicUrl);
  if (alerts.ALERT_TWILIO_ACCOUNT_SID !== undefined) {
    const own = 'which has to be of the account in ALERT_TWILIO_ACCOUNT_SID';
    miss('ALERT_TWILIO_AUTH_TOKEN', `the auth token, ${own}`);
    miss('ALERT_TWILIO_FROM', `a number in E.164, ${own}`);
  } else if (alerts.ALERT_TWILIO_AUTH_TOKEN !== undefined) {
    miss('ALERT_TWILIO_ACCOUNT_SID', 'the account of ALERT_TWILIO_AUTH_TOKEN, or unset both');
  } else if (twilioFrom?.startsWith('MG') && (alerts.ONCALL_PHONE ?? alerts.ESCALATION_PHONE) !== undefined) {
    miss('ALERT_TWILIO_FROM', 'a number in E.164: TWILIO_FROM is a messaging service, which cannot call');
  }
  return faults;
}

const recipientOf = (email: string | undefined, number: string | undefined): AlertRecipient => ({
  ...(email === undefined ? {} : { email }),
  ...(number === undefined ? {} : { phone: number }),
});

/** With the ordinary logins where alerts have none of their own. For a worker that serves `alert` only. */
export function alertSettingsOf({ alerts, mail, sms }: AlertConfig): AlertSettings {
  const oncall = recipientOf(alerts.ONCALL_EMAIL, alerts.ONCALL_PHONE);
  const second = recipientOf(alerts.ESCALATION_EMAIL, alerts.ESCALATION_PHONE);
  return {
    // Channel by channel: a second person without a telephone is reached by mail, and the on-call one is called again.
    recipients: { oncall, escalation: { ...oncall, ...second } },
    mail: { smtpUrl: alerts.ALERT_SMTP_URL ?? mail.SMTP_URL, from: alerts.ALERT_MAIL_FROM ?? mail.MAIL_FROM },
    twilio: {
      accountSid: alerts.ALERT_TWILIO_ACCOUNT_SID ?? sms.TWILIO_ACCOUNT_SID,
      authToken: alerts.ALERT_TWILIO_AUTH_TOKEN ?? sms.TWILIO_AUTH_TOKEN,
      from: alerts.ALERT_TWILIO_FROM ?? sms.TWILIO_FROM,
      ...(sms.TWILIO_API_BASE === undefined ? {} : { apiBase: sms.TWILIO_API_BASE }),
    },
    // Configuration asks for both where `alert` is served.
    linkKey: alerts.ALERT_LINK_KEY!,
    publicUrl: alerts.API_PUBLIC_URL!.replace(/\/+$/, ''),
  };
}
