/** What a person decides about a step that came to rest. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Resolution } from '../../contracts/decisions.ts';
import { approveSignal, approveUpdate, rejectUpdate, resolveSignal, resolveUpdate } from '../../contracts/messages.ts';
import { declines, exhausts, failsFor, refuses } from '../support/workflow-behaviours.ts';
import { proofOf, type Twin } from '../support/workflow-twins.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

type Plan = (twin: Twin) => void;
type Kind = 'payment' | 'refund';

const decision = (choice: Resolution, proof = proofOf('grace')) => ({
  actor: 'grace',
  decision: choice,
  evidence: 'support case 4711',
  proof,
});

/** Decides as soon as the step has come to rest. */
const resolved =
  (kind: Kind, choice: Resolution, plan: Plan) =>
  async (world: WorkflowWorld): Promise<WorkflowHandle> => {
    const { handle, twin } = await world[kind](plan);
    const ended = handle.result();
    await twin.begun('park');
    await (handle as WorkflowHandle).executeUpdate(resolveUpdate, { args: [decision(choice)] });
    await ended;
    return handle;
  };

/** Refused for its proof, then by a signal that is good. */
const refusedThenResolved = async (world: WorkflowWorld): Promise<WorkflowHandle> => {
  const { handle, twin } = await world.payment((planned) => planned.plan('authorizePayment', exhausts()));
  await twin.begun('park');
  await handle.executeUpdate(resolveUpdate, { args: [decision('retry', 'forged')] }).catch(() => undefined);
  await handle.signal(resolveSignal, decision('retry'));
  await handle.result();
  return handle;
};

const by = (actor: string) => [{ actor, reason: 'checked', proof: proofOf(actor) }] as const;

/** A refund above the venue's limit, once it waits for approval. */
const approval =
  (decide: (handle: WorkflowHandle) => Promise<unknown>) =>
  async (world: WorkflowWorld): Promise<WorkflowHandle> => {
    const { handle, twin } = await world.refund((planned) => {
      planned.refund.reservation = { approvalsNeeded: 2 };
    });
    await twin.begun('reserveRefund');
    await decide(handle);
    await handle.result();
    return handle;
  };

const burnRefused: Plan = (twin) => {
  twin.plan('mintTickets', declines('ticket_taken')).always('burnTickets', refuses('burn_reverted'));
};
const burnUnanswered: Plan = (twin) => {
  twin.plan('mintTickets', declines('ticket_taken')).always('burnTickets', failsFor(600_000));
};

export const decisionShapes = {
  'payment-resolved-retry': resolved('payment', 'retry', (twin) => twin.plan('authorizePayment', exhausts())),
  'payment-resolved-after-refusal': refusedThenResolved,
  'payment-resolved-marked-failed': resolved('payment', 'mark_failed', (twin) =>
    twin.always('mintTickets', exhausts({ commits: true })),
  ),
  'payment-resolved-compensate': resolved('payment', 'compensate', (twin) =>
    twin.always('mintTickets', exhausts({ commits: true })),
  ),
  'payment-undo-marked-succeeded': resolved('payment', 'mark_succeeded', burnRefused),
  'payment-undo-marked-while-unanswered': resolved('payment', 'mark_succeeded', burnUnanswered),
  'refund-approved': approval(async (handle) => {
    await handle.executeUpdate(approveUpdate, { args: [...by('grace')] });
    await handle.signal(approveSignal, ...by('linus'));
  }),
  'refund-not-approved': approval((handle) => handle.executeUpdate(rejectUpdate, { args: [...by('grace')] })),
  'refund-approval-expired': approval(() => Promise.resolve()),
  'refund-marked-failed': resolved('refund', 'mark_failed', (twin) => twin.always('createRefund', exhausts())),
  'refund-exists-though-marked-failed': resolved('refund', 'mark_failed', (twin) =>
    twin.plan('createRefund', exhausts({ commits: true })),
  ),
  'refund-burn-marked-succeeded': resolved('refund', 'mark_succeeded', (twin) => {
    twin.refund.reservation = { ticketIds: ['seat-1'] };
    twin.always('burnRefunded', refuses('burn_reverted'));
  }),
};
