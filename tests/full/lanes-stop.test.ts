/** The emergency stop in its full size: five hundred jobs, and a lane that stays stopped for longer than a task waits for it. */
import { afterAll, beforeAll, test } from 'vitest';
import { type LaneRoom, openLaneRoom } from '../support/lane-room.ts';
import { stopInTheMiddle } from '../support/lane-stopping.ts';

let room: LaneRoom;
beforeAll(async () => {
  room = await openLaneRoom('25,10');
});
afterAll(() => room.close());

test('500 jobs, stopped for 65 seconds', { timeout: 300_000 }, () =>
  stopInTheMiddle(room, { jobs: 500, stopMs: 65_000 }),
);
