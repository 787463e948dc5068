import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { cancelMintUpdate, cancelSignal, jobStatusQuery } from '../../contracts/messages.ts';
import type { MintResult } from '../../contracts/mint.ts';
import {
  answersWhenCancelled,
  declines,
  exhausts,
  Gate,
  hangs,
  losesAnswer,
  refuses,
} from '../support/workflow-behaviours.ts';
import { endOf, eventsOf, inRetryPause, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { transactionHash } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const me = { actor: 'box-office', reason: 'guest does not come' };
const cancelled: MintResult = { status: 'cancelled', ...me };

test('a ticket is minted, and the mint settles its claim itself', async () => {
  const started = await world().mint();
  const result = await endOf(started);
  expect(result).toMatchObject({ status: 'minted', ticket: { tokenId: '1' }, transactionHash });
  expect(started.twin.order).toEqual(['claimMint', 'mintTickets']);
  expect(started.twin.inputsOf('mintTickets')).toMatchObject([{ settles: { mintKey: 'guest-list' }, round: 0 }]);
  expect(await started.handle.query(jobStatusQuery)).toMatchObject({ stage: 'minted', attention: 'none' });
});

test.each<MintResult>([
  { status: 'minted', ticket: { ticketId: 'guest-0', tokenId: '7' }, transactionHash },
  { status: 'rejected', reason: 'key_reused' },
])('a claim that has its answer ($status) is the end', async (stored) => {
  const started = await world().mint((twin) => (twin.claim.result = stored));
  expect(await started.handle.result()).toEqual(stored);
  expect(started.twin.order).toEqual(['claimMint']);
});

test('a ticket that is taken is rejected, and nothing is left of the try', async () => {
  const started = await world().mint((twin) => twin.plan('mintTickets', declines('ticket_taken')));
  expect(await endOf(started)).toEqual({ status: 'rejected', reason: 'ticket_taken' });
  expect(started.twin.order).toEqual(['claimMint', 'mintTickets', 'burnTickets', 'closeMint']);
});

test('a mint whose calls are used up waits for a person and is tried again', async () => {
  const started = await world().mint((twin) => twin.plan('mintTickets', exhausts({ sent: 5, commits: true })));
  await started.twin.begun('park');
  expect(await started.handle.query(jobStatusQuery)).toMatchObject({ stage: 'in review', attention: 'review' });
  expect((await endOf(started)).status).toBe('minted');
  expect(started.twin.letters.get('mint')).toMatchObject({ jobType: 'nft-mint', attempts: 5, moneyMoved: 'unknown' });
  expect(await upsertsOf(started.handle)).toEqual(['in review/review', 'resumed/none']);
});

test('a mint that is cancelled while it is parked leaves no letter', async () => {
  const started = await world().mint((twin) =>
    twin.always('mintTickets', exhausts()).plan('burnTickets', refuses('burn_reverted')),
  );
  await started.twin.begun('park');
  await started.handle.executeUpdate(cancelMintUpdate, { args: [{ ...me, reason: '' }] }).catch(() => undefined);
  const update = await started.handle.startUpdate(cancelMintUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  expect(await endOf(started)).toEqual(cancelled);
  expect(await update.result()).toEqual(cancelled);
  expect(started.twin.letters.get('burn')).toMatchObject({ open: false });
});

test('cancelled while it mints, nothing minted: claimed as cancelled', async () => {
  const started = await world().mint((twin) => twin.plan('mintTickets', hangs()));
  await started.twin.begun('mintTickets');
  await started.handle.signal(cancelSignal, me);
  expect(await endOf(started)).toEqual(cancelled);
  expect(started.twin.order).toEqual(['claimMint', 'mintTickets', 'burnTickets', 'closeMint']);
});

test('cancelled while it mints, on the chain and not yet recorded: burned', async () => {
  const started = await world().mint((twin) => {
    const commits = hangs({ commits: true });
    twin.plan('mintTickets', (effect) => {
      const answer = commits(effect);
      delete twin.claim.result;
      return answer;
    });
  });
  await started.twin.begun('mintTickets');
  await started.handle.signal(cancelSignal, me);
  expect(await endOf(started)).toEqual(cancelled);
  expect(started.twin.tickets).toBe('burned');
});

test.each([
  ['its answer lost', losesAnswer(600_000), true],
  ['its activity stopped', hangs({ commits: true }), false],
])('a mint that is recorded is minted, %s: it was too late to cancel', async (_, behaviour, pause) => {
  const started = await world().mint((twin) => twin.plan('mintTickets', behaviour));
  await started.twin.begun('mintTickets');
  if (pause) await inRetryPause(started.handle);
  const update = await started.handle.startUpdate(cancelMintUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  const result = await endOf(started);
  expect(result).toMatchObject({ status: 'minted', transactionHash });
  expect(await update.result()).toEqual(result);
  expect(started.twin.tickets).toBe('minted');
});

test('a mint that succeeds all the same is minted: it was too late', async () => {
  const started = await world().mint((twin) => twin.plan('mintTickets', answersWhenCancelled));
  await started.twin.begun('mintTickets');
  const update = await started.handle.startUpdate(cancelMintUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  const result = await endOf(started);
  expect(result.status).toBe('minted');
  expect(await update.result()).toEqual(result);
  expect(started.twin.count('burnTickets')).toBe(0);
});

test('cancelled in the Web UI', async () => {
  const started = await world().mint((twin) => twin.plan('mintTickets', hangs()));
  await started.twin.begun('mintTickets');
  await started.handle.cancel();
  expect(await endOf(started)).toMatchObject({ status: 'cancelled', actor: 'temporal' });
});

test('a cancel that says too little is refused before history', async () => {
  const gate = new Gate();
  const started = await world().mint((twin) => twin.plan('mintTickets', gate.passes));
  await started.twin.begun('mintTickets');
  const sent = started.handle.executeUpdate(cancelMintUpdate, { args: [{ actor: 'me', reason: '' }] });
  await expect(sent).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
  const events = await eventsOf(started.handle);
  expect(events.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
  gate.open();
  expect((await endOf(started)).status).toBe('minted');
});

test('an unexpected error is burned and its claim closed before the workflow may fail', async () => {
  const started = await world().mint((twin) =>
    twin.plan('mintTickets', (effect) => {
      effect();
      delete twin.claim.result;
      return {} as ReturnType<typeof effect>;
    }),
  );
  const error: unknown = await started.handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect(((error as WorkflowFailedError).cause as ApplicationFailure).type).toBe('Bug');
  expect(started.twin.tickets).toBe('burned');
  expect(started.twin.claim.result).toEqual({ status: 'rejected', reason: 'internal_error' });
});
