/** Courses that a day's reconciliation can take. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelReconciliationUpdate, cancelSignal } from '../../contracts/messages.ts';
import { hangs, refuses } from '../support/workflow-behaviours.ts';
import { type DayOutside, startReconciliation } from '../support/workflow-reconciliation-twins.ts';
import type { Twin } from '../support/workflow-twins.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;

const me = { actor: 'support-7', reason: 'not now' };

const reconciled =
  (plan?: (day: DayOutside, twin: Twin) => void): Shape =>
  async (world) => {
    const { handle } = await startReconciliation(world, plan);
    await handle.result();
    return handle;
  };

/** One that a webhook would have healed, and one for a person. */
const differing = (healsAfter: number) => (day: DayOutside) => {
  day.shown = [
    { kind: 'dispute_unknown', objectId: 'dp_1', amount: 5_250, currency: 'USD', state: 'healed' },
    { kind: 'token_unknown', objectId: '4711', state: 'open' },
  ];
  day.curable = 1;
  day.healsAfter = healsAfter;
};

const stopped =
  (how: 'update' | 'signal' | 'web ui'): Shape =>
  async (world) => {
    const { handle, twin } = await startReconciliation(world, (_, outside) => outside.plan('compareProvider', hangs()));
    await twin.begun('compareProvider');
    if (how === 'update') await handle.executeUpdate(cancelReconciliationUpdate, { args: [me] });
    else if (how === 'signal') await handle.signal(cancelSignal, me);
    else await handle.cancel();
    await handle.result();
    return handle;
  };

/** The first run, which ends by going on as new; `last`: the run that ends it. */
const continued =
  (which: 'first' | 'last'): Shape =>
  async (world) => {
    const { handle } = await startReconciliation(world, (day) => (day.pages = { movements: 105 }));
    const { runId } = await handle.describe();
    await handle.result();
    return which === 'last' ? handle : world.client.workflow.getHandle(handle.workflowId, runId);
  };

export const reconciliationShapes: Readonly<Record<string, Shape>> = {
  'reconciliation-clean': reconciled((day) => (day.pages = { payments: 3, tokens: 2 })),
  'reconciliation-differs-and-heals': reconciled(differing(1)),
  'reconciliation-heals-late': reconciled(differing(9)),
  'reconciliation-parked-then-clean': reconciled((_, twin) => twin.plan('compareProvider', refuses('api_key_expired'))),
  'reconciliation-cancelled': stopped('update'),
  'reconciliation-cancelled-by-signal': stopped('signal'),
  'reconciliation-cancelled-in-web-ui': stopped('web ui'),
  'reconciliation-continued': continued('first'),
  'reconciliation-continued-then-clean': continued('last'),
};
