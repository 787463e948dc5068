import { json, type SimAnswer } from '../sim/http.ts';
import type { Account, Plan } from './account.ts';
import { TwilioError } from './errors.ts';
import { pageOf } from './lists.ts';
import { e164 } from './messages.ts';
import { type Call, callJson, type CallStatus, newSid, type Step } from './resources.ts';

function stepsOf({ pace, clock }: Account, plan: Plan | undefined): Step<CallStatus>[] {
  if (!pace.automatic) return [];
  const now = clock.now();
  const end = plan?.end?.call ?? 'completed';
  const ringing = { at: now + pace.sentMs, status: 'ringing' } as const;
  const answered = { at: now + pace.sentMs, status: 'in-progress' } as const;
  return [ringing, ...(end === 'completed' ? [answered] : []), { at: now + pace.endMs, status: end }];
}

export function createCall(account: Account, form: URLSearchParams): SimAnswer {
  const [to, from] = [form.get('To'), form.get('From')];
  const instructions = form.get('Twiml') ?? form.get('Url') ?? form.get('ApplicationSid');
  if (!to) throw new TwilioError(21201);
  if (!from) throw new TwilioError(21603);
  if (!account.numbers.includes(from)) throw new TwilioError(21212, from);
  if (!instructions) throw new TwilioError(21205);
  if (!e164.test(to) || to === '+15005550001') throw new TwilioError(21211, to);
  const plan = account.planFor(to);
  if (plan?.refuse) throw new TwilioError(plan.refuse, to);
  const now = account.clock.now();
  const call: Call = {
    sid: newSid('CA'),
    from,
    to,
    instructions,
    status: 'queued',
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    endedAt: null,
    errorCode: null,
    steps: stepsOf(account, plan),
    statusCallback: form.get('StatusCallback'),
  };
  account.calls.push(call);
  return json(201, callJson(account.sid, call));
}

export function fetchCall(account: Account, sid: string): SimAnswer {
  const call = account.calls.find((one) => one.sid === sid);
  if (!call) throw new TwilioError(20404, sid);
  return json(200, callJson(account.sid, call));
}

export function listCalls(account: Account, query: URLSearchParams): SimAnswer {
  const [to, status] = [query.get('To'), query.get('Status')];
  const found = account.calls
    .filter((one) => (to === null || one.to === to) && (status === null || one.status === status))
    .toReversed();
  return pageOf({ accountSid: account.sid, name: 'Calls', found, write: (one) => callJson(account.sid, one) }, query);
}
