import { type Static, Type } from 'typebox';

const match = Type.Object(
  {
    method: Type.Optional(Type.String({ description: 'HTTP method, or the SMTP command' })),
    path: Type.Optional(Type.String({ description: 'the path begins with this' })),
    pathRegex: Type.Optional(Type.String()),
    keyRegex: Type.Optional(Type.String({ description: 'on the idempotency key' })),
    nth: Type.Optional(Type.Integer({ minimum: 1, description: 'from the nth matching call on' })),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    seed: Type.Optional(Type.Integer({ description: 'of the dice of `probability`; 1 unless given' })),
  },
  { additionalProperties: false },
);

const common = {
  match: Type.Optional(match),
  times: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1 }), Type.Literal('forever')], { description: '1 unless given' }),
  ),
};
const strict = { additionalProperties: false };
const flag = Type.Optional(Type.Boolean());

/** What `POST /_sim/faults` takes, by `kind`. */
export const faultSpecs = {
  /** The effect happens, then the connection is destroyed. */
  lose_answer: Type.Object({ ...common, kind: Type.Literal('lose_answer') }, strict),
  /** The connection is destroyed before anything is done. */
  close: Type.Object({ ...common, kind: Type.Literal('close') }, strict),
  /** The effect happens, the answer waits for `POST /_sim/release`. */
  hold: Type.Object({ ...common, kind: Type.Literal('hold') }, strict),
  /** Waits before the effect, or before the answer with `after`. */
  slow: Type.Object({ ...common, kind: Type.Literal('slow'), ms: Type.Integer({ minimum: 0 }), after: flag }, strict),
  /**
   * A failure before the effect, or after it with `after`. `stored`: it happened inside the endpoint, so a provider
   * with idempotency keys keeps it under the key; that is the default for 500. Otherwise (502, 503 …) it happened in
   * front of the provider, which knows nothing of it.
   */
  status: Type.Object(
    {
      ...common,
      kind: Type.Literal('status'),
      status: Type.Integer({ minimum: 400, maximum: 599 }),
      after: flag,
      stored: flag,
    },
    strict,
  ),
  /** Refused before anything else is looked at; `retryAfter` in seconds. */
  rate_limit: Type.Object(
    {
      ...common,
      kind: Type.Literal('rate_limit'),
      retryAfter: Type.Optional(Type.Number({ minimum: 0 })),
      code: Type.Optional(Type.Union([Type.Literal('rate_limit'), Type.Literal('lock_timeout')])),
    },
    strict,
  ),
};

export type FaultSpec = {
  [Kind in keyof typeof faultSpecs]: Static<(typeof faultSpecs)[Kind]>;
}[keyof typeof faultSpecs];
export type FaultKind = FaultSpec['kind'];

export type FaultRule = { id: number; seen: number; applied: number } & FaultSpec;

interface Target {
  method: string;
  path: string;
  idempotencyKey: string | null;
}

/** A small seeded generator (mulberry32), so that a run with faults by chance can be repeated. */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function matches(spec: FaultSpec, target: Target): boolean {
  const { method, path, pathRegex, keyRegex } = spec.match ?? {};
  const [onPath, onKey] = [pathRegex, keyRegex].map((source) => (source === undefined ? null : new RegExp(source)));
  if (method !== undefined && method.toUpperCase() !== target.method.toUpperCase()) return false;
  if (path !== undefined && !target.path.startsWith(path)) return false;
  return (onPath?.test(target.path) ?? true) && (onKey?.test(target.idempotencyKey ?? '') ?? true);
}

/** The faults to come, in the order they were given; a call takes the first that fits, and only that one. */
export class FaultQueue {
  #rules: FaultRule[] = [];
  #dice = new Map<number, () => number>();
  #nextId = 1;

  /** @throws SyntaxError when a regular expression of the match is not one. */
  add(spec: FaultSpec): FaultRule {
    matches(spec, { method: '', path: '', idempotencyKey: null });
    const rule: FaultRule = { id: this.#nextId, seen: 0, applied: 0, ...spec };
    this.#nextId += 1;
    this.#rules.push(rule);
    this.#dice.set(rule.id, dice(spec.match?.seed ?? 1));
    return rule;
  }

  take(target: Target): FaultSpec | undefined {
    for (const rule of this.#rules) {
      const spent = rule.times !== 'forever' && rule.applied >= (rule.times ?? 1);
      if (spent || !matches(rule, target)) continue;
      rule.seen += 1;
      if (rule.seen < (rule.match?.nth ?? 1)) continue;
      const probability = rule.match?.probability;
      if (probability !== undefined && (this.#dice.get(rule.id)?.() ?? 1) >= probability) continue;
      rule.applied += 1;
      return rule;
    }
    return undefined;
  }

  list(): FaultRule[] {
    return this.#rules;
  }

  clear(id?: number): void {
    this.#rules = id === undefined ? [] : this.#rules.filter((rule) => rule.id !== id);
  }
}

/** Whether a `status` fault happens inside the endpoint, where an idempotency key remembers it. */
export function isStored(fault: FaultSpec): boolean {
  return fault.kind === 'status' && (fault.stored ?? fault.status === 500);
}
