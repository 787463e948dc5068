import { Stripe } from 'stripe';
import type { SimAnswer } from '../sim/http.ts';
import type { Limits } from '../sim/limits.ts';
import type { SimCall } from '../sim/server.ts';
import { authenticate, checkVersion } from './auth.ts';
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
  secretKey: string;
}

interface Request {
  call: SimCall;
  requestId: string;
  account: string;
  form: FormHash;
}

/** What the log shows of the parameters: all but the customer's address. */
function summaryOf({ receipt_email, ...rest }: FormHash): Record<string, unknown> {
  return receipt_email === undefined ? { ...rest } : { ...rest, receipt_email: '[personal]' };
}

function refuseUnderFault({ fault }: SimCall, limits: Limits): void {
  if (fault?.kind !== 'rate_limit') return;
  const wait = fault.retryAfter ?? limits.settings.retryAfter;
  throw fault.code === 'lock_timeout' ? lockTimeout(wait) : rateLimited('global-rate', wait);
}

/** From the authorization header to the answer, in Stripe's order: key, limits, idempotency, parameters, effect. */
export function createPipeline({ world, keys, limits, secretKey }: PipelineOptions) {
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
    const id = found.params['id'] ?? '';
    const key = call.method === 'POST' ? call.entry.idempotencyKey : null;
    if (key === null) return execute({ prepared: found.value.prepare(form), call, requestId, id });

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
      record.answer = await execute({ prepared, call, requestId, id });
      return { ...record.answer, headers: { ...record.answer.headers, 'original-request': requestId } };
    } catch (error) {
      keys.abandon(record);
      throw error;
    }
  }

  async function admitted(call: SimCall, requestId: string): Promise<SimAnswer> {
    const account = authenticate(call, secretKey);
    call.entry.account = account;
    refuseUnderFault(call, limits);
    const verdict = limits.enter(account);
    if (verdict !== 'admitted') throw rateLimited(`global-${verdict}`, limits.settings.retryAfter);
    try {
      checkVersion(call);
      const form = parseForm(call.method === 'GET' ? call.query.toString() : call.body);
      call.entry.params = summaryOf(form);
      return await routed({ call, requestId, account, form });
    } finally {
      limits.leave(account);
    }
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
