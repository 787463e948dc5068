/**
 * The rules of a lane for one process, as plain data and time passed in: the same as pace-script.ts has them for all
 * processes, and a test holds the two against each other.
 */
import { limitsUnder, untouched, type LaneSettings } from '../contracts/lane-control.ts';
import { endpointLimit, type LaneLimits } from '../contracts/lane-limits.ts';
import {
  type Answer,
  climbMs,
  coldMs,
  type Ended,
  type Granted,
  horizonMs,
  lateMs,
  marginMs,
  unknownCalls,
  unknownLateMs,
} from './pace.ts';

const lowestFactor = 0.1;
/** Grants that start within this are made together. Milliseconds. */
const togetherMs = 2;

export interface StateAsk {
  token: string;
  endpoint?: string | undefined;
  want: number;
  leadMs: number;
}

type Later = Extract<Answer, { kind: 'later' }>;

/** At most so many calls in any window of so many milliseconds. */
function windowOf(perSecond: number): [calls: number, windowMs: number] {
  return perSecond >= 1 ? [Math.floor(perSecond), 1_000 + marginMs] : [1, 1_000 / perSecond + marginMs];
}

/** Moments in order of time, each with the token that has it. */
class Ring {
  #held: { token: string; at: number }[] = [];

  get last(): number | undefined {
    return this.#held.at(-1)?.at;
  }

  /**
   * The first moment from `from` on that keeps every window: half of an even distance after the last one, so that calls do
   * not leave in a heap and arrive who knows when, and a window after the calls-th last.
   */
  next(calls: number, windowMs: number, from: number): number {
    const { last } = this;
    if (last === undefined) return from;
    const nth = this.#held.at(-calls);
    return Math.max(
      from,
      calls > 1 ? last + windowMs / (2 * calls) : 0,
      this.#held.length >= calls && nth ? nth.at + windowMs : 0,
    );
  }

  add(token: string, at: number): void {
    let index = this.#held.length;
    while (index > 0 && this.#held[index - 1]!.at > at) index -= 1;
    this.#held.splice(index, 0, { token, at });
  }

  remove(token: string): void {
    this.#held = this.#held.filter((other) => other.token !== token);
  }

  forget(before: number): void {
    const first = this.#held.findIndex(({ at }) => at > before);
    this.#held = first === -1 ? [] : this.#held.slice(first);
  }

  at(token: string): number | undefined {
    return this.#held.find((other) => other.token === token)?.at;
  }

  /** How many come after it; undefined when it is not there any more. */
  after(token: string): number | undefined {
    const index = this.#held.findIndex((other) => other.token === token);
    return index === -1 ? undefined : this.#held.length - 1 - index;
  }

  between(after: number, until: number): number {
    return this.#held.filter(({ at }) => at > after && at <= until).length;
  }
}

export class LaneState {
  readonly #configured: LaneLimits;
  readonly #leaseMs: number;
  #settings: LaneSettings = untouched;
  readonly #ring = new Ring();
  readonly #endpoints = new Map<string, Ring>();
  /** Moments given back unused. */
  #holes: { token: string; at: number }[] = [];
  /** Token → end of its lease. */
  readonly #slots = new Map<string, number>();
  #blockedUntil = 0;
  #factor = 1;
  #factorAt = 0;
  #slowedAt = 0;
  #latency: { seen: number; fast: number; slow: number } | undefined;
  /** Of a bucket: when it will be full again. */
  #fullAt = 0;
  #granted = 0;

  /** Without a lease, slots are held until they are given back: the holder cannot die alone. */
  constructor(configured: LaneLimits, lease = Infinity) {
    this.#configured = configured;
    this.#leaseMs = lease;
  }

  get settings(): LaneSettings {
    return this.#settings;
  }

  /** It cannot be known what was sent before: closed until none of it counts any more. */
  forgot(now: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, now + coldMs);
    const { perSecond, burst } = this.#limits();
    // The provider's bucket may be empty.
    this.#fullAt = now + (burst * 1_000) / perSecond;
  }

  apply(now: number, settings: LaneSettings, reset: boolean): void {
    if (settings.revision < this.#settings.revision) return;
    this.#settings = settings;
    if (!reset) return;
    this.#blockedUntil = 0;
    this.#factor = 1;
    this.#factorAt = now;
    this.#slowedAt = 0;
    this.#latency = undefined;
  }

  ask(now: number, { token, endpoint, want, leadMs }: StateAsk): Answer {
    if (this.#settings.stopped) return later('stopped', Infinity);
    if (this.#blockedUntil - now > horizonMs) return later('closed', this.#blockedUntil - horizonMs / 2);
    const from = Math.max(now + leadMs, this.#blockedUntil);
    const most = Math.min(want, this.#free(now));
    if (most <= 0)
      return later(
        'slots',
        Math.max(now + 20, Math.min(now + 500, ...(this.#slots.size > 0 ? this.#slots.values() : [now]))),
      );

    const { perSecond, bucket, burst } = this.#limits();
    const rate = perSecond * this.#share(now);
    const [calls, windowMs] = windowOf(rate);
    const paced = Number.isFinite(perSecond);
    const burstMs = ((burst - 1) * 1_000) / rate;
    if (paced && !bucket) this.#ring.forget(now - windowMs);
    const own = endpoint === undefined ? undefined : this.#endpoint(now, endpoint);

    let latest = now + horizonMs + leadMs;
    const grants: Granted[] = [];
    let refused: Later | undefined;
    while (grants.length < most) {
      const first = grants[0];
      // More than one only where they start together, or before another question could be answered.
      if (first) latest = first.at + Math.max(togetherMs, leadMs);
      let moment = this.#blockedUntil > now + leadMs ? this.#blockedUntil : 0;
      if (paced) {
        moment =
          (bucket || own ? undefined : this.#fromHole(from, latest, calls)) ??
          (bucket ? Math.max(from, this.#fullAt - burstMs) : this.#ring.next(calls, windowMs, from));
        if (moment > latest) {
          refused = later('rate', moment - horizonMs);
          break;
        }
        const ownMoment = own?.ring.next(...own.window, from);
        // Whoever waits for an endpoint must not hold up the others of the lane.
        if (ownMoment !== undefined && ownMoment > moment + 5) {
          refused = later('endpoint', ownMoment - leadMs);
          break;
        }
        moment = Math.max(moment, ownMoment ?? 0);
      } else if (own) {
        moment = own.ring.next(...own.window, from);
        if (moment > latest) {
          refused = later('endpoint', moment - horizonMs);
          break;
        }
      }
      const granted = { token: `${token}.${grants.length}`, at: moment };
      if (paced && bucket) this.#fullAt = Math.max(this.#fullAt, moment) + 1_000 / rate;
      else if (paced) this.#ring.add(granted.token, moment);
      own?.ring.add(granted.token, moment);
      this.#slots.set(granted.token, now + this.#leaseMs);
      grants.push(granted);
    }
    if (grants.length === 0 && refused) return { ...refused, at: Math.max(now + 1, refused.at) };
    this.#granted += grants.length;
    return { kind: 'granted', grants };
  }

  end(now: number, { token, unused, tookMs, leftMs = 0 }: Ended): void {
    const had = this.#slots.delete(token);
    if (unused && this.#limits().bucket) {
      if (had && Number.isFinite(this.#limits().perSecond)) this.#fullAt -= 1_000 / this.#rate(now);
    } else if (unused) {
      const at = this.#ring.at(token);
      if (at !== undefined && this.#ring.after(token) === 0 && at > now) this.#ring.remove(token);
      else if (at !== undefined) this.#holes.push({ token, at });
    }
    if (!unused && tookMs !== undefined) this.#took(now, { token, tookMs, leftMs });
  }

  renew(now: number, held: Iterable<string>): void {
    for (const token of held) this.#slots.set(token, now + this.#leaseMs);
  }

  block(now: number, milliseconds: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, now + milliseconds);
    this.#slowDown(now, 0.7);
  }

  /** Moments are of the given clock. */
  look(now: number) {
    const { perSecond, concurrent, bucket, burst } = this.#limits();
    const rate = this.#rate(now);
    this.#free(now);
    const next = bucket
      ? this.#fullAt - ((burst - 1) * 1_000) / rate
      : Number.isFinite(perSecond)
        ? this.#ring.next(...windowOf(rate), now)
        : now;
    return {
      perSecond,
      concurrent,
      effectivePerSecond: rate,
      inFlight: this.#slots.size,
      lastSecond: this.#ring.between(now - 1_000, now),
      granted: this.#granted,
      blockedUntil: this.#blockedUntil,
      nextMoment: Math.max(now, next),
    };
  }

  #limits(): LaneLimits {
    return limitsUnder(this.#settings, this.#configured);
  }

  get #adaptive(): boolean {
    return this.#settings.adaptive && Number.isFinite(this.#limits().perSecond);
  }

  /** What 429 and latency left of the rate; it climbs back by itself. */
  #share(now: number): number {
    if (!this.#adaptive) return 1;
    return Math.min(1, this.#factor + (now - this.#factorAt) / climbMs);
  }

  #rate(now: number): number {
    return this.#limits().perSecond * this.#share(now);
  }

  #slowDown(now: number, by: number): void {
    if (!this.#adaptive || (this.#slowedAt !== 0 && now - this.#slowedAt < 1_000)) return;
    this.#factor = Math.max(lowestFactor, this.#share(now) * by);
    this.#factorAt = now;
    this.#slowedAt = now;
  }

  #took(now: number, { token, tookMs, leftMs }: { token: string; tookMs: number; leftMs: number }): void {
    const { seen, fast, slow } = this.#latency ?? { seen: 0, fast: tookMs, slow: tookMs };
    this.#latency = {
      seen: seen + 1,
      fast: fast + 0.2 * (tookMs - fast),
      slow: slow + Math.max(0.02, 1 / (seen + 1)) * (tookMs - slow),
    };
    const onTheWay =
      seen < unknownCalls ? Math.min(tookMs, unknownLateMs) : Math.min(tookMs - this.#latency.slow, lateMs);
    this.#arrivedLate(token, Math.max(leftMs, onTheWay));
    if (this.#latency.seen > 50 && this.#latency.fast > 3 * this.#latency.slow + 50) this.#slowDown(now, 0.9);
  }

  /**
   * A call arrives after its moment, and it is the provider's second that counts: it left when its process came to it, and
   * what it took longer than calls do may have been on the way there: all of it, where nobody knows how long they take.
   */
  #arrivedLate(token: string, late: number): void {
    const { perSecond, bucket } = this.#limits();
    const at = this.#ring.at(token);
    if (late <= 3 || at === undefined || bucket || !Number.isFinite(perSecond)) return;
    this.#ring.remove(token);
    this.#ring.add(token, at + late);
  }

  #free(now: number): number {
    for (const [token, ends] of this.#slots) if (ends <= now) this.#slots.delete(token);
    return this.#limits().concurrent - this.#slots.size;
  }

  #endpoint(now: number, endpoint: string): { ring: Ring; window: [number, number] } | undefined {
    const perSecond = endpointLimit(this.#configured, endpoint);
    if (perSecond === undefined) return undefined;
    const window = windowOf(((perSecond * this.#settings.percent) / 100) * this.#share(now));
    const ring = this.#endpoints.get(endpoint) ?? new Ring();
    this.#endpoints.set(endpoint, ring);
    ring.forget(now - window[1]);
    return { ring, window };
  }

  /** A moment that was given back. It may move forward where fewer than a whole window's calls come after it. */
  #fromHole(from: number, latest: number, calls: number): number | undefined {
    this.#holes = this.#holes.filter(({ token }) => this.#ring.at(token) !== undefined);
    const usable = this.#holes
      .toSorted((a, b) => a.at - b.at)
      .find(({ token, at }) => this.#ring.after(token)! < calls && Math.max(at, from) <= latest);
    if (!usable) return undefined;
    this.#holes = this.#holes.filter((hole) => hole !== usable);
    this.#ring.remove(usable.token);
    return Math.max(usable.at, from);
  }
}

const later = (because: Later['because'], at: number): Later => ({ kind: 'later', because, at });
