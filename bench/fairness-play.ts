/** A few jobs behind a crowd, on one lane: how long do the few wait? */
import { setTimeout as delay } from 'node:timers/promises';
import { type JobRoom, jobsDone, type StartedJob, startJobs, type Wish } from './jobs.ts';

import { type KeyedCall, p95, type Wait, waitsOf } from './fairness-judge.ts';
import { keyOfJob } from './lane-runner.ts';

export interface FairnessRoom extends JobRoom {
  /** What the provider has seen so far. */
  calls(): Promise<readonly KeyedCall[]>;
  perSecond: number;
  /** Activities that all workers together may have taken at once; of those, few wait (workers/lane-slots.ts). */
  slots: number;
}

/** Whose jobs, and how many; the fairness key follows from it. */
export type Party = Pick<Wish, 'tenantId' | 'venueId' | 'count'>;

const callLookMs = 100;

/** Waits until each of the jobs was called. */
async function called(room: FairnessRoom, jobs: readonly StartedJob[]): Promise<Wait[]> {
  const wanted = jobs.map(({ workflowId, startedAt }) => ({ key: keyOfJob(workflowId), startedAt }));
  for (;;) {
    const waits = waitsOf(wanted, await room.calls());
    if (waits.length >= jobs.length) return waits;
    await delay(callLookMs);
  }
}

/**
 * When a job's call was put into the lane's queue: until then it waited for the engine and not for the lane. Epoch
 * milliseconds.
 */
async function queuedAt({ client }: FairnessRoom, workflowId: string): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const { seconds, nanos } = events!.find((event) => event.activityTaskScheduledEventAttributes)!.eventTime!;
  return Number(seconds) * 1_000 + (nanos ?? 0) / 1e6;
}

/** Starts jobs and answers how long each waited for its call. */
export const playBehind = async (room: FairnessRoom, wish: Wish): Promise<Wait[]> =>
  called(room, await startJobs(room, wish));

/** The same from the moment in which each call was queued, so that a slow engine is not taken for a long line. */
export async function playQueued(room: FairnessRoom, wish: Wish): Promise<Wait[]> {
  const jobs = await startJobs(room, wish);
  await called(room, jobs);
  const queued = jobs.map(async ({ workflowId }) => ({ workflowId, startedAt: await queuedAt(room, workflowId) }));
  return called(room, await Promise.all(queued));
}

/** As {@link playBehind}, on a lane that has nothing else to do but whose second is used up, as it is behind a crowd. */
export async function playAlone(room: FairnessRoom, wish: Wish): Promise<Wait[]> {
  const before = { ...wish, name: `${wish.name}-before`, count: room.perSecond };
  await playBehind(room, before);
  const waits = await playBehind(room, wish);
  await Promise.all([before, wish].map((one) => jobsDone(room, one)));
  return waits;
}

export const p95Of = (waits: readonly Wait[]) => p95(waits.map(({ ms }) => ms));
