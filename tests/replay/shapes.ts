/**
 * The shapes of control flow that must replay. Each has one history in `histories/`, recorded once and kept: it stands
 * for the workflows that are running in production while the next version of the code is rolled out.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { refundStart } from '../../client/start-options.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import {
  cancelRefundUpdate,
  cancelSignal,
  cancelUpdate,
  providerEventSignal,
  workflowTypes,
} from '../../contracts/messages.ts';
import type { RefundRequest, RefundReservation } from '../../contracts/refund.ts';
import { alertShapes } from './shapes-alert.ts';
import { deadLetterShapes } from './shapes-dead-letters.ts';
import { disputeShapes } from './shapes-dispute.ts';
import { completed } from '../support/orders.ts';
import { messageShapes } from './shapes-messages.ts';
import { monitorShapes } from './shapes-monitor.ts';
import { breaks, declines, exhausts, failsFor, Gate, hangs, refuses } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';
import { eventCancellationShapes } from './shapes-event-cancellation.ts';
import { backgroundShapes } from './shapes-background.ts';
import { payoutShapes } from './shapes-payout.ts';
import { decisionShapes } from './shapes-decisions.ts';
import { shapes3ds } from './shapes-3ds.ts';
import { reconciliationShapes } from './shapes-reconciliation.ts';
import { ticketShapes } from './shapes-tickets.ts';

const me = { actor: 'support-7', reason: 'wrong seats' };
const hour = 3_600_000;

const free = {
  amount: 0,
  lines: [{ kind: 'ticket' as const, ticketId: 'seat-1', amount: 0 }],
  tickets: [{ ticketId: 'seat-1', price: 0 }],
};

/** Runs the shape to its end; the workflow's history is then what gets recorded. */
type Shape = (world: WorkflowWorld) => Promise<WorkflowHandle>;
type Plan = Parameters<WorkflowWorld['payment']>[0];

async function ended({ handle }: { handle: WorkflowHandle }): Promise<WorkflowHandle> {
  // One of the shapes fails, as a bug does.
  await handle.result().catch(() => undefined);
  return handle;
}

/** A purchase started as services start it. */
const purchased =
  (plan?: Plan, change?: Parameters<WorkflowWorld['payment']>[1]): Shape =>
  async (world) => {
    const purchase = await world.purchase(plan, change);
    const handle = await ended(purchase);
    await purchase.early;
    return handle;
  };

const cancelledAt =
  (activity: 'authorizePayment' | 'mintTickets' | 'park', plan: Plan): Shape =>
  async (world) => {
    const purchase = await world.payment(plan);
    await purchase.twin.begun(activity);
    const update = await purchase.handle.startUpdate(cancelUpdate, { args: [me], waitForStage: 'ACCEPTED' });
    const handle = await ended(purchase);
    await update.result();
    return handle;
  };

const burning: Partial<RefundReservation> = { ticketIds: ['seat-1', 'seat-2'] };

/** A refund as support asks for it. */
const refunded =
  (plan?: Plan): Shape =>
  async (world) =>
    ended(await world.refund(plan));

/** A refund that the provider has not ended, and whose webhook comes before the first look. */
const refundHeardOf: Shape = async (world) => {
  const gate = new Gate();
  const refund = await world.refund((twin) => {
    twin.refund.statuses = ['pending', 'succeeded'];
    twin.plan('createRefund', gate.passes);
  });
  await refund.twin.begun('createRefund');
  await refund.handle.signal(providerEventSignal, {
    provider: 'stripe',
    eventId: 'evt_1',
    type: 'refund.updated',
    objectId: 're_1',
  });
  gate.open();
  return ended(refund);
};

/** The cancel is there before anything is reserved. The test server does not extend a task in which a claim takes long. */
const refundCancelled: Shape = async ({ client }) => {
  const request: RefundRequest = {
    tenantId: 'acme', refundId: 'refund-cancelled', paymentKey: 'key-1', tickets: 'keep', reason: 'event moved',
    requestedBy: 'support-7',
  }; // prettier-ignore
  const { args, ...start } = refundStart(request, fingerprintOf(request));
  const handle = await client.workflow.signalWithStart(workflowTypes.refund, {
    ...start,
    args: [...args],
    signal: cancelSignal,
    signalArgs: [me],
  });
  return ended({ handle });
};

/** The update is answered with the end. */
const refundCancelledTooLate: Shape = async (world) => {
  const gate = new Gate();
  const refund = await world.refund((twin) => twin.plan('createRefund', gate.passes));
  await refund.twin.begun('createRefund');
  const update = await refund.handle.startUpdate(cancelRefundUpdate, { args: [me], waitForStage: 'ACCEPTED' });
  gate.open();
  const handle = await ended(refund);
  await update.result();
  return handle;
};

export const shapes: Readonly<Record<string, Shape>> = {
  ...disputeShapes,
  'payment-completed': purchased(),
  'payment-zero-amount': purchased(undefined, free),
  'payment-declined': purchased((twin) => twin.plan('authorizePayment', declines('insufficient_funds'))),
  'payment-claim-settled': purchased((twin) => (twin.claim.result = completed)),
  'payment-unfulfilled': purchased((twin) => twin.plan('mintTickets', declines('ticket_taken'))),
  'payment-capture-declined': purchased((twin) => twin.plan('capturePayment', declines('card_declined'))),
  'payment-parked-then-completed': purchased((twin) => twin.plan('authorizePayment', exhausts(), exhausts())),
  'payment-parked-in-capture': purchased((twin) => twin.plan('capturePayment', exhausts())),
  'payment-parked-while-undoing': purchased((twin) =>
    twin.plan('mintTickets', declines('ticket_taken')).plan('burnTickets', refuses('burn_reverted')),
  ),
  'payment-expired-parked': purchased((twin) => {
    twin.authorizationMs = hour / 4;
    twin.always('mintTickets', exhausts());
  }),
  'payment-expired-chain-down': purchased((twin) => {
    twin.authorizationMs = hour;
    twin.always('mintTickets', failsFor(hour / 4));
  }),
  'payment-expired-by-provider': async (world) => {
    const purchase = await world.payment((twin) => twin.plan('mintTickets', hangs()));
    await purchase.twin.begun('mintTickets');
    await purchase.handle.signal(providerEventSignal, {
      provider: 'stripe',
      eventId: 'evt_1',
      type: 'payment_intent.canceled',
      objectId: `pi_payment_acme_${purchase.order.idempotencyKey}`,
    });
    return ended(purchase);
  },
  'payment-cancelled-authorizing': cancelledAt('authorizePayment', (twin) => twin.plan('authorizePayment', hangs())),
  'payment-cancelled-minting': cancelledAt('mintTickets', (twin) => twin.plan('mintTickets', hangs({ commits: true }))),
  'payment-cancelled-parked': cancelledAt('park', (twin) => twin.always('mintTickets', exhausts())),
  'payment-cancelled-in-web-ui': async (world) => {
    const purchase = await world.payment((twin) => twin.plan('mintTickets', hangs()));
    await purchase.twin.begun('mintTickets');
    await purchase.handle.cancel();
    return ended(purchase);
  },
  'payment-cancelled-too-late': async (world) => {
    const gate = new Gate();
    const purchase = await world.payment((twin) => twin.plan('capturePayment', gate.passes));
    await purchase.twin.begun('capturePayment');
    const update = await purchase.handle.startUpdate(cancelUpdate, { args: [me], waitForStage: 'ACCEPTED' });
    gate.open();
    const handle = await ended(purchase);
    await update.result();
    return handle;
  },
  'payment-receipt-handed-over': purchased((twin) => twin.plan('sendReceipt', breaks)),
  'payment-bug': purchased(undefined, { raw: { tickets: { length: 1 } } }),
  ...shapes3ds,
  'refund-completed': refunded(),
  'refund-burned': refunded((twin) => (twin.refund.reservation = burning)),
  'refund-burn-parked-then-completed': refunded((twin) => {
    twin.refund.reservation = burning;
    twin.plan('burnRefunded', refuses('burn_reverted'));
  }),
  'refund-pending-then-completed': refunded((twin) => (twin.refund.statuses = ['pending', 'pending', 'succeeded'])),
  'refund-heard-of-then-completed': refundHeardOf,
  'refund-parked-then-completed': refunded((twin) => twin.plan('createRefund', exhausts(), exhausts())),
  'refund-failed': refunded((twin) => (twin.refund.statuses = ['pending', 'failed'])),
  'refund-failed-at-once': refunded((twin) => (twin.refund.statuses = ['failed'])),
  'refund-rejected': refunded(
    (twin) =>
      (twin.claim.result = { status: 'rejected', moneyMoved: 'captured', reason: 'exceeds', refundable: 5_000 }),
  ),
  'refund-disputed': refunded((twin) => twin.plan('createRefund', declines('disputed'))),
  'refund-cancelled': refundCancelled,
  'refund-cancelled-too-late': refundCancelledTooLate,
  ...eventCancellationShapes,
  ...backgroundShapes,
  'mint-minted': async (world) => ended(await world.mint()),
  'mint-rejected': async (world) =>
    ended(await world.mint((twin) => twin.plan('mintTickets', declines('ticket_taken')))),
  'mint-cancelled': async (world) => {
    const mint = await world.mint((twin) => twin.plan('mintTickets', hangs()));
    await mint.twin.begun('mintTickets');
    await mint.handle.signal(cancelSignal, me);
    return ended(mint);
  },
  ...ticketShapes,
  'email-sent': async (world) => ended(await world.email()),
  'email-undeliverable': async (world) => ended(await world.email((twin) => twin.plan('sendMail', declines('550')))),
  'email-cancelled': async (world) => {
    const email = await world.email((twin) => twin.plan('sendMail', hangs()));
    await email.twin.begun('sendMail');
    await email.handle.signal(cancelSignal, me);
    return ended(email);
  },
  ...decisionShapes,
  ...alertShapes,
  ...messageShapes,
  ...monitorShapes,
  ...payoutShapes,
  ...deadLetterShapes,
  ...reconciliationShapes,
};
