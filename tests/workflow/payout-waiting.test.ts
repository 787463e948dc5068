/** What a payout waits for before money moves: a venue that can be paid, and people who agree. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { ApprovalRequest, DecisionRefusal } from '../../contracts/decisions.ts';
import {
  approveSignal,
  approveUpdate,
  payoutStatusQuery,
  providerEventSignal,
  rejectUpdate,
} from '../../contracts/messages.ts';
import { declines, exhausts, refuses } from '../support/workflow-behaviours.ts';
import { durationOf, upsertsOf, useWorkflowWorld } from '../support/workflow-judge.ts';
import { payoutEndOf, type StartedPayout, startPayout } from '../support/workflow-payouts.ts';
import { proofOf, type Twin } from '../support/workflow-twins.ts';

const world = useWorkflowWorld({ queues: ['money'] });
const hour = 3_600_000;
const day = 24 * hour;
const paid = { status: 'paid', moneyMoved: 'paid_out' };
const accountUpdated = { provider: 'stripe', eventId: 'evt_1', type: 'account.updated', objectId: 'acct_1' } as const;

const needs = (approvalsNeeded: 1 | 2) => (twin: Twin) => void (twin.payout.reservation = { approvalsNeeded });
const by = (actor: string, proof = proofOf(actor)): ApprovalRequest => ({ actor, reason: 'checked', proof });
const approve = ({ handle }: StartedPayout, request: ApprovalRequest) =>
  handle.executeUpdate(approveUpdate, { args: [request] });
const reject = ({ handle }: StartedPayout, request: ApprovalRequest) =>
  handle.executeUpdate(rejectUpdate, { args: [request] });

const stands = ({ handle }: StartedPayout, stage: string) =>
  expect.poll(async () => (await handle.query(payoutStatusQuery)).stage, { timeout: 5_000 }).toBe(stage);

/** Why it was refused. */
async function refusalOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
    return 'taken';
  } catch (error) {
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    const [detail] = (cause.details ?? []) as { because?: DecisionRefusal }[];
    return detail?.because ?? cause.type ?? 'unknown';
  }
}

test.each(['frozen', 'no_account', 'payouts_disabled'] as const)(
  'a venue that is %s is waited for, and nothing is reserved meanwhile',
  async (obstacle) => {
    const payout = await startPayout(world(), (twin) => (twin.payout.obstacles = [obstacle, obstacle]));
    await stands(payout, 'waiting');
    expect(payout.twin.payout.books).toBe('waiting');
    expect(await payoutEndOf(payout)).toMatchObject(paid);
    expect(payout.twin.count('reservePayout')).toBe(3);
    const waited = await durationOf(payout.handle);
    expect(waited).toBeGreaterThanOrEqual(2 * hour);
    expect(await upsertsOf(payout.handle)).toEqual([
      'waiting/provider', 'started/none', 'in transit/provider', 'paid/none',
    ]); // prettier-ignore
  },
);

test('it goes on as soon as the venue’s account is said to have changed', async () => {
  const payout = await startPayout(world(), (twin) => {
    twin.payout.obstacles = ['payouts_disabled'];
    twin.payout.statuses = ['paid'];
  });
  await stands(payout, 'waiting');
  await payout.handle.signal(providerEventSignal, accountUpdated);
  expect(await payoutEndOf(payout)).toMatchObject(paid);
  expect(await durationOf(payout.handle)).toBeLessThan(hour);
});

test('a venue that owes by the time that it can be paid: nothing is available', async () => {
  const nothing = { status: 'rejected', moneyMoved: 'with_us', reason: 'nothing_available', available: 0 } as const;
  const payout = await startPayout(world(), (twin) => {
    twin.payout.obstacles = ['frozen'];
    twin.claim.result = nothing;
  });
  expect(await payoutEndOf(payout)).toEqual(nothing);
  expect(payout.twin.order).toEqual(['reservePayout']);
});

test('without a limit nobody is asked; with one, one person has to approve', async () => {
  const payout = await startPayout(world(), needs(1));
  await stands(payout, 'awaiting approval');
  expect(await payout.handle.query(payoutStatusQuery)).toMatchObject({ attention: 'approval', moneyMoved: 'with_us' });
  expect(payout.twin.count('transferToVenue')).toBe(0);
  expect(await approve(payout, by('grace'))).toEqual({ decision: 'approved', approvals: 1, needed: 1 });
  expect(await payoutEndOf(payout)).toMatchObject(paid);
  expect(await upsertsOf(payout.handle)).toEqual([
    'awaiting approval/approval', 'transferring/none', 'in transit/provider', 'paid/none',
  ]); // prettier-ignore
});

test('two different people, neither of them the requester', async () => {
  const payout = await startPayout(world(), needs(2));
  await stands(payout, 'awaiting approval');
  expect(await refusalOf(approve(payout, by('clerk-7')))).toBe('own_request');
  expect(await refusalOf(approve(payout, by('grace', 'forged')))).toBe('bad_signature');
  expect(await approve(payout, by('grace'))).toMatchObject({ approvals: 1, needed: 2 });
  expect(await refusalOf(approve(payout, by('grace')))).toBe('decided_before');
  expect(payout.twin.count('transferToVenue')).toBe(0);
  await payout.handle.signal(approveSignal, by('linus'));
  expect(await payoutEndOf(payout)).toMatchObject(paid);
  expect(payout.twin.inputsOf('decide')).toMatchObject([
    { requestedBy: 'clerk-7', decidedBy: [] },
    { requestedBy: 'clerk-7', decidedBy: [] },
    { requestedBy: 'clerk-7', decidedBy: [] },
    { requestedBy: 'clerk-7', decidedBy: ['grace'] },
    { requestedBy: 'clerk-7', decidedBy: ['grace'] },
  ]);
});

test('one person who says no ends it, and is named', async () => {
  const payout = await startPayout(world(), needs(2));
  await stands(payout, 'awaiting approval');
  await approve(payout, by('grace'));
  expect(await reject(payout, by('linus'))).toMatchObject({ decision: 'rejected' });
  expect(await payoutEndOf(payout)).toEqual({
    status: 'rejected', moneyMoved: 'with_us', reason: 'not_approved', actor: 'linus',
  }); // prettier-ignore
  expect(payout.twin.payout.books).toBe('released');
});

test('nobody approves: it is reminded of each day, and expires after seven', async () => {
  const payout = await startPayout(world(), needs(1));
  expect(await payoutEndOf(payout)).toEqual({ status: 'expired', moneyMoved: 'with_us' });
  const waited = await durationOf(payout.handle);
  expect(waited).toBeGreaterThanOrEqual(7 * day);
  expect(waited).toBeLessThan(7 * day + hour);
  expect(payout.twin.order).toEqual(['reservePayout', 'releasePayout']);
});

test('a venue that was frozen while people thought is looked at again before money moves', async () => {
  const payout = await startPayout(world(), (twin) => {
    twin.payout.reservation = { approvalsNeeded: 1 };
    twin.payout.obstacles = [undefined, 'frozen'];
  });
  await stands(payout, 'awaiting approval');
  await approve(payout, by('grace'));
  await stands(payout, 'waiting');
  expect(payout.twin.count('transferToVenue')).toBe(0);
  await payout.handle.signal(providerEventSignal, accountUpdated);
  expect(await payoutEndOf(payout)).toMatchObject(paid);
});

test.each([
  { step: 'transfer', call: 'transferToVenue', moneyMoved: 'unknown' },
  { step: 'payout', call: 'createPayout', moneyMoved: 'unknown' },
  { step: 'follow', call: 'retrievePayout', moneyMoved: 'in_transit' },
] as const)('$step that needs a person parks, and its money is $moneyMoved', async ({ step, call, moneyMoved }) => {
  const sent = step === 'follow' ? 0 : 8;
  const payout = await startPayout(world(), (twin) => twin.plan(call, exhausts({ sent, commits: sent > 0 })));
  if (step === 'follow') {
    await stands(payout, 'in transit');
    await payout.handle.signal(providerEventSignal, { ...accountUpdated, type: 'payout.paid', objectId: 'po_1' });
  }
  await payout.twin.begun('park');
  expect(payout.twin.letters.get(step)).toMatchObject({ jobType: 'payout-process', moneyMoved, attempts: sent });
  expect(await payoutEndOf(payout)).toMatchObject(paid);
  expect(await upsertsOf(payout.handle)).toContain('in review/review');
});

test('a round of a parked call and a "no" for want of funds allow one more call each', async () => {
  const payout = await startPayout(world(), (twin) =>
    twin.plan('transferToVenue', exhausts(), declines('balance_insufficient'), refuses('parameter_invalid')),
  );
  expect(await payoutEndOf(payout)).toMatchObject(paid);
  expect(payout.twin.inputsOf('transferToVenue')).toMatchObject([0, 1, 2, 3].map((round) => ({ round })));
});

test.each([
  { step: 'transfer', call: 'transferToVenue', moneyMoved: 'with_us', confirm: 'confirmNoTransfer' },
  { step: 'payout', call: 'createPayout', moneyMoved: 'with_provider', confirm: 'confirmNoPayout' },
] as const)('mark_failed at $step: it is made sure that there is none, then released', async (what) => {
  const payout = await startPayout(world(), (twin) => twin.always(what.call, exhausts()));
  await payout.twin.begun('park');
  const decision = { actor: 'grace', decision: 'mark_failed', evidence: 'case 1', proof: proofOf('grace') };
  await payout.handle.executeUpdate('resolve', { args: [decision] });
  expect(await payoutEndOf(payout)).toEqual({
    status: 'returned', moneyMoved: what.moneyMoved, code: 'marked_failed',
  }); // prettier-ignore
  expect(payout.twin.count(what.confirm)).toBe(1);
});
