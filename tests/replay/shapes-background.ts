/** The shapes of the background's jobs. */
import type { WorkflowHandle } from '@temporalio/client';
import { failsFor } from '../support/workflow-behaviours.ts';
import { backgroundJobsOf } from '../support/workflow-background.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Jobs = ReturnType<typeof backgroundJobsOf>;

const ended =
  (start: (jobs: Jobs) => Promise<{ handle: WorkflowHandle }>) =>
  async (world: WorkflowWorld): Promise<WorkflowHandle> => {
    const { handle } = await start(backgroundJobsOf(world));
    await handle.result();
    return handle;
  };

const hour = 3_600_000;
const arena = { tenantId: 'acme', venueId: 'arena' };
const club = { tenantId: 'globex', venueId: 'club' };

export const backgroundShapes: Readonly<Record<string, (world: WorkflowWorld) => Promise<WorkflowHandle>>> = {
  'analytics-recorded': ended((jobs) => jobs.analytics()),
  'analytics-refused': ended((jobs) => jobs.analytics((twin) => (twin.background.recorded = 'key_reused'))),
  'analytics-expired': ended((jobs) => jobs.analytics((twin) => twin.always('recordEvent', failsFor(hour)))),
  'report-completed': ended((jobs) => jobs.report('2026-01-31')),
  'report-day-open': ended((jobs) => jobs.report('2098-01-31')),
  'report-expired': ended((jobs) => jobs.report('2026-01-31', (twin) => twin.always('makeReport', failsFor(hour)))),
  'cleanup-completed': ended((jobs) =>
    jobs.cleanup((twin) => {
      twin.background.cleaned = [{ deleted: { webhook_events: 1_000 }, next: 'webhook_events' }, { deleted: {} }];
    }),
  ),
  'cleanup-expired': ended((jobs) => jobs.cleanup((twin) => twin.always('cleanUp', failsFor(hour)))),
  'daily-round-started': ended((jobs) =>
    jobs.dailyRound((twin) => {
      twin.background.venues = [[arena], [club]];
      twin.background.tenants = [['acme'], ['globex']];
    }),
  ),
};
