/** Shapes of payouts, their returns and their rounds. */
import type { WorkflowHandle } from '@temporalio/client';
import { payoutStart } from '../../client/start-payout.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import {
  approveUpdate,
  cancelPayoutUpdate,
  cancelSignal,
  payoutStatusQuery,
  providerEventSignal,
  rejectUpdate,
  workflowTypes,
} from '../../contracts/messages.ts';
import { until } from '../../sandbox/processes/until.ts';
import { declines, exhausts, Gate } from '../support/workflow-behaviours.ts';
import { payoutRequest, type StartedPayout, startPayout, startReturn } from '../support/workflow-payouts.ts';
import { proofOf, type Twin } from '../support/workflow-twins.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;

const me = { actor: 'support-7', reason: 'not now' };

async function ended<Handle extends WorkflowHandle>({ handle }: { handle: Handle }): Promise<Handle> {
  await handle.result();
  return handle;
}

const paid =
  (plan?: (twin: Twin) => unknown): Shape =>
  async (world) =>
    ended(await startPayout(world, (twin) => void plan?.(twin)));

async function stands({ handle }: StartedPayout, stage: string): Promise<void> {
  await until(async () => (await handle.query(payoutStatusQuery)).stage === stage, { withinMs: 10_000 });
}

const event = (type: string, objectId: string) => ({ provider: 'stripe', eventId: 'evt_1', type, objectId }) as const;
const by = (actor: string) => ({ actor, reason: 'checked', proof: proofOf(actor) });
const needsTwo = (twin: Twin) => void (twin.payout.reservation = { approvalsNeeded: 2 });

/** A person decides about a step that parked. */
const resolved =
  (decision: 'retry' | 'mark_failed', plan: (twin: Twin) => unknown): Shape =>
  async (world) => {
    const payout = await startPayout(world, (twin) => void plan(twin));
    await payout.twin.begun('park');
    const request = { actor: 'grace', decision, evidence: 'case 1', proof: proofOf('grace') };
    await payout.handle.executeUpdate('resolve', { args: [request] });
    return ended(payout);
  };

/** The cancel is there before anything is reserved. */
const cancelled: Shape = async ({ client }) => {
  const request = payoutRequest({ payoutId: 'payout-cancelled' });
  const { args, ...start } = payoutStart(request, fingerprintOf(request));
  const handle = await client.workflow.signalWithStart(workflowTypes.payout, {
    ...start,
    args: [...args],
    signal: cancelSignal,
    signalArgs: [me],
  });
  return ended({ handle });
};

/** The update is answered with the end. */
const cancelledAt =
  (stage: string, plan: (twin: Twin) => unknown): Shape =>
  async (world) => {
    const payout = await startPayout(world, (twin) => void plan(twin));
    await stands(payout, stage);
    await payout.handle.executeUpdate(cancelPayoutUpdate, { args: [me] });
    return ended(payout);
  };

const cancelledTooLate: Shape = async (world) => {
  const gate = new Gate();
  const payout = await startPayout(world, (twin) => twin.plan('transferToVenue', gate.passes));
  await payout.twin.begun('transferToVenue');
  const update = await payout.handle.startUpdate(cancelPayoutUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  gate.open();
  const handle = await ended(payout);
  await update.result();
  return handle;
};

const approved: Shape = async (world) => {
  const payout = await startPayout(world, needsTwo);
  await stands(payout, 'awaiting approval');
  for (const who of ['grace', 'linus']) await payout.handle.executeUpdate(approveUpdate, { args: [by(who)] });
  return ended(payout);
};

const notApproved: Shape = async (world) => {
  const payout = await startPayout(world, needsTwo);
  await stands(payout, 'awaiting approval');
  await payout.handle.executeUpdate(rejectUpdate, { args: [by('linus')] });
  return ended(payout);
};

const heardOf: Shape = async (world) => {
  const payout = await startPayout(world, (twin) => (twin.payout.statuses = ['pending', 'in_transit', 'paid']));
  await stands(payout, 'in transit');
  await payout.handle.signal(providerEventSignal, event('payout.updated', 'po_1'));
  await payout.twin.begun('retrievePayout');
  await payout.handle.signal(providerEventSignal, event('payout.paid', 'po_1'));
  return ended(payout);
};

/** Frozen at first, released by a webhook, frozen again while people think. */
const waited: Shape = async (world) => {
  const payout = await startPayout(world, (twin) => {
    twin.payout.obstacles = ['payouts_disabled', undefined, 'frozen'];
  });
  await stands(payout, 'waiting');
  await payout.handle.signal(providerEventSignal, event('account.updated', 'acct_1'));
  return ended(payout);
};

/** It was paid, and a webhook said meanwhile that it came back. */
const cameBack: Shape = async (world) => {
  const gate = new Gate();
  const payout = await startPayout(world, (twin) => {
    twin.payout.statuses = ['pending', 'paid'];
    twin.plan('retrievePayout', gate.passes);
  });
  await stands(payout, 'in transit');
  await payout.handle.signal(providerEventSignal, event('payout.paid', 'po_1'));
  await payout.twin.begun('retrievePayout');
  await payout.handle.signal(providerEventSignal, event('payout.failed', 'po_1'));
  gate.open();
  return ended(payout);
};

const heardWhileLooking: Shape = async (world) => {
  const gate = new Gate();
  const returning = await startReturn(world, (twin) => {
    twin.payout.statuses = ['paid', 'failed'];
    twin.plan('retrievePayout', gate.passes);
  });
  await returning.twin.begun('retrievePayout');
  await returning.handle.signal(providerEventSignal, event('payout.failed', 'po_1'));
  gate.open();
  return ended(returning);
};

const no = declines('balance_insufficient');

export const payoutShapes: Readonly<Record<string, Shape>> = {
  'payout-paid': paid(),
  'payout-paid-at-once': paid((twin) => (twin.payout.statuses = ['paid'])),
  'payout-without-transfer': paid((twin) => (twin.payout.reservation = { transferAmount: 0 })),
  'payout-rejected': paid(
    (twin) =>
      (twin.claim.result = { status: 'rejected', moneyMoved: 'with_us', reason: 'nothing_available', available: 0 }),
  ),
  'payout-waited-for-venue': waited,
  'payout-waited-for-funds': paid((twin) => twin.plan('transferToVenue', no, no).plan('createPayout', no)),
  'payout-approved': approved,
  'payout-not-approved': notApproved,
  'payout-expired': paid(needsTwo),
  'payout-heard-of': heardOf,
  'payout-returned': paid((twin) => (twin.payout.statuses = ['pending', 'failed'])),
  'payout-transfer-declined': paid((twin) => twin.plan('transferToVenue', declines('account_invalid'))),
  'payout-payout-declined': paid((twin) => twin.plan('createPayout', declines('payouts_not_allowed'))),
  'payout-came-back': cameBack,
  'payout-parked-then-paid': paid((twin) => twin.plan('transferToVenue', exhausts()).plan('createPayout', exhausts())),
  'payout-resolved-retry': resolved('retry', (twin) => twin.plan('createPayout', exhausts())),
  'payout-resolved-mark-failed': resolved('mark_failed', (twin) => twin.always('transferToVenue', exhausts())),
  'payout-cancelled': cancelled,
  'payout-cancelled-waiting': cancelledAt('waiting', (twin) => (twin.payout.obstacles = ['frozen'])),
  'payout-cancelled-awaiting-approval': cancelledAt('awaiting approval', needsTwo),
  'payout-cancelled-too-late': cancelledTooLate,
  'payout-return-returned': async (world) =>
    ended(await startReturn(world, (twin) => (twin.payout.statuses = ['failed']))),
  'payout-return-withdrawn': async (world) =>
    ended(await startReturn(world, (twin) => (twin.payout.statuses = ['paid']))),
  'payout-return-heard-of': heardWhileLooking,
  'payout-round-started': async ({ client }) =>
    ended({
      handle: await client.workflow.start(workflowTypes.payoutRound, {
        workflowId: 'payout-round:acme:arena-2027-01-01T06:00:00Z',
        taskQueue: 'money',
        args: [{ tenantId: 'acme', venueId: 'arena' }],
      }),
    }),
};
