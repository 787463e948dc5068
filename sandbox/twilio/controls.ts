import { type TSchema, Type } from 'typebox';
import { check, ControlError } from '../sim/check.ts';
import type { ControlHandler } from '../sim/control.ts';
import type { Account, Plan } from './account.ts';
import { isTwilioCode, twilioCodes } from './errors.ts';
import { callPage, inboxPage } from './pages.ts';

const strict = { additionalProperties: false };
const optional = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);
const to = Type.String({ minLength: 1 });

const planSpec = Type.Object(
  {
    to,
    refuse: optional(Type.Integer()),
    message: optional(Type.Enum(['delivered', 'undelivered', 'failed'])),
    call: optional(Type.Enum(['completed', 'busy', 'no-answer', 'failed'])),
    errorCode: optional(Type.Integer()),
    times: optional(Type.Integer({ minimum: 1 })),
  },
  strict,
);
const statusSpec = Type.Object(
  {
    sid: Type.String(),
    status: Type.Enum(['queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed']),
    errorCode: optional(Type.Integer()),
  },
  strict,
);
const callSpec = Type.Object(
  {
    sid: Type.String(),
    status: Type.Enum(['queued', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed']),
  },
  strict,
);
const paceSpec = Type.Object(
  {
    automatic: optional(Type.Boolean()),
    sentMs: optional(Type.Integer({ minimum: 0 })),
    endMs: optional(Type.Integer({ minimum: 0 })),
  },
  strict,
);

function addPlan(account: Account, body: unknown): Plan {
  const { refuse, message, call, ...rest } = check(planSpec, body);
  if (refuse !== undefined && !isTwilioCode(refuse)) {
    throw new ControlError(`refuse is ${refuse}; wanted is one of ${twilioCodes.join(', ')}`);
  }
  const end = { ...(message ? { message } : {}), ...(call ? { call } : {}) };
  const plan: Plan = { ...rest, end, ...(isTwilioCode(refuse) ? { refuse } : {}) };
  account.plans.unshift(plan);
  return plan;
}

function find<T extends { sid: string }>(list: readonly T[], sid: string): T {
  const found = list.find((one) => one.sid === sid);
  if (!found) throw new ControlError(`no '${sid}'`);
  return found;
}

/** The simulator's own control routes, and its pages for people. */
export const twilioControls = (account: Account): Record<string, ControlHandler> => ({
  'GET /_sim/inbox': () => (account.advance(), inboxPage(account)),
  'GET /_sim/inbox/:sid': ({ params }) => callPage(find(account.calls, params['sid'] ?? '')),
  'POST /_sim/plans': ({ body }) => addPlan(account, body),
  'DELETE /_sim/plans': () => ((account.plans = []), { cleared: true }),
  /** The recipient answers STOP, or START again. */
  'POST /_sim/stop': ({ body }) => (account.stopped.add(check(Type.Object({ to }), body).to), { stopped: true }),
  'POST /_sim/start': ({ body }) => (account.stopped.delete(check(Type.Object({ to }), body).to), { stopped: false }),
  'POST /_sim/messages': ({ body }) => {
    const { sid, status, errorCode } = check(statusSpec, body);
    const message = find(account.messages, sid);
    message.steps = [];
    account.moveMessage(message, status, errorCode ?? null);
    return message;
  },
  'POST /_sim/calls': ({ body }) => {
    const { sid, status } = check(callSpec, body);
    const call = find(account.calls, sid);
    call.steps = [];
    account.moveCall(call, status);
    return call;
  },
  'POST /_sim/pace': ({ body }) => (account.pace = { ...account.pace, ...check(paceSpec, body) }),
  'GET /_sim/callbacks': () => ({ callbacks: account.callbacks.list() }),
});
