/** Twins of the counted calls and of Temporal's retries, by vitest's fake clock: `vi.useFakeTimers()` first. */
import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { vi } from 'vitest';
import type { StepLedger } from '../../activities/ports.ts';
import type { FailureDetail } from '../../contracts/failures.ts';
import { contractLimits, readLimits } from '../../contracts/lane-limits.ts';
import { BudgetExhaustedError, StepFencedError } from '../../contracts/step-errors.ts';
import { createLaneCaller, type LaneCaller } from '../../lanes/call.ts';
import { createLimiter } from '../../lanes/limiter.ts';
import { createMemoryPace } from '../../lanes/memory-pace.ts';
import type { SentCalls, StepRef } from '../../lanes/sent-calls.ts';

interface Row {
  sent: number;
  generation: number;
  fenced: boolean;
  first?: number;
  last?: number;
}

/** The rules of store/sent-calls.ts, in memory. */
export function createSentCallsTwin() {
  const rows = new Map<string, Row>();
  const rowOf = ({ tenantId, workflowId, step }: StepRef): Row => {
    const key = `${tenantId} ${workflowId} ${step}`;
    const row = rows.get(key) ?? { sent: 0, generation: 0, fenced: false };
    rows.set(key, row);
    return row;
  };
  const historyOf = ({ first, last, ...row }: Row) => ({
    ...row,
    ...(first === undefined
      ? {}
      : { firstSentAt: new Date(first).toISOString(), sinceFirstSentMs: Date.now() - first }),
    ...(last === undefined ? {} : { lastSentAt: new Date(last).toISOString(), sinceLastSentMs: Date.now() - last }),
  });
  const holdOffFence = (ref: StepRef) => {
    if (rowOf(ref).fenced) throw new StepFencedError(ref.workflowId, ref.step);
  };
  const twin: SentCalls & StepLedger & { holdOffFence: typeof holdOffFence } = {
    holdOffFence,
    async begin({ budget, ...ref }) {
      holdOffFence(ref);
      const row = rowOf(ref);
      if (row.sent >= budget) throw new BudgetExhaustedError(ref.workflowId, ref.step, row.sent, budget);
      row.sent += 1;
      row.first ??= Date.now();
      row.last = Date.now();
      return historyOf(row);
    },
    async giveBack(ref) {
      const row = rowOf(ref);
      if (row.sent > 0) row.sent -= 1;
    },
    read: async (ref) => historyOf(rowOf(ref)),
    async fence(ref) {
      rowOf(ref).fenced = true;
      return historyOf(rowOf(ref));
    },
    async raiseGeneration({ from, ...ref }) {
      const row = rowOf(ref);
      if (row.generation === from) row.generation += 1;
      return row.generation;
    },
  };
  return twin;
}

export const unpaced = () => readLimits({ RATE_LIMITS: 'unpaced' }).limits;

export const lanesOf = (sentCalls: SentCalls, limits = unpaced()): LaneCaller =>
  createLaneCaller({
    limiter: createLimiter(createMemoryPace(limits), limits),
    limits,
    sentCalls,
    retryScale: 1,
    stopping: new AbortController().signal,
  });

export { contractLimits };

/** Lets the fake clock run for as long as `work` takes. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const state = { ended: false };
  const watched = work.finally(() => (state.ended = true));
  watched.catch(() => undefined);
  for (let steps = 0; !state.ended; steps += 1) {
    if (steps > 20_000) throw new Error('nothing happens any more, and the work has not ended');
    await vi.advanceTimersToNextTimerAsync();
  }
  return watched;
}

const nothing = () => undefined;
const silent: Logger = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

export const environment = (info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}) =>
  new MockActivityEnvironment({ startToCloseTimeoutMs: 120_000, ...info }, { logger: silent });
export const attempt = <T>(run: () => Promise<T>): Promise<T> => environment().run(run);

export interface Seen {
  type: string | undefined | null;
  code: string | undefined;
  sent: number | undefined;
  nonRetryable: boolean | undefined | null;
  nextRetryDelay: unknown;
}

export function failureSeen(error: unknown): Seen {
  if (!(error instanceof ApplicationFailure)) throw error;
  const detail = error.details?.[0] as FailureDetail | undefined;
  const { type, nonRetryable, nextRetryDelay } = error;
  return { type, code: detail?.code, sent: detail?.sent, nonRetryable, nextRetryDelay };
}

/** One attempt that must fail. */
export const failed = (run: () => Promise<unknown>): Promise<Seen> =>
  inTime(
    attempt(run).then(
      (value) => Promise.reject(new Error(`did not fail, but answered ${JSON.stringify(value)}`)),
      failureSeen,
    ),
  );

/** What Temporal does: attempts, each after the delay that the one before asked for, until one is final. */
export async function retried<T>(run: () => Promise<T>, codes: string[] = [], most = 60): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(run);
    } catch (error) {
      const { nonRetryable, nextRetryDelay, code } = failureSeen(error);
      codes.push(code ?? '');
      if (nonRetryable) throw error;
      if (tries >= most) throw new Error(`no end after ${most} attempts: ${codes.join(', ')}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, Number(nextRetryDelay ?? 1_000)));
    }
  }
}
