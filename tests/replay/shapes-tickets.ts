/** Shapes of a ticket's transfer and burn. */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelMoveUpdate, cancelSignal } from '../../contracts/messages.ts';
import { declines, exhausts, hangs, refuses } from '../support/workflow-behaviours.ts';
import { startMove } from '../support/workflow-moves.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;
type Plan = Parameters<typeof startMove>[2];

const me = { actor: 'support-7', reason: 'wrong wallet' };

const ended =
  (kind: 'transfer' | 'burn', plan?: Plan): Shape =>
  async (world) => {
    const { handle } = await startMove(world, kind, plan);
    await handle.result();
    return handle;
  };

const cancelledWhileMoving =
  (commits: boolean): Shape =>
  async (world) => {
    const { handle, twin } = await startMove(world, 'transfer', (one) => one.plan('moveTicket', hangs({ commits })));
    await twin.begun('moveTicket');
    const update = await handle.startUpdate(cancelMoveUpdate, { args: [me], waitForStage: 'ACCEPTED' });
    await handle.result();
    await update.result();
    return handle;
  };

export const ticketShapes: Readonly<Record<string, Shape>> = {
  'transfer-transferred': ended('transfer'),
  'transfer-rejected': ended(
    'transfer',
    (twin) => (twin.claim.result = { status: 'rejected', moneyMoved: 'none', reason: 'moving' }),
  ),
  'transfer-not-held': ended('transfer', (twin) => twin.plan('moveTicket', declines('not_held'))),
  'transfer-cancelled': cancelledWhileMoving(false),
  'transfer-cancelled-too-late': cancelledWhileMoving(true),
  'transfer-parked-then-stopped': ended('transfer', (twin) =>
    twin.plan('moveTicket', exhausts(), declines('not_held')).plan('stopMove', refuses('mint_reorganized')),
  ),
  'burn-burned': ended('burn'),
  'burn-parked-then-burned': ended('burn', (twin) => twin.plan('moveTicket', exhausts())),
  'burn-cancelled': async (world) => {
    const { handle, twin } = await startMove(world, 'burn', (one) => one.plan('moveTicket', hangs()));
    await twin.begun('moveTicket');
    await handle.signal(cancelSignal, me);
    await handle.result();
    return handle;
  },
};
