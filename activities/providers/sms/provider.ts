/** Text messages over Twilio: sending one, and finding one that was sent without an answer. */
import { asked, createTwilioClient, type TwilioConfig } from './client.ts';

export interface SmsProviderOptions extends TwilioConfig {
  /** A number in E.164, or a messaging service (`MG…`) that chooses one. */
  from: string;
}

export interface SentSms {
  messageSid: string;
}

export interface SmsPage {
  /** Those of the page that bear the mark, newest first. */
  found: SentSms[];
  /** Where the next page is; absent at the end, or where everything further is older than `since`. */
  next?: string;
}

export interface SmsProvider {
  /** `to` in E.164. Throws ProviderFault only (errors.ts). */
  send(message: { to: string; body: string }): Promise<SentSms>;
  /**
   * One page of what went to a number, newest first. Recognized is a message whose text has the mark: Twilio keeps no key of
   * ours, and may change a text around it (a trial account adds words, smart encoding replaces characters). Its filter by
   * date goes by the time of sending, which a queued message does not have yet, so the time of creation is compared here.
   */
  page(search: { to: string; mark: string; since: Date; at?: string | undefined }): Promise<SmsPage>;
}

/** A clock at Twilio and ours may differ by this much. Milliseconds. */
const clockSlackMs = 5 * 60_000;
const pageSize = 50;

export function createSmsProvider({ from, ...account }: SmsProviderOptions): SmsProvider {
  const client = createTwilioClient(account);
  const sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from };
  return {
    send: async ({ to, body }) => {
      const { sid } = await asked(() => client.messages.create({ to, body, ...sender }));
      return { messageSid: sid };
    },
    page: async ({ to, mark, since, at }) => {
      const page = await asked(() =>
        at === undefined ? client.messages.page({ to, pageSize }) : client.messages.getPage(at),
      );
      const oldest = since.getTime() - clockSlackMs;
      const recent = page.instances.filter(({ dateCreated }) => dateCreated.getTime() >= oldest);
      const found = recent.filter(({ body }) => body.includes(mark)).map(({ sid }) => ({ messageSid: sid }));
      const ends = recent.length < page.instances.length || page.nextPageUrl === undefined;
      return { found, ...(ends ? {} : { next: page.nextPageUrl! }) };
    },
  };
}
