/** Twilio's API: login, limits, then the resource. */
import type { SimAnswer } from '../sim/http.ts';
import type { Limits } from '../sim/limits.ts';
import { Router } from '../sim/router.ts';
import type { SimCall } from '../sim/server.ts';
import type { Account } from './account.ts';
import { createCall, fetchCall, listCalls } from './calls.ts';
import { errorAnswer, TwilioError } from './errors.ts';
import { createMessage, fetchMessage, listMessages } from './messages.ts';
import { apiVersion, newSid } from './resources.ts';

type Handler = (account: Account, call: { form: URLSearchParams; query: URLSearchParams; sid: string }) => SimAnswer;

const base = `/${apiVersion}/Accounts/:account`;
const routes: Readonly<Record<string, Handler>> = {
  [`POST ${base}/Messages.json`]: (account, { form }) => createMessage(account, form),
  [`GET ${base}/Messages.json`]: (account, { query }) => listMessages(account, query),
  [`GET ${base}/Messages/:sid`]: (account, { sid }) => fetchMessage(account, sid),
  [`POST ${base}/Calls.json`]: (account, { form }) => createCall(account, form),
  [`GET ${base}/Calls.json`]: (account, { query }) => listCalls(account, query),
  [`GET ${base}/Calls/:sid`]: (account, { sid }) => fetchCall(account, sid),
};

function loginOf(header: string | undefined): { user: string; password: string } | undefined {
  const [scheme, value = ''] = (header ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const [user = '', ...rest] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { user, password: rest.join(':') };
}

const tooMany = (seconds: number | null | undefined) =>
  errorAnswer(
    new TwilioError(20429),
    seconds === null || seconds === undefined ? {} : { 'retry-after': String(seconds) },
  );

export function createApi(account: Account, limits: Limits): (call: SimCall) => Promise<SimAnswer> {
  const router = new Router<Handler>();
  for (const [route, handler] of Object.entries(routes)) {
    const [method = '', pattern = ''] = route.split(' ');
    router.add(method, pattern, handler);
  }
  function execute({ method, path, body, query, headers, fault }: SimCall): SimAnswer {
    const login = loginOf(headers.authorization);
    if (login?.user !== account.sid || login.password !== account.token) throw new TwilioError(20003);
    const found = router.find(method, path);
    if (!found || found.params['account'] !== account.sid) throw new TwilioError(20404, path);
    if (fault?.kind === 'status' && fault.after !== true) throw new TwilioError(20500);
    const sid = (found.params['sid'] ?? '').replace(/\.json$/, '');
    account.advance();
    const answer = found.value(account, { form: new URLSearchParams(body), query, sid });
    if (fault?.kind === 'status') throw new TwilioError(20500);
    return answer;
  }

  return async (call) => {
    const { fault, entry } = call;
    const request = { 'twilio-request-id': newSid('RQ') };
    entry.account = account.sid;
    entry.params = Object.fromEntries(new URLSearchParams(call.body));
    if (fault?.kind === 'rate_limit') return tooMany(fault.retryAfter);
    if (limits.enter(account.sid) !== 'admitted') return tooMany(limits.settings.retryAfter);
    try {
      await call.executing();
      const answer = execute(call);
      return { ...answer, headers: { ...answer.headers, ...request } };
    } catch (error) {
      if (error instanceof TwilioError) return errorAnswer(error, request);
      throw error;
    } finally {
      limits.leave(account.sid);
    }
  };
}
