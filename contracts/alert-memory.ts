/** What the monitor remembers of the samples before: failures within the window, and what did not come. Pure. */
import type { MonitorSettings, QueueSample, Sample, SampledQueue } from './monitor.ts';

type EndsByQueue = Partial<Record<SampledQueue, { completed: number; failed: number }>>;

/** Jobs that ended between two moments, ISO 8601 UTC. */
interface Ends {
  from: string;
  to: string;
  queues: EndsByQueue;
}

/** What the samples so far said that the next one does not. Times are ISO 8601 UTC. */
export interface RuleMemory {
  /** When the last sample was begun, and when the next one is due; absent before the first. */
  lastAt?: string;
  dueAt?: string;
  /** By how much the last one came later than it was due. Seconds. */
  lateSeconds: number;
  /** Within the window of failures, oldest first. */
  ends: Ends[];
  /** Since when the database has answered without a break, as far as anybody looked; absent: it does not. */
  booksSince?: string;
  /** Samples without an answer of the database in a row, and the first of them. */
  booksMissing: { samples: number; since?: string };
}

export const nothingObserved: RuleMemory = { lateSeconds: 0, ends: [], booksMissing: { samples: 0 } };

/** The window of failures is kept in so many parts, however short the interval of the samples is. */
const windowParts = 60;

const minuteMs = 60_000;
export const before = (iso: string, milliseconds: number): string =>
  new Date(Date.parse(iso) - milliseconds).toISOString();
export const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1_000;

/** A sample may be late by so much: three intervals, and no less than half a minute. Seconds. */
export const latenessAllowed = ({ everySeconds }: MonitorSettings): number => Math.max(30, 3 * everySeconds);

export const latenessOf = ({ dueAt }: RuleMemory, now: string): number =>
  dueAt === undefined ? 0 : Math.max(0, secondsBetween(dueAt, now));

/** The memory with a sample in it, which `findingsOf` wants. */
export function observe(memory: RuleMemory, sample: Sample, settings: MonitorSettings): RuleMemory {
  const { at, books } = sample;
  const lateSeconds = latenessOf(memory, at);
  const looked = lateSeconds <= latenessAllowed(settings);
  const { samples, since } = memory.booksMissing;
  return {
    lastAt: at,
    dueAt: before(at, -settings.everySeconds * 1_000),
    lateSeconds,
    ends: endsAfter(memory, sample, settings),
    ...(books ? { booksSince: (looked ? memory.booksSince : undefined) ?? at } : {}),
    booksMissing: books ? { samples: 0 } : { samples: samples + 1, since: since ?? at },
  };
}

/** What ended since the sample before counts at this one: what nobody saw while the monitor was away is news, too. */
function endsAfter({ ends, lastAt }: RuleMemory, { at, queues }: Sample, settings: MonitorSettings): Ends[] {
  const windowMs = settings.failureWindowMinutes * minuteMs;
  const kept = ends.filter(({ to }) => to > before(at, windowMs));
  const last = kept.at(-1);
  const part = last && last.from >= before(at, windowMs / windowParts) ? last : { from: lastAt ?? at, queues: {} };
  const whole = part === last ? kept.slice(0, -1) : kept;
  return [...whole, { from: part.from, to: at, queues: added(part.queues, queues) }];
}

function added(ends: EndsByQueue, queues: readonly QueueSample[]): EndsByQueue {
  const sums = queues.map(({ queue, completed, failed }) => {
    const { completed: completedBefore = 0, failed: failedBefore = 0 } = ends[queue] ?? {};
    return [queue, { completed: completedBefore + completed, failed: failedBefore + failed }] as const;
  });
  return Object.fromEntries(sums);
}

interface WindowEnds {
  completed: number;
  failed: number;
  /** When the first of the failed had not failed yet. */
  since?: string;
}

export function endsOf(queue: SampledQueue, { ends }: RuleMemory): WindowEnds {
  const all = ends.map(({ from, queues }) => ({ from, ...(queues[queue] ?? { completed: 0, failed: 0 }) }));
  const since = all.find(({ failed }) => failed > 0)?.from;
  const sum = (name: 'completed' | 'failed') => all.reduce((total, part) => total + part[name], 0);
  return { completed: sum('completed'), failed: sum('failed'), ...(since === undefined ? {} : { since }) };
}
