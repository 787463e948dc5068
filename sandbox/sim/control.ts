import type { IncomingMessage, ServerResponse } from 'node:http';
import { Type } from 'typebox';
import type { CallLog } from './call-log.ts';
import { check, checkFault, ControlError } from './check.ts';
import type { SimClock } from './clock.ts';
import type { FaultQueue } from './faults.ts';
import type { Holds } from './holds.ts';
import { json, readBody, type SimAnswer, write } from './http.ts';
import { type Limits, limitsSpec } from './limits.ts';
import { Router } from './router.ts';

export interface ControlCall {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
}

/** Returns what is answered as JSON, or a whole answer. Throws {@link ControlError} for what is wrong. */
export type ControlHandler = (call: ControlCall) => unknown;

/** What every simulator has under `/_sim/`. */
export interface SimState {
  log: CallLog;
  faults: FaultQueue;
  holds: Holds;
  clock: SimClock;
  limits: Limits;
}

export interface ControlOptions extends SimState {
  /** `GET /_sim/summary`. */
  summary: () => unknown;
  /** `GET /_sim/objects/:type`, by type. */
  objects: Record<string, () => unknown[]>;
  /** The simulator's own control routes, e.g. `{'POST /_sim/webhooks': …}`. */
  routes?: Record<string, ControlHandler>;
}

const clockSpec = Type.Object(
  {
    now: Type.Optional(Type.Union([Type.Number(), Type.String()])),
    advance: Type.Optional(Type.Number()),
    reset: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const releaseSpec = Type.Object(
  { seq: Type.Optional(Type.Integer()), lose: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

/** `{now: epoch milliseconds or ISO date}`, `{advance: milliseconds}` or `{reset: true}`. */
function moveClock(clock: SimClock, body: unknown): { now: number; iso: string } {
  const { now, advance, reset } = check(clockSpec, body);
  if (reset === true) clock.reset();
  if (now !== undefined) {
    const at = typeof now === 'number' ? now : Date.parse(now);
    if (Number.isNaN(at)) throw new ControlError(`now is ${String(now)}; wanted are epoch milliseconds or an ISO date`);
    clock.set(at);
  }
  if (advance !== undefined) clock.advance(advance);
  return { now: clock.now(), iso: new Date(clock.now()).toISOString() };
}

const number = (text: string | null | undefined): number | undefined => (text ? Number(text) : undefined);

function standardRoutes({ log, faults, holds, clock, limits, summary, objects }: ControlOptions) {
  return {
    'GET /_sim/log': ({ query }) => ({
      calls: log.list({
        since: number(query.get('since')) ?? 0,
        ...(query.has('state') ? { state: query.get('state') ?? '' } : {}),
      }),
    }),
    'DELETE /_sim/log': () => (log.clear(), { cleared: true }),
    'POST /_sim/faults': ({ body }) => faults.add(checkFault(body)),
    'GET /_sim/faults': () => ({ faults: faults.list() }),
    'DELETE /_sim/faults': () => (faults.clear(), { cleared: true }),
    'DELETE /_sim/faults/:id': ({ params }) => (faults.clear(number(params['id'])), { cleared: true }),
    'GET /_sim/held': async ({ query }) => ({ calls: await holds.waitFor(number(query.get('waitMs')) ?? 0) }),
    'POST /_sim/release': ({ body }) => {
      const { seq, lose } = check(releaseSpec, body);
      return { released: holds.release(lose === true ? 'lose' : 'answer', seq) };
    },
    'GET /_sim/clock': () => ({ now: clock.now(), iso: new Date(clock.now()).toISOString() }),
    'POST /_sim/clock': ({ body }) => moveClock(clock, body),
    'GET /_sim/limits': () => limits.settings,
    'POST /_sim/limits': ({ body }) => (limits.change(check(limitsSpec, body)), limits.settings),
    'GET /_sim/summary': () => summary(),
    'GET /_sim/objects/:type': ({ params }) => {
      const list = objects[params['type'] ?? ''];
      if (!list) throw new ControlError(`no objects '${params['type']}'; there are ${Object.keys(objects).join(', ')}`);
      return { objects: list() };
    },
  } satisfies Record<string, ControlHandler>;
}

const isAnswer = (value: unknown): value is SimAnswer =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value;

function parse(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlError('the body is not JSON');
  }
}

/** Handles the calls that steer a simulator. They are never logged, faulted or limited. */
export function createControl(options: ControlOptions) {
  const router = new Router<ControlHandler>();
  for (const [route, handler] of Object.entries({ ...standardRoutes(options), ...options.routes })) {
    const [method = '', pattern = ''] = route.split(' ');
    router.add(method, pattern, handler);
  }
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const found = router.find(request.method ?? 'GET', url.pathname);
    if (!found) return write(response, json(404, { error: `no control route ${request.method} ${url.pathname}` }));
    try {
      const body = parse(await readBody(request));
      const result = await found.value({ params: found.params, query: url.searchParams, body });
      return write(response, isAnswer(result) ? result : json(200, result));
    } catch (error) {
      if (!(error instanceof ControlError || error instanceof SyntaxError)) throw error;
      return write(response, json(400, { error: error.message }));
    }
  };
}
