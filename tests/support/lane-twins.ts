/** What a lane's control works with, in memory. */
import {
  changed,
  type LaneChange,
  type LaneChangeRecord,
  type LaneSettings,
  type LaneStatus,
  untouched,
} from '../../contracts/lane-control.ts';
import { contractLimits, type PacedName } from '../../contracts/lane-limits.ts';
import { controlledLanes } from '../../contracts/lane-words.ts';
import { type ChangeBy, createLaneControl, type LaneQueues, type LaneRecords } from '../../lanes/control.ts';
import { type Pace, PaceAwayError } from '../../lanes/pace.ts';

export const statusOf = (lane: PacedName, change: Partial<LaneStatus> = {}): LaneStatus => ({
  lane,
  settings: untouched,
  perSecond: contractLimits[lane].perSecond,
  concurrent: contractLimits[lane].concurrent,
  effectivePerSecond: contractLimits[lane].perSecond,
  inFlight: 0,
  lastSecond: 0,
  granted: 0,
  blockedUntil: 0,
  waiting: 0,
  expectedWaitMs: 0,
  breakers: { closed: 1, open: 0, halfOpen: 0 },
  ...change,
});

/** Everything that was asked of the twins, in order. */
export type Log = string[];

export class RecordsTwin implements LaneRecords {
  readonly settings = new Map<PacedName, LaneSettings>();
  readonly recorded: LaneChangeRecord[] = [];
  /** Those that cannot be recorded. */
  readonly broken = new Set<PacedName>();
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }
  read(lane: PacedName): Promise<LaneSettings> {
    return Promise.resolve(this.settings.get(lane) ?? untouched);
  }
  async change(lane: PacedName, change: LaneChange, { actor, reason }: ChangeBy): Promise<LaneSettings> {
    if (this.broken.has(lane)) throw Object.assign(new Error('the database is away'), { code: 'ECONNREFUSED' });
    const before = await this.read(lane);
    const settings = { ...changed(before, change), revision: before.revision + 1 };
    this.settings.set(lane, settings);
    const changedAt = '2027-01-01T12:00:00.000Z';
    this.recorded.unshift({ lane, revision: settings.revision, change, settings, actor, reason, changedAt });
    this.#log.push(`record ${lane} ${change.action}`);
    return settings;
  }
}

export class PaceTwin implements Pick<Pace, 'apply' | 'status'> {
  away = false;
  readonly statuses = new Map<PacedName, LaneStatus>();
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }
  async apply(lane: PacedName, settings: LaneSettings, { reset = false } = {}): Promise<void> {
    this.#log.push(`apply ${lane} ${settings.revision}${reset ? ' reset' : ''}`);
    if (this.away) throw new PaceAwayError(new Error('no Redis'));
    this.statuses.set(lane, statusOf(lane, { settings }));
  }
  async status(lane: PacedName): Promise<LaneStatus> {
    if (this.away) throw new PaceAwayError(new Error('no Redis'));
    return this.statuses.get(lane) ?? statusOf(lane);
  }
}

export class QueuesTwin implements LaneQueues {
  away = false;
  readonly held = new Set<PacedName>();
  readonly weights = new Map<string, number | null>();
  /** Happens when a queue is told, once. */
  meanwhile: (() => Promise<unknown>) | undefined;
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }
  async #told(what: string, effect: () => void): Promise<void> {
    this.#log.push(what);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    if (this.away) throw new Error('no Temporal');
    effect();
  }
  hold(lane: PacedName, reason: string): Promise<void> {
    return this.#told(`hold ${lane} (${reason})`, () => void this.held.add(lane));
  }
  free(lane: PacedName, reason: string): Promise<void> {
    return this.#told(`free ${lane} (${reason})`, () => void this.held.delete(lane));
  }
  async isHeld(lane: PacedName): Promise<boolean> {
    if (this.away) throw new Error('no Temporal');
    return this.held.has(lane);
  }
  weigh(lane: PacedName, weights: Readonly<Record<string, number | null>>): Promise<void> {
    return this.#told(`weigh ${lane}`, () => {
      for (const [key, weight] of Object.entries(weights)) this.weights.set(key, weight);
    });
  }
}

/** The lanes as the API has them: the real control between twins. */
export function createLanesTwin() {
  const log: Log = [];
  const pace = new PaceTwin(log);
  const records = new RecordsTwin(log);
  const queues = new QueuesTwin(log);
  const control = createLaneControl({ pace, records, queues, lanes: controlledLanes, failed: () => undefined });
  const changes = async ({ lane, limit = 50 }: { lane?: PacedName; limit?: number } = {}) =>
    records.recorded.filter((one) => lane === undefined || one.lane === lane).slice(0, limit);
  return { pace, records, queues, lanes: { ...control, changes } };
}

export type LanesTwin = ReturnType<typeof createLanesTwin>;
