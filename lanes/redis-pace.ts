/**
 * The pace that all processes keep together, in Redis. One round trip decides (pace-script.ts); slots that end ride along
 * with the next question, and slots that are held long are leased again once a second.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { LaneSettings, LaneStatus } from '../contracts/lane-control.ts';
import { endpointLimit, pacedNames, type LaneLimits, type PacedName } from '../contracts/lane-limits.ts';
import { PaceClock } from './pace-clock.ts';
import { newsChannel } from './pace-script.ts';
import { statusOf } from './pace-status.ts';
import { LaneScript, type Reply } from './redis-script.ts';
import {
  type Answer,
  type BreakerState,
  type Ended,
  type LaneNews,
  type Pace,
  PaceAwayError,
  renewMs,
  type SettingsSource,
} from './pace.ts';

export interface RedisPaceOptions {
  /** For commands: fails at once while Redis is away, and comes back by itself. */
  redis: Redis;
  /** For news; a connection of its own. */
  news: Redis;
  limits: Readonly<Record<PacedName, LaneLimits>>;
  settings: SettingsSource;
}

/** How long an ended slot may wait for a question to ride with: short where slots are scarce. Milliseconds. */
const rideMs = { scarce: 2, plenty: 250 } as const;
/** What other processes say of themselves counts for so long. Milliseconds. */
const presentMs = 5_000;

/** What this process knows of one lane. */
interface LaneHere {
  held: Map<string, number>;
  ended: Ended[];
  flush: NodeJS.Timeout | undefined;
  scarce: boolean;
  askedAt: number;
  /** How many callers Redis believes to wait here. */
  saidWaiting: number;
  breaker: BreakerState;
  /** A closure that Redis was not told yet; by our own clock, 0: none. */
  closedUntil: number;
  opening: Promise<void> | undefined;
}

export class RedisPace implements Pace {
  readonly silenceMs = 1_000;
  readonly #options: RedisPaceOptions;
  readonly #clock = new PaceClock();
  readonly #script: LaneScript;
  /** Opaque: Redis tells processes apart by it. */
  readonly #process = randomBytes(6).toString('base64url');
  readonly #lanes = new Map<PacedName, LaneHere>();
  readonly #listeners: ((news: LaneNews) => void)[] = [];
  #asked = 0;
  #waiting = (_lane: PacedName) => 0;
  readonly #renewal: NodeJS.Timeout;
  #closed = false;

  constructor(options: RedisPaceOptions) {
    this.#options = options;
    this.#script = new LaneScript(options.redis, this.#clock);
    // So that a server which lost its memory learns of what is held before it grants anything.
    options.redis.on('ready', () => void this.#renewAll(true));
    options.news.on('message', (_channel: string, message: string) => this.#heard(message));
    options.news.on('ready', () => this.#listen());
    if (options.news.status === 'ready') this.#listen();
    this.#renewal = setInterval(() => void this.#renewAll(false), renewMs).unref();
  }

  now(): number {
    return this.#clock.now();
  }

  async ask({ lane, endpoint, want, leadMs }: Parameters<Pace['ask']>[0]): Promise<Answer> {
    const here = this.#here(lane);
    const limits = this.#options.limits[lane];
    if (here.closedUntil > 0) await this.#sayClosed(lane);
    // Moments can be read only by who knows how the clocks differ, and how exactly.
    if (!this.#clock.reading) await this.#known(lane, 'status', {});
    const { difference, error } = this.#clock.reading!;
    // How far off its moment may be is part of the token, for whoever is a second behind it.
    const token = `${this.#process}.${this.#asked}.${Math.ceil(error * 1_000)}`;
    const ours = (theirs: string | undefined) => (Number(theirs) === 0 ? 0 : Number(theirs) - difference);
    this.#asked += 1;
    here.askedAt = this.#clock.now();
    here.saidWaiting = this.#waiting(lane);
    const perEndpoint = endpoint === undefined ? undefined : endpointLimit(limits, endpoint);
    const request = {
      token,
      want,
      lead: leadMs,
      error,
      ...(perEndpoint === undefined ? {} : { endpointPerSecond: perEndpoint }),
    };
    let reply: Reply;
    try {
      reply = await this.#known(lane, 'ask', request, perEndpoint === undefined ? undefined : endpoint);
    } catch (failure) {
      // It may have been granted, and the answer lost: what is not ours is given back.
      for (let index = 0; index < want; index += 1) this.end(lane, { token: `${token}.${index}`, unused: true });
      throw failure;
    }
    const [kind, , ...rest] = reply as string[];
    if (kind === 'later') {
      const [because, at] = rest as [Extract<Answer, { kind: 'later' }>['because'], string];
      return { kind: 'later', because, at: at === 'news' ? Infinity : ours(at) };
    }
    const [slots, ...moments] = rest;
    here.scarce = slots === 'scarce';
    const grants = moments.map((moment, index) => ({ token: `${token}.${index}`, at: ours(moment) }));
    for (const grant of grants) here.held.set(grant.token, here.askedAt);
    return { kind: 'granted', grants };
  }

  end(lane: PacedName, ended: Ended): void {
    const here = this.#here(lane);
    here.held.delete(ended.token);
    here.ended.push(ended);
    // A moment that somebody else may still use is said at once.
    const wait = ended.unused || here.scarce ? rideMs.scarce : rideMs.plenty;
    if (!here.flush || ended.unused) this.#flushIn(lane, wait);
  }

  #flushIn(lane: PacedName, milliseconds: number): void {
    const here = this.#here(lane);
    clearTimeout(here.flush);
    if (!this.#closed) here.flush = setTimeout(() => void this.#flush(lane), milliseconds);
  }

  async block(lane: PacedName, milliseconds: number): Promise<void> {
    const here = this.#here(lane);
    here.closedUntil = Math.max(here.closedUntil, this.#clock.now() + milliseconds);
    await this.#sayClosed(lane);
  }

  /** Said again until it was heard: a closure is not forgotten because Redis was away when it began. */
  async #sayClosed(lane: PacedName): Promise<void> {
    const here = this.#here(lane);
    const left = here.closedUntil - this.#clock.now();
    if (left > 0) await this.#call(lane, 'block', { milliseconds: left });
    here.closedUntil = 0;
  }

  async apply(lane: PacedName, settings: LaneSettings, { reset = false } = {}): Promise<void> {
    await this.#call(lane, 'apply', { settings, revision: settings.revision, reset });
  }

  async status(lane: PacedName): Promise<LaneStatus> {
    const [, now, stateText, configured, concurrent, rate, inFlight, lastSecond, nextMoment, told] = (await this.#known(
      lane,
      'status',
      {},
    )) as [string, string, string, string, string, string, number, number, string, string[]];
    const state = JSON.parse(stateText) as Record<string, string>;
    const present = told.filter((_, index) => index % 2 === 1).map((text) => text.split('|'));
    const heard = present.filter(([at]) => Number(now) - Number(at) < presentMs);
    const rateOf = (text: string) => (Number(configured) === 0 ? Infinity : Number(text));
    return statusOf(lane, {
      settings: {
        revision: Number(state['revision'] ?? 0),
        stopped: state['stopped'] === '1',
        percent: Number(state['percent'] ?? 100),
        adaptive: state['adaptive'] !== '0',
        ...(state['per_second'] === undefined ? {} : { perSecond: Number(state['per_second']) }),
        ...(state['concurrent'] === undefined ? {} : { concurrent: Number(state['concurrent']) }),
      },
      perSecond: rateOf(configured),
      concurrent: Number(concurrent),
      effectivePerSecond: rateOf(rate),
      inFlight,
      lastSecond,
      granted: Number(state['granted'] ?? 0),
      blockedUntil: Number(state['blocked'] ?? 0),
      nextMoment: Number(nextMoment),
      now: Number(now),
      epoch: Number(now),
      waiting: heard.reduce((sum, [, waiting]) => sum + Number(waiting), 0),
      breakers: heard.map(([, , breaker]) => breaker as BreakerState),
    });
  }

  breaker(lane: PacedName, state: BreakerState): void {
    this.#here(lane).breaker = state;
  }

  onNews(listener: (news: LaneNews) => void): void {
    this.#listeners.push(listener);
  }

  countWaiting(waiting: (lane: PacedName) => number): void {
    this.#waiting = waiting;
  }

  /** Says what has ended. The connections are whose they are. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#renewal);
    await Promise.all([...this.#lanes.keys()].map((lane) => this.#flush(lane)));
  }

  #here(lane: PacedName): LaneHere {
    const here = this.#lanes.get(lane) ?? {
      held: new Map<string, number>(),
      ended: [],
      flush: undefined,
      scarce: true,
      askedAt: 0,
      saidWaiting: 0,
      breaker: 'closed' as const,
      closedUntil: 0,
      opening: undefined,
    };
    this.#lanes.set(lane, here);
    return here;
  }

  /** Asks, and where Redis knows nothing of the lane, tells it what people have set and asks again. */
  async #known(lane: PacedName, op: string, request: object, endpoint?: string): Promise<Reply> {
    for (let again = 0; ; again += 1) {
      const reply = await this.#call(lane, op, request, endpoint);
      if (reply[0] !== 'unknown') return reply;
      if (again === 3) throw new PaceAwayError(new Error(`Redis forgets the lane ${lane} again and again`));
      await this.#open(lane);
    }
  }

  #open(lane: PacedName): Promise<void> {
    const here = this.#here(lane);
    here.opening ??= (async () => {
      try {
        this.#script.forgetServer();
        const settings = await this.#options.settings.read(lane).catch((error: unknown) => {
          throw new PaceAwayError(error);
        });
        await this.apply(lane, settings);
      } finally {
        here.opening = undefined;
      }
    })();
    return here.opening;
  }

  async #call(lane: PacedName, op: string, request: object, endpoint = ''): Promise<Reply> {
    const here = this.#here(lane);
    const { ended } = here;
    here.ended = [];
    clearTimeout(here.flush);
    here.flush = undefined;
    const { perSecond, concurrent, bucket = false, burst } = this.#options.limits[lane];
    try {
      return await this.#script.run(lane, endpoint, {
        error: 0,
        ...request,
        op,
        ended,
        process: this.#process,
        waiting: this.#waiting(lane),
        breaker: here.breaker,
        perSecond: Number.isFinite(perSecond) ? perSecond : 0,
        concurrent,
        bucket,
        burst: Number.isFinite(burst) ? burst : 0,
      });
    } catch (error) {
      // Said again later: a slot that was given back twice is given back once.
      here.ended = [...ended, ...here.ended].slice(-1_000);
      if (here.ended.length > 0) this.#flushIn(lane, renewMs);
      throw error instanceof PaceAwayError ? error : new PaceAwayError(error);
    }
  }

  async #flush(lane: PacedName): Promise<void> {
    const here = this.#here(lane);
    if (here.ended.length === 0) return;
    // Away: kept, and said when it is back; until then the lease ends by itself.
    await this.#call(lane, 'end', {}).catch(() => undefined);
  }

  async #renewAll(all: boolean): Promise<void> {
    if (this.#closed) return;
    const now = this.#clock.now();
    await Promise.all(
      [...this.#lanes].map(async ([lane, here]) => {
        const held = [...here.held].filter(([, since]) => all || now - since > renewMs / 2).map(([token]) => token);
        const waiting = this.#waiting(lane);
        const silent = (waiting > 0 || here.saidWaiting > 0) && now - here.askedAt > renewMs;
        here.saidWaiting = waiting;
        if (held.length === 0 && !silent) return;
        await this.#call(lane, 'renew', { held }).catch(() => undefined);
      }),
    );
  }

  #listen(): void {
    void this.#options.news.subscribe(newsChannel).then(
      // What was said meanwhile was missed.
      () => this.#tell({ lane: 'all', void: false }),
      // The connection broke again: its next `ready` comes here, too.
      () => undefined,
    );
  }

  #heard(message: string): void {
    const [name, kind, whom = ''] = message.split(' ');
    const lane = pacedNames.find((known) => known === name);
    if (!lane || (kind === 'slot' && !whom.split(',').includes(this.#process))) return;
    this.#tell({ lane, void: kind === 'void' });
  }

  #tell(news: LaneNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}
