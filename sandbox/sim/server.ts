import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallEntry, CallLog } from './call-log.ts';
import { type SimClock, createClock } from './clock.ts';
import { type ControlOptions, createControl, type SimState } from './control.ts';
import { type FaultSpec, FaultQueue, isStored } from './faults.ts';
import { Holds } from './holds.ts';
import { type Listening, listen, readBody, type SimAnswer, write } from './http.ts';
import { Limits, type LimitsSpec } from './limits.ts';

/** One call to a simulated provider. */
export interface SimCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
  entry: CallEntry;
  /** The fault that the provider itself plays: `rate_limit`, or a `status` that is stored under the key. */
  fault: FaultSpec | undefined;
  /** To be awaited where the execution begins: a `slow` fault waits here. */
  executing(): Promise<void>;
}

/** What a simulated HTTP provider adds to the common server. */
export interface SimProvider extends Pick<ControlOptions, 'summary' | 'objects' | 'routes'> {
  answer(call: SimCall): Promise<SimAnswer>;
  /** The provider's wording of a 5xx. */
  failure(status: number): SimAnswer;
  idempotencyKey(headers: IncomingMessage['headers']): string | null;
}

/** The provider's own answer, with what happens in front of the provider around it. */
async function answerUnderFault(provider: SimProvider, call: SimCall, fault: FaultSpec | undefined) {
  const inFront = fault?.kind === 'status' && !isStored(fault) ? fault : undefined;
  if (inFront && inFront.after !== true) return provider.failure(inFront.status);
  const answer = await provider.answer(inFront ? { ...call, fault: undefined } : call);
  if (fault?.kind === 'slow' && fault.after === true) await delay(fault.ms);
  return inFront ? provider.failure(inFront.status) : answer;
}

async function deliver(
  { log, holds }: SimState,
  { entry, fault }: { entry: CallEntry; fault: FaultSpec | undefined },
  answer: SimAnswer,
  { response, hungUp }: { response: ServerResponse; hungUp: AbortSignal },
): Promise<void> {
  const held = fault?.kind === 'hold' ? await holds.hold(entry, hungUp) : 'answer';
  if (hungUp.aborted) return log.close(entry, 'abandoned', answer.status);
  if (fault?.kind === 'lose_answer' || held === 'lose') {
    log.close(entry, 'lost', answer.status);
    response.destroy();
    return;
  }
  log.close(entry, 'answered', answer.status);
  write(response, answer);
}

function createHandler(state: SimState, provider: SimProvider) {
  const { log, faults } = state;
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const method = request.method ?? 'GET';
    const idempotencyKey = provider.idempotencyKey(request.headers);
    const entry = log.open({ method, path: url.pathname, idempotencyKey });
    const hangUp = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) hangUp.abort();
    });
    const fault = faults.take({ method, path: url.pathname, idempotencyKey });
    entry.fault = fault?.kind ?? null;
    if (fault?.kind === 'close') {
      log.close(entry, 'closed', null);
      response.destroy();
      return;
    }
    try {
      const body = await readBody(request);
      const executing = async () => {
        if (fault?.kind === 'slow' && fault.after !== true) await delay(fault.ms);
      };
      const { pathname: path, searchParams: query } = url;
      const call: SimCall = { method, path, query, headers: request.headers, body, entry, fault, executing };
      const answer = await answerUnderFault(provider, call, fault);
      await deliver(state, { entry, fault }, answer, { response, hungUp: hangUp.signal });
    } finally {
      log.close(entry, 'abandoned', null);
    }
  };
}

export interface SimServerOptions {
  port?: number;
  host?: string;
  limits?: LimitsSpec;
  /** What the limits' seconds are counted by, in milliseconds; the process's own clock unless given. */
  limitsNow?: () => number;
  clock?: SimClock;
}

export interface SimServer extends Listening {
  state: SimState;
}

export function createState(options: Pick<SimServerOptions, 'limits' | 'limitsNow' | 'clock'> = {}): SimState {
  return {
    log: new CallLog(),
    faults: new FaultQueue(),
    holds: new Holds(),
    clock: options.clock ?? createClock(),
    limits: new Limits(options.limits, options.limitsNow),
  };
}

/** Serves one provider, with call log, faults, limits, clock and the control routes under `/_sim/`. */
export async function createSimServer(
  state: SimState,
  provider: SimProvider,
  options: SimServerOptions,
): Promise<SimServer> {
  const { summary, objects, routes = {} } = provider;
  const control = createControl({ ...state, summary, objects, routes });
  const handle = createHandler(state, provider);
  const listening = await listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://simulator');
    return url.pathname.startsWith('/_sim/') ? control(request, response, url) : handle(request, response, url);
  }, options);
  return { ...listening, state };
}
