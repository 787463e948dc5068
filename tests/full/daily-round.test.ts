/** What of the background's jobs takes its time: a worker that dies, and more venues than one run's history holds. */
import { beforeAll, expect, test } from 'vitest';
import { backgroundJobsOf } from '../support/workflow-background.ts';
import { fallsSilent } from '../support/workflow-behaviours.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';

const world = useWorkflowWorld();
let jobs: ReturnType<typeof backgroundJobsOf>;
beforeAll(() => void (jobs = backgroundJobsOf(world())));

test('cleanup is taken up again when its worker dies', async () => {
  const { handle, twin } = await jobs.cleanup((one) => one.plan('cleanUp', fallsSilent()));
  expect(await handle.result()).toEqual({ status: 'completed', deleted: {} });
  expect(twin.count('cleanUp')).toBe(2);
});

test('a round of very many venues goes on in a run of its own, where it stopped', async () => {
  const many = Array.from({ length: 900 }, (_, index) => [{ tenantId: 'acme', venueId: `v-${index}` }]);
  const { handle, twin } = await jobs.dailyRound((one) => (one.background.venues = many));
  const first = (await handle.describe()).runId;
  expect(await handle.result()).toMatchObject({ reports: 900 });
  expect((await handle.describe()).runId).not.toBe(first);
  expect(new Set(twin.background.started).size).toBe(901);
  expect(twin.count('startCleanup')).toBe(1);
});
