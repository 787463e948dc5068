import { json, type SimAnswer } from '../sim/http.ts';
import type { Account, Plan } from './account.ts';
import { TwilioError, type TwilioCode } from './errors.ts';
import { pageOf, withinDates } from './lists.ts';
import { type Message, messageJson, type MessageStatus, newSid, type Step } from './resources.ts';

export const e164 = /^\+[1-9]\d{6,14}$/;
const longestBody = 1_600;

/** Twilio's own test numbers; what each answers is documented under "Test credentials". */
const magicTo: Readonly<Record<string, TwilioCode>> = {
  '+15005550001': 21211,
  '+15005550002': 21612,
  '+15005550003': 21408,
  '+15005550004': 21610,
  '+15005550009': 21614,
};
const magicFrom: Readonly<Record<string, TwilioCode>> = {
  '+15005550001': 21212,
  '+15005550007': 21606,
  '+15005550008': 21611,
};

function senderOf(account: Account, form: URLSearchParams): { from: string; service: string | null } {
  const service = form.get('MessagingServiceSid');
  const from = form.get('From') ?? (service === null ? null : (account.numbers[0] ?? null));
  if (from === null) throw new TwilioError(21603);
  const refused = magicFrom[from];
  if (refused) throw new TwilioError(refused, from);
  if (!account.numbers.includes(from)) throw new TwilioError(21606, from);
  return { from, service };
}

function stepsOf({ pace, clock }: Account, plan: Plan | undefined): Step<MessageStatus>[] {
  if (!pace.automatic) return [];
  const now = clock.now();
  const end = plan?.end?.message ?? 'delivered';
  const ends = { at: now + pace.endMs, status: end };
  return end === 'failed' ? [ends] : [{ at: now + pace.sentMs, status: 'sent' }, ends];
}

export function createMessage(account: Account, form: URLSearchParams): SimAnswer {
  const to = form.get('To');
  const body = form.get('Body');
  if (!to) throw new TwilioError(21604);
  const { from, service } = senderOf(account, form);
  if (!body) throw new TwilioError(21602);
  if (body.length > longestBody) throw new TwilioError(21617);
  const magic = magicTo[to];
  if (magic) throw new TwilioError(magic, to);
  if (!e164.test(to)) throw new TwilioError(21211, to);
  if (account.stopped.has(to)) throw new TwilioError(21610);
  const plan = account.planFor(to);
  if (plan?.refuse) throw new TwilioError(plan.refuse, to);
  const now = account.clock.now();
  const message: Message = {
    sid: newSid('SM'),
    from,
    to,
    body,
    messagingServiceSid: service,
    status: 'queued',
    createdAt: now,
    updatedAt: now,
    sentAt: null,
    errorCode: plan?.errorCode ?? null,
    steps: stepsOf(account, plan),
    statusCallback: form.get('StatusCallback'),
  };
  account.messages.push(message);
  return json(201, messageJson(account.sid, message));
}

export function fetchMessage(account: Account, sid: string): SimAnswer {
  const message = account.messages.find((one) => one.sid === sid);
  if (!message) throw new TwilioError(20404, sid);
  return json(200, messageJson(account.sid, message));
}

export function listMessages(account: Account, query: URLSearchParams): SimAnswer {
  const [to, from] = [query.get('To'), query.get('From')];
  const found = account.messages
    .filter((one) => (to === null || one.to === to) && (from === null || one.from === from))
    .filter((one) => withinDates(query, 'DateSent', one.sentAt))
    .toReversed();
  const write = (one: Message) => messageJson(account.sid, one);
  return pageOf({ accountSid: account.sid, name: 'Messages', found, write }, query);
}
