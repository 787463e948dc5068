import { Stripe } from 'stripe';
import type { SimAnswer } from '../sim/http.ts';
import type { Limits } from '../sim/limits.ts';
import type { SimCall } from '../sim/server.ts';
import { authenticate, checkVersion, platformAccount } from './auth.ts';
import { invalidRequest, lockTimeout, rateLimited, StripeFailure } from './errors.ts';
import { createExecutor, failedAnswer } from './execution.ts';
import { canonicalForm, type FormHash, parseForm } from './form.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { newRequestId } from './ids.ts';
import { createRouter } from './routes.ts';
import type { World } from './world.ts';

export interface PipelineOptions {
  world: World;
  keys: IdempotencyKeys;
  limits: Limits;
  /** Of the calls that create payouts, on top of `limits`. */
  payoutLimits: Limits;
  secretKey: string;
}

interface Request {
  call: SimCall;
  requestId: string;
  account: string;
  form: FormHash;
}

const personal = new Set(['receipt_email', 'evidence']);

/** What the log shows of the parameters: all but what is about the customer. */
function summaryOf(form: FormHash): Record<string, unknown> {
  const shown = Object.entries(form).map(([name, value]) => [name, personal.has(name) ? '[personal]' : value]);
  return Object.fromEntries(shown);
}

function refuseUnderFault({ fault }: SimCall, limits: Limits): void {
  if (fault?.kind !== 'rate_limit') return;
  const wait = fault.retryAfter ?? limits.settings.retryAfter;
  throw fault.code === 'lock_timeout' ? lockTimeout(wait) : rateLimited('global-rate', wait);
}

async function within(
  { gate, scope }: { gate: Limits; scope: 'global' | 'endpoint' },
  account: string,
  run: () => Promise<SimAnswer>,
): Promise<SimAnswer> {
  const verdict = gate.enter(account);
  if (verdict !== 'admitted') throw rateLimited(`${scope}-${verdict}`, gate.settings.retryAfter);
  try {
    return await run();
  } finally {
    gate.leave(account);
  }
}

/** From the authorization header to the answer, in Stripe's order: key, limits, idempotency, parameters, effect. */
export function createPipeline({ world, keys, limits, payoutLimits, secretKey }: PipelineOptions) {
  const router = createRouter();
  const execute = createExecutor(world);

  async function routed({ call, account, requestId, form }: Request): Promise<SimAnswer> {
    const found = router.find(call.method, call.path);
    if (!found) {
      throw invalidRequest(
        `Unrecognized request URL (${call.method}: ${call.path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
        {},
        404,
      );
    }
    if (account !== platformAccount && found.value.anyAccount !== true) {
      throw invalidRequest(`The simulator has no ${call.method} ${call.path} on behalf of a connected account.`);
    }
    const { id = '', inner = '' } = found.params;
    const execution = { call, requestId, account, id, inner };
    const key = call.method === 'POST' ? call.entry.idempotencyKey : null;
    if (key === null) return execute({ ...execution, prepared: found.value.prepare(form) });

    const asked = { key, account, path: call.path, parameters: canonicalForm(form), requestId };
    const earlier = keys.find(asked);
    if (earlier?.answer) {
      call.entry.replayed = true;
      const { answer, requestId: original } = earlier;
      return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true', 'original-request': original } };
    }
    const prepared = found.value.prepare(form);
    const record = keys.begin(asked);
    try {
      record.answer = await execute({ ...execution, prepared });
      return { ...record.answer, headers: { ...record.answer.headers, 'original-request': requestId } };
    } catch (error) {
      keys.abandon(record);
      throw error;
    }
  }

  async function admitted(call: SimCall, requestId: string): Promise<SimAnswer> {
    const account = authenticate(call, { secretKey, has: (id) => world.accounts.has(id) });
    call.entry.account = account;
    refuseUnderFault(call, limits);
    return await within({ gate: limits, scope: 'global' }, account, async () => {
      checkVersion(call);
      const form = parseForm(call.method === 'GET' ? call.query.toString() : call.body);
      call.entry.params = summaryOf(form);
      const answer = () => routed({ call, requestId, account, form });
      const paysOut = call.method === 'POST' && call.path === '/v1/payouts';
      return paysOut ? await within({ gate: payoutLimits, scope: 'endpoint' }, account, answer) : await answer();
    });
  }

  return async (call: SimCall): Promise<SimAnswer> => {
    const requestId = newRequestId();
    let answer: SimAnswer;
    try {
      answer = await admitted(call, requestId);
    } catch (error) {
      if (!(error instanceof StripeFailure)) throw error;
      answer = failedAnswer(error, requestId);
    }
    const { idempotencyKey } = call.entry;
    const version = call.headers['stripe-version'];
    const common = {
      'content-type': 'application/json',
      'request-id': requestId,
      'stripe-version': typeof version === 'string' ? version : Stripe.API_VERSION,
      ...(idempotencyKey === null || call.method !== 'POST' ? {} : { 'idempotency-key': idempotencyKey }),
    };
    return { ...answer, headers: { ...common, ...answer.headers } };
  };
}
