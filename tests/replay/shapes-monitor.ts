/** Courses that the monitor can take. It never ends, so each of them is stopped. */
import type { WorkflowHandle } from '@temporalio/client';
import { configureUpdate } from '../../contracts/messages.ts';
import { breaks } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Plan = NonNullable<Parameters<WorkflowWorld['monitor']>[0]>;
type Course = (
  started: Awaited<ReturnType<WorkflowWorld['monitor']>>,
  later: (rounds: number) => Promise<void>,
) => unknown;

const trouble = { queues: { money: { waiting: 60, active: 60 } } };

const watched =
  (plan: Plan, course: Course, which: 'first' | 'last' = 'last') =>
  async (world: WorkflowWorld): Promise<WorkflowHandle> => {
    const started = await world.monitor(plan);
    const { handle } = started;
    const { runId } = await handle.describe();
    await course(started, (rounds) => world.env.sleep(rounds * 30_000 + 5_000));
    await handle.terminate('the course is over');
    return which === 'last' ? handle : world.client.workflow.getHandle(handle.workflowId, runId);
  };

const well: Plan = () => undefined;
const troubled: Plan = (twin) => {
  twin.monitor.now = trouble;
};

export const monitorShapes: Readonly<Record<string, (world: WorkflowWorld) => Promise<WorkflowHandle>>> = {
  'monitor-all-is-well': watched(well, (_, later) => later(1)),
  'monitor-incident-told-then-over': watched(troubled, async ({ twin }, later) => {
    await later(1);
    twin.monitor.now = {};
    await later(1);
  }),
  'monitor-told-again': watched(troubled, (_, later) => later(11)),
  'monitor-configured': watched(well, async ({ handle }, later) => {
    await later(0);
    const settings = { everySeconds: 10 };
    await handle.executeUpdate(configureUpdate, { args: [{ actor: 'ann', reason: 'summer sale', settings }] });
    await later(1);
  }),
  'monitor-not-configured': watched(
    (twin) => twin.always('recordMonitorChange', breaks),
    async ({ handle }, later) => {
      const settings = { everySeconds: 10 };
      const change = { actor: 'ann', reason: 'summer sale', settings };
      await handle.executeUpdate(configureUpdate, { args: [change] }).catch(() => undefined);
      await later(1);
    },
  ),
  'monitor-database-away': watched(
    (twin) => {
      twin.monitor.now = { ...trouble, books: 'away' };
      twin.always('syncIncidents', breaks).always('recordSample', breaks);
    },
    async ({ twin }, later) => {
      await later(1);
      twin.always('syncIncidents', undefined).always('recordSample', undefined);
      await later(1);
    },
  ),
  'monitor-nothing-seen': watched(
    (twin) => twin.always('takeSample', breaks),
    async ({ twin }, later) => {
      await later(1);
      twin.always('takeSample', undefined);
      await later(1);
    },
  ),
  'monitor-continued': watched(troubled, (_, later) => later(21), 'first'),
};
