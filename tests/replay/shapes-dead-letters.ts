/** Courses that a decision about many dead letters can take. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelDeadLettersUpdate, cancelSignal } from '../../contracts/messages.ts';
import { Gate } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;
type Plan = Parameters<WorkflowWorld['deadLetters']>[1];

const me = { actor: 'support-7', reason: 'the wrong letters' };

const decided =
  (letters: number, plan?: Plan, change?: Parameters<WorkflowWorld['deadLetters']>[2]): Shape =>
  async (world) => {
    const { handle } = await world.deadLetters(letters, plan, change);
    await handle.result();
    return handle;
  };

/** While the first letters are decided. */
const stopped =
  (how: 'update' | 'signal'): Shape =>
  async (world) => {
    const gate = new Gate();
    const { handle, twin } = await world.deadLetters(12, (planned) => planned.plan('decideWave', gate.passes));
    await twin.begun('decideWave');
    if (how === 'signal') await handle.signal(cancelSignal, me);
    else await handle.startUpdate(cancelDeadLettersUpdate, { args: [me], waitForStage: 'ACCEPTED' });
    gate.open();
    await handle.result();
    return handle;
  };

export const deadLetterShapes: Readonly<Record<string, Shape>> = {
  'dead-letters-all-accepted': decided(12),
  'dead-letters-dry-run': decided(2, undefined, { dryRun: true }),
  'dead-letters-some-refused': decided(4, (twin) => {
    twin.decided = { 1: { outcome: 'refused', because: 'not_possible' }, 3: { outcome: 'gone' } };
  }),
  'dead-letters-unanswered': decided(2, (twin) => {
    twin.decided = { 2: { outcome: 'unanswered' } };
  }),
  'dead-letters-cancelled': stopped('update'),
  'dead-letters-cancelled-by-signal': stopped('signal'),
};
