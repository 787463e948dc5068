/** The way to the provider as a worker's process has it. */
import type { LaneLimits } from '../contracts/lane-limits.ts';
import type { LaneName } from '../contracts/task-queues.ts';
import { createLaneCaller, type LaneCaller } from '../lanes/call.ts';
import { createMemoryLimiter } from '../lanes/memory-limiter.ts';
import type { SentCalls } from '../lanes/sent-calls.ts';

export interface LaneCallerDeps {
  limits: Readonly<Record<LaneName, LaneLimits>>;
  sentCalls: SentCalls;
  stopping: AbortSignal;
}

export interface OpenLaneCaller {
  lanes: LaneCaller;
  close(): Promise<void>;
}

export async function openLaneCaller({ limits, sentCalls, stopping }: LaneCallerDeps): Promise<OpenLaneCaller> {
  const limiter = createMemoryLimiter(limits);
  return {
    lanes: createLaneCaller({ limiter, limits, sentCalls, retryScale: 1, stopping }),
    close: () => Promise.resolve(),
  };
}
