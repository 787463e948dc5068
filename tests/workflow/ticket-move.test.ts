import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { cancelMoveUpdate, cancelSignal, moveStatusQuery } from '../../contracts/messages.ts';
import type { MoveResult } from '../../contracts/ticket-move.ts';
import { declines, exhausts, hangs, losesAnswer, refuses } from '../support/workflow-behaviours.ts';
import { endOf, inRetryPause, useWorkflowWorld } from '../support/workflow-judge.ts';
import { burned, transferred } from '../support/workflow-move-twins.ts';
import { startMove } from '../support/workflow-moves.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const me = { actor: 'support-7', reason: 'wrong wallet' };
const cancelled: MoveResult = { status: 'cancelled', moneyMoved: 'none', ...me };

test.each([
  ['transfer', transferred],
  ['burn', burned],
] as const)('a %s is claimed and done, and its own activity settles the claim', async (kind, end) => {
  const started = await startMove(world(), kind);
  expect(await endOf(started)).toEqual(end);
  expect(started.twin.order).toEqual(['claimMove', 'moveTicket']);
  expect(await started.handle.query(moveStatusQuery)).toMatchObject({ stage: end.status, moneyMoved: 'none' });
});

test.each<MoveResult>([transferred, { status: 'rejected', moneyMoved: 'none', reason: 'moving' }])(
  'a claim that has its answer ($status) is the end',
  async (stored) => {
    const started = await startMove(world(), 'transfer', (twin) => (twin.claim.result = stored));
    expect(await started.handle.result()).toEqual(stored);
    expect(started.twin.order).toEqual(['claimMove']);
  },
);

test('a ticket that its owner moved away is rejected, after it is sure that nothing was signed', async () => {
  const started = await startMove(world(), 'transfer', (twin) => twin.plan('moveTicket', declines('not_held')));
  expect(await endOf(started)).toEqual({ status: 'rejected', moneyMoved: 'none', reason: 'not_held' });
  expect(started.twin.order).toEqual(['claimMove', 'moveTicket', 'stopMove', 'closeMove']);
});

test('a cancel before the transaction is signed stops it', async () => {
  const started = await startMove(world(), 'transfer', (twin) => twin.plan('moveTicket', hangs()));
  await started.twin.begun('moveTicket');
  await started.handle.signal(cancelSignal, me);
  expect(await endOf(started)).toEqual(cancelled);
  expect(started.twin.order).toEqual(['claimMove', 'moveTicket', 'stopMove', 'closeMove']);
});

test.each([
  ['its answer lost', losesAnswer(600_000), true],
  ['its activity stopped', hangs({ commits: true }), false],
])('a cancel after that comes too late, %s: the answer is transferred', async (_, behaviour, pause) => {
  const started = await startMove(world(), 'transfer', (twin) => twin.plan('moveTicket', behaviour));
  await started.twin.begun('moveTicket');
  if (pause) await inRetryPause(started.handle);
  const update = await started.handle.startUpdate(cancelMoveUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  expect(await endOf(started)).toEqual(transferred);
  expect(await update.result()).toEqual(transferred);
});

test('what cannot be known waits for a person, and is tried again', async () => {
  const started = await startMove(world(), 'burn', (twin) => twin.plan('moveTicket', exhausts({ sent: 5 })));
  await started.twin.begun('park');
  expect(await started.handle.query(moveStatusQuery)).toMatchObject({ stage: 'in review', attention: 'review' });
  expect(await endOf(started)).toEqual(burned);
  expect(started.twin.letters.get('move')).toMatchObject({ jobType: 'ticket-burn', attempts: 5, open: false });
});

test('a stop that cannot be made sure of waits for a person', async () => {
  const started = await startMove(world(), 'transfer', (twin) =>
    twin.plan('moveTicket', declines('not_held')).plan('stopMove', refuses('mint_reorganized')),
  );
  expect(await endOf(started)).toMatchObject({ status: 'rejected', reason: 'not_held' });
  expect(started.twin.letters.get('stop')).toMatchObject({ error: 'mint_reorganized', open: false });
});

test('an answer that nobody foresaw is closed before the workflow may fail', async () => {
  const started = await startMove(world(), 'transfer', (twin) => twin.plan('moveTicket', declines('out_of_order')));
  await expect(started.handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect(started.twin.claim.result).toEqual({ status: 'rejected', moneyMoved: 'none', reason: 'internal_error' });
});
