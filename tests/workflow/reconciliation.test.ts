import { describe, expect, it } from 'vitest';
import { cancelReconciliationUpdate, cancelSignal, reconciliationStatusQuery } from '../../contracts/messages.ts';
import { comparisons } from '../../contracts/reconciliation.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { Gate, hangs, refuses } from '../support/workflow-behaviours.ts';
import { useWorkflowWorld } from '../support/workflow-judge.ts';
import { startReconciliation, type StartedReconciliation } from '../support/workflow-reconciliation-twins.ts';

const world = useWorkflowWorld({ queues: ['background'] });

const me = { actor: 'ada', reason: 'another time' };
const counted = (each: number) => ({ ...Object.fromEntries(comparisons.map((one) => [one, each])), told: 0 });

const stageOf = async ({ handle }: StartedReconciliation) =>
  (await handle.describe()).typedSearchAttributes.get(searchAttributes.stage);

const hanging = () => startReconciliation(world(), (_, twin) => twin.plan('compareProvider', hangs()));

describe('a reconciliation', () => {
  it('compares everything, page after page, and says that the day is clean', async () => {
    const started = await startReconciliation(world(), (day) => (day.pages = { payments: 3, tickets: 2 }));
    const { handle, twin } = started;
    expect(await handle.result()).toEqual({
      status: 'clean',
      compared: { ...counted(2), payments: 6, tickets: 4 },
      differences: 0,
      healed: 0,
      open: 0,
    });
    const asked = [...twin.inputsOf('compareProvider'), ...twin.inputsOf('compareChain')] as { comparison: string; cursor?: { row: number } }[]; // prettier-ignore
    expect(asked.filter(({ comparison }) => comparison === 'payments').map(({ cursor }) => cursor?.row)).toEqual([undefined, 1, 2]); // prettier-ignore
    expect(new Set(asked.map(({ comparison }) => comparison))).toEqual(
      new Set(comparisons.filter((one) => one !== 'ledger')),
    );
    expect(twin.count('compareLedger')).toBe(1);
    expect(await stageOf(started)).toBe('clean');
    // What it read never went through its history.
    expect((await handle.fetchHistory()).events?.length).toBeLessThan(150);
  });

  it('tells whom webhooks did not, and looks whether that has healed it', async () => {
    const started = await startReconciliation(world(), (day) => {
      day.shown = [{ kind: 'dispute_unknown', objectId: 'dp_1', state: 'open' }];
      day.curable = 1;
      day.healsAfter = 2;
    });
    const result = await started.handle.result();
    expect(result).toMatchObject({ status: 'differs', differences: 1, healed: 1, open: 0 });
    const looks = started.twin.inputsOf('lookAgainAtProvider') as { which: string }[];
    expect(looks.map(({ which }) => which)).toEqual(['others', 'healed', 'healed']);
    expect(await stageOf(started)).toBe('differs');
    expect(await started.handle.query(reconciliationStatusQuery)).toMatchObject({
      stage: 'differs',
      next: 'All that differed was healed.',
    });
  });

  it('leaves to a person what stays, however often it looked', async () => {
    const { handle, twin } = await startReconciliation(world(), (day) => {
      day.shown = [{ kind: 'refund_status', objectId: 're_1', state: 'open' }];
      day.curable = 1;
      day.healsAfter = 9;
    });
    expect(await handle.result()).toMatchObject({ status: 'differs', healed: 1, open: 1 });
    expect(twin.count('lookAgainAtProvider')).toBe(4);
  });

  it('heals nothing where nothing can be healed', async () => {
    const { handle, twin } = await startReconciliation(world(), (day) => {
      day.shown = [{ kind: 'hold_left', objectId: 'pi_1', state: 'open' }];
    });
    expect(await handle.result()).toMatchObject({ status: 'differs', healed: 0, open: 1 });
    expect(twin.count('lookAgainAtProvider')).toBe(1);
  });

  it('shows how far it is, and ends as cancelled with what it has found', async () => {
    const gate = new Gate();
    const { handle, twin } = await startReconciliation(world(), (day, outside) => {
      day.pages = { payments: 2 };
      day.shown = [{ kind: 'capture_unknown', objectId: 'pi_1', state: 'open' }];
      outside.plan('compareProvider', gate.passes, hangs());
    });
    gate.open();
    await twin.begun('compareProvider', 2);
    expect(await handle.query(reconciliationStatusQuery)).toMatchObject({
      stage: 'comparing',
      counts: { payments: 2 },
    });
    const cancelled = {
      status: 'cancelled', ...me, compared: { ...counted(0), payments: 2 }, differences: 1, healed: 0, open: 1,
    }; // prettier-ignore
    expect(await handle.executeUpdate(cancelReconciliationUpdate, { args: [me] })).toEqual(cancelled);
    expect(await handle.result()).toEqual(cancelled);
    expect(twin.inputsOf('endReconciliation')).toMatchObject([{ cancelled: true }]);
    expect(twin.count('healDifferences')).toBe(0);
  });

  it('is cancelled by the signal, and by the button of the Web UI', async () => {
    const [bySignal, byButton] = await Promise.all([hanging(), hanging()]);
    await Promise.all([bySignal, byButton].map(({ twin }) => twin.begun('compareProvider')));
    await bySignal.handle.signal(cancelSignal, me);
    await byButton.handle.cancel();
    expect(await bySignal.handle.result()).toMatchObject({ status: 'cancelled', ...me });
    expect(await byButton.handle.result()).toMatchObject({ status: 'cancelled', actor: 'temporal' });
  });

  it('shows a person what the provider refuses, and goes on when that is put right', async () => {
    const { handle, twin } = await startReconciliation(world(), (_, outside) =>
      outside.plan('compareProvider', refuses('api_key_expired')),
    );
    expect(await handle.result()).toMatchObject({ status: 'clean' });
    expect(twin.letters.get('compare payments')).toMatchObject({
      error: 'api_key_expired', jobType: 'reconciliation', queueName: 'background', open: false,
    }); // prettier-ignore
  });

  it('goes on as new with its cursor and its counts when its history grows long', async () => {
    const { handle, twin } = await startReconciliation(world(), (day) => (day.pages = { movements: 105 }));
    const { runId } = await handle.describe();
    expect(await handle.result()).toMatchObject({ status: 'clean', compared: { payments: 2, movements: 210 } });
    expect((await handle.describe()).runId).not.toBe(runId);
    expect(twin.count('compareProvider')).toBe(6 + 105);
    const runs = twin.inputsOf('endReconciliation') as { run: string }[];
    expect(runs.map(({ run }) => run)).toEqual([runId]);
  });
});
