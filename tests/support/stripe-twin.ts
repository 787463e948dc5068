/** Calls that change something as Stripe takes them: keys that keep their first answer, and faults on demand. */
import { ProviderFault, type FaultClass } from '../../contracts/provider-fault.ts';

export type Fault =
  /** The effect happens, the answer does not arrive. */
  | 'lost'
  /** No effect, no answer. */
  | 'dropped'
  /** 500 without effect, stored under the key. */
  | 'stored 500'
  /** 500 after the effect, stored under the key. */
  | 'late 500'
  /** The effect comes so many milliseconds later; the caller's time-out ends first or last. */
  | { effectAfterMs: number }
  | { kind: FaultClass; code: string; retryAfterMs?: number };

export interface Call {
  name: string;
  key?: string;
  at: number;
}

/** Of an effect: the object's id, or a "no" that is kept under the key as well. */
export type Answer = { id: string } | ProviderFault;

export const requestTimeoutMs = 20_000;

export const faultOf = (kind: FaultClass, code: string, facts: Record<string, boolean> = {}, retryAfterMs?: number) =>
  new ProviderFault({ provider: 'stripe', kind, code, message: code, facts, retryAfterMs });

/** `read` answers the object as it is now. */
export function createKeyedCalls<T>(read: (id: string) => T) {
  const keys = new Map<string, Answer>();
  const underWay = new Set<string>();
  const faults = new Map<string, Fault[]>();
  const calls: Call[] = [];

  const answered = (answer: Answer, replayed: boolean): T => {
    if (!(answer instanceof ProviderFault)) return read(answer.id);
    throw replayed ? faultOf(answer.kind, answer.code, { replayed }) : answer;
  };

  /** What the provider does with a request under its key, once. */
  function perform(key: string, effect: () => Answer): T {
    const known = keys.get(key);
    if (known) return answered(known, true);
    const answer = effect();
    keys.set(key, answer);
    return answered(answer, false);
  }

  async function request(name: string, key: string, effect: () => Answer): Promise<T> {
    calls.push({ name, key, at: Date.now() });
    if (underWay.has(key)) throw faultOf('busy', 'idempotency_key_in_use');
    const fault = keys.has(key) ? undefined : faults.get(name)?.shift();
    if (fault === undefined) return perform(key, effect);
    if (fault === 'stored 500') return perform(key, () => faultOf('unknown', 'api_error'));
    if (fault === 'late 500') {
      effect();
      return perform(key, () => faultOf('unknown', 'api_error'));
    }
    if (typeof fault === 'object' && 'kind' in fault) throw faultOf(fault.kind, fault.code, {}, fault.retryAfterMs);
    if (fault === 'lost') perform(key, effect);
    if (typeof fault === 'object') {
      underWay.add(key);
      setTimeout(() => {
        underWay.delete(key);
        keys.set(key, effect());
      }, fault.effectAfterMs);
      await new Promise((resolve) => setTimeout(resolve, requestTimeoutMs));
    }
    throw faultOf('unknown', 'ETIMEDOUT');
  }

  return {
    request,
    calls,
    /** A call without a key: it only looks. */
    looked: (name: string) => void calls.push({ name, at: Date.now() }),
    fail: (name: string, ...next: Fault[]) => void faults.set(name, [...(faults.get(name) ?? []), ...next]),
    /** Stripe may after 24 hours. */
    forgetKeys: () => keys.clear(),
    keysOf: (name: string) => calls.flatMap((call) => (call.name === name && call.key ? [call.key] : [])),
  };
}

/** One page of two, newest first: what tests need to see that all pages are read. */
export function pageOf<T>(oldestFirst: readonly T[], idOf: (object: T) => string, after: string | undefined) {
  const newest = oldestFirst.toReversed();
  const start = after === undefined ? 0 : newest.findIndex((object) => idOf(object) === after) + 1;
  const page = newest.slice(start, start + 2);
  const last = page.at(-1);
  return { page, ...(newest.length > start + 2 && last ? { next: idOf(last) } : {}) };
}
