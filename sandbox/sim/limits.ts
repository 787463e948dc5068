import { type Static, Type } from 'typebox';

/** What `POST /_sim/limits` takes; `null` switches a limit off. */
export const limitsSpec = Type.Object(
  {
    perSecond: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    concurrent: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    retryAfter: Type.Optional(
      Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description: 'seconds; null sends no Retry-After' }),
    ),
  },
  { additionalProperties: false },
);

export type LimitsSpec = Static<typeof limitsSpec>;
export type Verdict = 'admitted' | 'rate' | 'concurrency';

/** Calls per sliding second of real time and calls at once, for each account. What is refused does not count. */
export class Limits {
  settings: { perSecond: number | null; concurrent: number | null; retryAfter: number | null };
  readonly #now: () => number;
  #admitted = new Map<string, number[]>();
  #running = new Map<string, number>();

  /** `now` in milliseconds. */
  constructor(settings: LimitsSpec = {}, now: () => number = () => performance.now()) {
    this.#now = now;
    this.settings = { perSecond: null, concurrent: null, retryAfter: null, ...settings };
  }

  change(settings: LimitsSpec): void {
    this.settings = { ...this.settings, ...settings };
  }

  /** Counts the call when it is admitted; call `leave` when it ends. */
  enter(account: string): Verdict {
    const now = this.#now();
    const times = (this.#admitted.get(account) ?? []).filter((time) => time > now - 1000);
    this.#admitted.set(account, times);
    const running = this.#running.get(account) ?? 0;
    const { perSecond, concurrent } = this.settings;
    if (concurrent !== null && running >= concurrent) return 'concurrency';
    if (perSecond !== null && times.length >= perSecond) return 'rate';
    times.push(now);
    this.#running.set(account, running + 1);
    return 'admitted';
  }

  leave(account: string): void {
    this.#running.set(account, (this.#running.get(account) ?? 1) - 1);
  }
}
