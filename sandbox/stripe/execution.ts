import type { SimAnswer } from '../sim/http.ts';
import type { SimCall } from '../sim/server.ts';
import { apiError, lockTimeout, StripeFailure } from './errors.ts';
import { answerBody } from './expand.ts';
import { newRequestId } from './ids.ts';
import type { Prepared } from './route.ts';
import { settleDue } from './due.ts';
import { booksOf, type World } from './world.ts';

export interface Execution {
  prepared: Prepared;
  call: SimCall;
  requestId: string;
  account: string;
  /** The `:id` of the address; empty where it has none. */
  id: string;
  /** The `:inner` of the address; empty where it has none. */
  inner: string;
}

export function failedAnswer({ status, headers, error }: StripeFailure, requestId: string): SimAnswer {
  const logged = { ...error, request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}` };
  return { status, headers, body: JSON.stringify({ error: logged }, null, 2) };
}

/** A failure in front of Stripe's endpoints: no idempotency key knows of it. */
export function failureInFront(status: number): SimAnswer {
  const requestId = newRequestId();
  const answer = failedAnswer(apiError(status, false), requestId);
  return { ...answer, headers: { 'content-type': 'application/json', 'request-id': requestId, ...answer.headers } };
}

function execute(world: World, { prepared, call, requestId, account, id, inner }: Execution): SimAnswer {
  const { path: url, entry, fault } = call;
  const books = booksOf(world, account);
  const origin = { id: requestId, idempotencyKey: entry.idempotencyKey };
  const broken = fault?.kind === 'status' ? failedAnswer(apiError(fault.status, true), requestId) : undefined;
  if (fault?.kind === 'status' && broken && fault.after !== true) return broken;
  try {
    const object = prepared.run({ world, account, books, origin, url, id, inner });
    const body = answerBody(books, prepared.returns, object, prepared.expand);
    return broken ?? { status: 200, headers: {}, body };
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error;
    return broken ?? failedAnswer(error, requestId);
  }
}

/**
 * Executes calls, one at a time for each object: the second call that would change an object under way is told to come
 * again, as Stripe's lock does. What is thrown was not executed.
 */
export function createExecutor(world: World): (execution: Execution) => Promise<SimAnswer> {
  const locked = new Set<string>();
  return async (execution) => {
    const { call, id } = execution;
    const exclusive = call.method === 'POST' && id !== '';
    if (exclusive && locked.has(id)) throw lockTimeout();
    if (exclusive) locked.add(id);
    try {
      await call.executing();
      settleDue(world);
      return execute(world, execution);
    } finally {
      if (exclusive) locked.delete(id);
    }
  };
}
