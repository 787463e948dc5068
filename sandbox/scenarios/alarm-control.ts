/** What reaches the person on call, at the simulators, and what they do with it. */
import { type ReceivedMail, readMail } from '../audit/mail.ts';
import { readJson } from '../audit/read-json.ts';
import { onCall } from '../on-call.ts';
import type { Call, Message } from '../twilio/resources.ts';
import type { PublishedEndpoints } from '../world.ts';

/** Notices of one kind of incident, oldest first. */
export interface Told {
  texts: Message[];
  calls: Call[];
  mails: ReceivedMail[];
}

export interface AlarmControl {
  /** What came for `to` whose words match. */
  told(words: RegExp, to?: keyof typeof onCall): Promise<Told>;
  /** Opens the link in an alert twice, as a mail scanner and then the person do, and presses the button. */
  acknowledge(mail: Pick<ReceivedMail, 'text'>): Promise<{ opened: string; pressed: string }>;
}

const link = /Acknowledge it: (?<url>\S+)/u;

async function pageOf(url: string | URL, init?: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  const body = await answer.text();
  if (answer.ok) return body;
  throw new Error(`${new URL(url).pathname} answered ${answer.status}: ${body.slice(0, 200)}`);
}

export function createAlarmControl({ twilio, smtp }: Pick<PublishedEndpoints, 'twilio' | 'smtp'>): AlarmControl {
  const objects = async <T>(type: string) =>
    (await readJson<{ objects: T[] }>(`${twilio}/_sim/objects/${type}`)).objects;
  return {
    told: async (words, to = 'oncall') => {
      const { phone, email } = onCall[to];
      const [texts, calls, mails] = await Promise.all([
        objects<Message>('messages'),
        objects<Call>('calls'),
        readMail(smtp.inbox),
      ]);
      return {
        texts: texts.filter((one) => one.to === phone && words.test(one.body)),
        calls: calls.filter((one) => one.to === phone && words.test(one.instructions)),
        mails: mails.filter((one) => one.to.includes(email) && words.test(one.subject)),
      };
    },
    acknowledge: async ({ text }) => {
      const url = new URL(link.exec(text)?.groups?.['url'] ?? '');
      await pageOf(url);
      const opened = await pageOf(url);
      const body = new URLSearchParams({ token: url.searchParams.get('token') ?? '' });
      const pressed = await pageOf(new URL(url.pathname, url), { method: 'POST', body });
      return { opened, pressed };
    },
  };
}
