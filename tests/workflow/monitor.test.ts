import { WorkflowNotFoundError, type WorkflowUpdateFailedError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { AlertNotice } from '../../contracts/alerts.ts';
import { alertWorkflowId } from '../../contracts/ids.ts';
import { configureSignal, configureUpdate, monitorStatusQuery } from '../../contracts/messages.ts';
import type { MonitorInput } from '../../contracts/monitor-course.ts';
import { defaultMonitorSettings, type SampleRequest } from '../../contracts/monitor.ts';
import { breaks } from '../support/workflow-behaviours.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';
import type { Twin } from '../support/workflow-twins.ts';
import type { Started } from '../support/workflow-world.ts';

type StartedMonitor = Started<MonitorInput, never>;

const world = useWorkflowWorld({ queues: ['monitoring'] });

const waiting = { queues: { money: { waiting: 60, active: 60 } } };
const me = { actor: 'ann', reason: 'summer sale' };

/** So many seconds later; all rounds of that time are over. */
const later = (seconds: number) => world().env.sleep(seconds * 1_000 + 5_000);

const onlyRow = ({ monitor }: Twin) => {
  expect(monitor.rows.size).toBe(1);
  return [...monitor.rows.values()][0]!;
};

/** What was told of an incident, by the workflows that tell it. */
async function told(twin: Twin): Promise<string[]> {
  const { alertId } = onlyRow(twin).incident;
  const kinds: string[] = [];
  for (;;) {
    const handle = world().client.workflow.getHandle(alertWorkflowId(alertId, kinds.length + 1));
    try {
      await handle.describe();
      const { events } = await handle.fetchHistory();
      const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      kinds.push(defaultPayloadConverter.fromPayload<AlertNotice>(payload!).kind);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return kinds;
      throw error;
    }
  }
}

async function ending<T>(started: StartedMonitor, test: () => Promise<T>): Promise<T> {
  try {
    return await test();
  } finally {
    await started.handle.terminate('the test is over');
  }
}

describe('the monitor', () => {
  it('looks every 30 s, going on where it stopped, and records what it saw', async () => {
    const started = await world().monitor();
    await ending(started, async () => {
      await later(90);
      const { twin } = started;
      const asked = twin.inputsOf('takeSample') as SampleRequest[];
      expect(asked.map(({ cursor }) => cursor?.oldest.money?.start)).toEqual([
        undefined, 'sample 1', 'sample 2', 'sample 3',
      ]); // prettier-ignore
      expect(twin.monitor.recorded).toHaveLength(4);
      expect(twin.monitor.rows.size).toBe(0);
    });
  });

  it('tells what is wrong once, ends it by itself, and does not tell it again within the cooldown', async () => {
    const started = await world().monitor((twin) => (twin.monitor.now = waiting));
    await ending(started, async () => {
      const { twin, handle } = started;
      await later(60);
      expect(onlyRow(twin)).toMatchObject({ incident: { type: 'queue-depth', subject: 'money' }, lastValue: 60 });
      expect(await told(twin)).toEqual(['first']);
      expect((await handle.query(monitorStatusQuery)).incidents).toMatchObject([{ type: 'queue-depth' }]);
      twin.monitor.now = {};
      await later(30);
      expect(onlyRow(twin).endedAt).toBeDefined();
      twin.monitor.now = waiting;
      await later(60);
      expect(onlyRow(twin)).toMatchObject({ reopened: 1, notices: 1 });
      expect(onlyRow(twin).endedAt).toBeUndefined();
      expect(await told(twin)).toEqual(['first']);
    });
  });

  it('repeats until somebody acknowledges, and asks a second person when nobody does', async () => {
    const configured = { ...defaultMonitorSettings, cooldownCriticalSeconds: 60, escalateAfterSeconds: 120 };
    const started = await world().monitor((twin) => (twin.monitor.now = { ...waiting, configured }));
    await ending(started, async () => {
      const { twin } = started;
      await later(120);
      expect(await told(twin)).toEqual(['first', 'repeat', 'repeat', 'escalation']);
      twin.monitor.acknowledge('ann');
      await later(120);
      expect(await told(twin)).toHaveLength(4);
    });
  });

  it('tells people while the database is away, and writes the row when it is back', async () => {
    const started = await world().monitor((twin) => {
      twin.monitor.now = { ...waiting, books: 'away' };
      twin.always('syncIncidents', breaks).always('recordSample', breaks);
    });
    await ending(started, async () => {
      const { twin, handle } = started;
      await later(60);
      const { incidents } = await handle.query(monitorStatusQuery);
      expect(incidents.map(({ type }) => type)).toEqual(['queue-depth', 'database-away']);
      for (const { alertId } of incidents)
        expect((await world().client.workflow.getHandle(alertWorkflowId(alertId, 1)).describe()).type).toBe('alert');
      expect(twin.monitor.rows.size).toBe(0);
      twin.monitor.now = waiting;
      twin.always('syncIncidents', undefined).always('recordSample', undefined);
      await later(60);
      expect([...twin.monitor.rows.values()].map(({ incident, endedAt }) => [incident.type, !endedAt])).toEqual([
        ['database-away', false],
        ['queue-depth', true],
      ]);
    });
  });

  it('looks again in the next round when Temporal did not answer, and says that nobody watched', async () => {
    const started = await world().monitor();
    await ending(started, async () => {
      const { twin } = started;
      await later(0);
      twin.always('takeSample', breaks);
      await later(180);
      expect(onlyRow(twin).incident).toMatchObject({ type: 'monitor-late' });
      expect(await told(twin)).toEqual(['first']);
      twin.always('takeSample', undefined);
      await later(60);
      expect(onlyRow(twin).endedAt).toBeDefined();
    });
  });

  it('goes on as new with everything that it knows', async () => {
    const started = await world().monitor((twin) => (twin.monitor.now = waiting));
    await ending(started, async () => {
      const { twin, handle } = started;
      await handle.executeUpdate(configureUpdate, { args: [{ ...me, settings: { cooldownCriticalSeconds: 7_200 } }] });
      const first = await handle.describe();
      await later(22 * 30);
      const now = await handle.describe();
      expect(now.runId).not.toBe(first.runId);
      expect(onlyRow(twin)).toMatchObject({ notices: 2, escalated: true });
      expect(await told(twin)).toEqual(['first', 'escalation']);
      const { overrides, sample } = await handle.query(monitorStatusQuery);
      expect(overrides).toEqual({ cooldownCriticalSeconds: 7_200 });
      expect(sample!.cursor!.oldest.money!.start).toBe(`sample ${twin.count('takeSample')}`);
    });
  });
});

describe('configure', () => {
  it('holds from the next look on, recorded with who and why, until it is taken back', async () => {
    const started = await world().monitor((twin) => (twin.monitor.now = waiting));
    await ending(started, async () => {
      const { twin, handle } = started;
      await later(0);
      const request = { ...me, settings: { moneyDepth: 60, everySeconds: 10 } };
      expect(await handle.executeUpdate(configureUpdate, { args: [request] })).toMatchObject({
        overrides: request.settings,
        settings: { moneyDepth: 60, everySeconds: 10, moneyFailed: 10 },
      });
      expect([...twin.monitor.changes.values()]).toMatchObject([{ request, overrides: request.settings }]);
      const before = twin.count('takeSample');
      await later(30);
      expect(twin.count('takeSample') - before).toBeGreaterThanOrEqual(3);
      expect(onlyRow(twin).endedAt).toBeDefined();
      const back = { ...me, settings: { moneyDepth: null } };
      expect((await handle.executeUpdate(configureUpdate, { args: [back] })).overrides).toEqual({ everySeconds: 10 });
      await later(20);
      expect(onlyRow(twin).endedAt).toBeUndefined();
    });
  });

  it('is refused before history, naming field, value and what is accepted', async () => {
    const started = await world().monitor();
    await ending(started, async () => {
      const refused = (request: object) =>
        started.handle.executeUpdate(configureUpdate, { args: [request as never] }).then(
          () => 'taken',
          (error: WorkflowUpdateFailedError) => error.cause?.message,
        );
      expect(await refused({ ...me, settings: { everySeconds: 0, moneyDpth: 1 } })).toMatch(
        /^settings\.everySeconds is 0; accepted is a whole number from 1 to 600 seconds, or null; settings\.moneyDpth is 1;/u,
      );
      expect(await refused({ ...me, settings: {} })).toMatch(/^settings is \{\}; accepted is/u);
      expect(await refused({ settings: { moneyDepth: 1 }, reason: 'x' })).toMatch(/^actor is missing/u);
      expect(started.twin.monitor.changes.size).toBe(0);
    });
  });

  it('changes nothing where it cannot be recorded', async () => {
    const started = await world().monitor((twin) => twin.always('recordMonitorChange', breaks));
    await ending(started, async () => {
      const { handle } = started;
      const args: [{ actor: string; reason: string; settings: object }] = [{ ...me, settings: { moneyDepth: 60 } }];
      const error = await handle.executeUpdate(configureUpdate, { args }).catch((thrown: unknown) => thrown);
      expect((error as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'NotRecorded' });
      expect((await handle.query(monitorStatusQuery)).overrides).toEqual({});
    });
  });

  it('as a signal is the same, and a wrong one changes nothing', async () => {
    const started = await world().monitor();
    await ending(started, async () => {
      const { handle, twin } = started;
      await handle.signal(configureSignal, { ...me, settings: { moneyDepth: -1 } });
      await handle.signal(configureSignal, undefined as never);
      await handle.signal(configureSignal, { ...me, settings: { moneyDepth: 60 } });
      await twin.begun('recordMonitorChange');
      await later(0);
      expect((await handle.query(monitorStatusQuery)).overrides).toEqual({ moneyDepth: 60 });
      expect(twin.monitor.changes.size).toBe(1);
    });
  });
});
