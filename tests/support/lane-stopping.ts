/** An emergency stop in the middle of many jobs, judged by the provider's log and by what was counted. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { jobsDone, startJobs, type Wish } from '../../bench/jobs.ts';
import type { LaneRoom } from './lane-room.ts';

const by = { actor: 'operator-1', reason: 'the provider charges twice' };

/** Of the resume: before it nothing may be seen, after it everything. */
export async function stopInTheMiddle(
  room: LaneRoom,
  { jobs, stopMs }: { jobs: number; stopMs: number },
): Promise<void> {
  const wish: Wish = { name: `${room.tag}-stop`, count: jobs, tenantId: 'acme', venueId: 'arena', priority: 1 };
  const started = await startJobs(room, wish);
  const before = Math.min(20, jobs / 5);
  await vi.waitFor(() => expect(room.calls().length).toBeGreaterThanOrEqual(before), { timeout: 30_000, interval: 20 });
  const outcomes = await room.control.changeAll({ action: 'stop' }, by);
  const stoppedAt = Date.now();
  try {
    expect(outcomes.map(({ inForce, queue }) => [inForce, queue ?? 'none'])).not.toContainEqual([
      false,
      expect.anything(),
    ]);
    expect(outcomes.find(({ lane }) => lane === 'stripe')).toMatchObject({ inForce: true, queue: 'held' });
    const seen = room.calls().length;
    expect(seen).toBeLessThan(jobs);
    await delay(stopMs);
  } finally {
    await room.control.changeAll({ action: 'resume' }, { ...by, reason: 'it does not any more' });
  }
  const resumedAt = Date.now();
  expect(await jobsDone(room, wish)).toBe(jobs);

  const meanwhile = room
    .calls()
    .filter(({ receivedAt }) => receivedAt > stoppedAt + 1_000 && receivedAt < resumedAt - stopMs / 2);
  expect(meanwhile).toEqual([]);
  for (const { workflowId } of started) {
    expect(room.callsOf(workflowId).map(({ status }) => status)).toEqual([200]);
    expect(await room.sentOf('acme', workflowId)).toBe(1);
  }
}
