import type { TaskQueue } from './task-queues.ts';

/**
 * The legacy contract's jobs: how many calls each may send, and how long to wait between them. Attempts count *sent
 * calls*; waiting for a lane, a refused connection or a restarted worker uses none up.
 */
export interface JobPolicy {
  attempts: number;
  backoff: { kind: 'exponential' | 'fixed'; delayMs: number };
  /** Temporal priority: 1 first, 5 last. */
  priority: 1 | 2 | 3 | 4 | 5;
  /** How long the result is kept; money's is kept for ever. */
  resultKeptMs: number | 'forever';
  queue: TaskQueue;
}

/** The legacy contract's priorities, highest first: critical 10, high 7, normal 5, low 3, background 1. */
export const priorities = { critical: 1, high: 2, normal: 3, low: 4, background: 5 } as const;

const hour = 3_600_000;

export const jobTypes = {
  'payment-process': {
    attempts: 10,
    backoff: { kind: 'exponential', delayMs: 2_000 },
    priority: priorities.critical,
    resultKeptMs: 'forever',
    queue: 'money',
  },
  'refund-process': {
    attempts: 10,
    backoff: { kind: 'exponential', delayMs: 2_000 },
    priority: priorities.high,
    resultKeptMs: 'forever',
    queue: 'money',
  },
  'payout-process': {
    attempts: 8,
    backoff: { kind: 'exponential', delayMs: 3_000 },
    priority: priorities.high,
    resultKeptMs: 'forever',
    queue: 'money',
  },
  'nft-mint': {
    attempts: 5,
    backoff: { kind: 'exponential', delayMs: 5_000 },
    priority: priorities.high,
    resultKeptMs: 'forever',
    queue: 'money',
  },
  'send-email': {
    attempts: 5,
    backoff: { kind: 'fixed', delayMs: 5_000 },
    priority: priorities.normal,
    resultKeptMs: 24 * hour,
    queue: 'communication',
  },
  'send-sms': {
    attempts: 3,
    backoff: { kind: 'fixed', delayMs: 10_000 },
    priority: priorities.normal,
    resultKeptMs: 24 * hour,
    queue: 'communication',
  },
  'analytics-event': {
    attempts: 2,
    backoff: { kind: 'fixed', delayMs: 10_000 },
    priority: priorities.background,
    resultKeptMs: 7 * 24 * hour,
    queue: 'background',
  },
  'generate-report': {
    attempts: 2,
    backoff: { kind: 'fixed', delayMs: 15_000 },
    priority: priorities.low,
    resultKeptMs: 24 * hour,
    queue: 'background',
  },
  'cleanup-old-data': {
    attempts: 2,
    backoff: { kind: 'fixed', delayMs: 15_000 },
    priority: priorities.background,
    resultKeptMs: 24 * hour,
    queue: 'background',
  },
} as const satisfies Record<string, JobPolicy>;

export type JobType = keyof typeof jobTypes;

/** No provider gains from a pause longer than this, and a buyer's money waits meanwhile. */
const backoffCapMs = 20_000;

/** Pause before the next call, after `sent` calls went out (`sent` ≥ 1). Milliseconds. */
export function backoffMs(policy: JobPolicy, sent: number): number {
  const { kind, delayMs } = policy.backoff;
  if (kind === 'fixed') return Math.min(delayMs, backoffCapMs);
  return Math.min(delayMs * 2 ** Math.min(Math.max(sent - 1, 0), 20), backoffCapMs);
}
