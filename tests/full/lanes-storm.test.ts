/** Many jobs on a lane that is stopped in their middle, and on one whose provider says 429 again and again. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { jobsDone, startJobs, type Wish } from '../../bench/jobs.ts';
import { type LaneRoom, openLaneRoom } from '../support/lane-room.ts';
import { stopInTheMiddle } from '../support/lane-stopping.ts';

let room: LaneRoom;
beforeAll(async () => {
  room = await openLaneRoom('40,10');
});
afterAll(() => room.close());

test('an emergency stop: no call starts, all are made after the resume, and none is counted twice', () =>
  stopInTheMiddle(room, { jobs: 60, stopMs: 2_000 }));

test('a storm of 429: no call inside a Retry-After, the rate gives way, and no attempt is used up', async () => {
  const retryAfterMs = 1_000;
  const wish: Wish = { name: `${room.tag}-storm`, count: 50, tenantId: 'acme', venueId: 'arena', priority: 1 };
  const before = room.calls().length;
  room.limits.change({ perSecond: 8, retryAfter: retryAfterMs / 1_000 });
  const started = await startJobs(room, wish);
  const storm = () => room.calls().slice(before);
  const refused = () => storm().filter(({ status }) => status === 429);
  await vi.waitFor(() => expect(refused().length).toBeGreaterThanOrEqual(3), { timeout: 30_000, interval: 50 });
  const { effectivePerSecond, perSecond } = await room.pace.status('stripe');
  expect(effectivePerSecond).toBeLessThan(perSecond);
  room.limits.change({ perSecond: null });
  expect(await jobsDone(room, wish)).toBe(wish.count);

  for (const { answeredAt } of refused()) {
    // What was on its way when the answer came cannot be called back.
    const inside = storm().filter(
      ({ receivedAt }) => receivedAt > answeredAt! + 30 && receivedAt < answeredAt! + retryAfterMs - 10,
    );
    expect(inside).toEqual([]);
  }
  for (const { workflowId } of started) {
    expect(room.callsOf(workflowId).filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await room.sentOf('acme', workflowId)).toBe(1);
  }
});
