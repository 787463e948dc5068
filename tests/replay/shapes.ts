/**
 * The shapes of control flow that must replay. Each has one history in `histories/`, recorded once and kept: it stands
 * for the workflows that are running in production while the next version of the code is rolled out.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { cancelSignal, cancelUpdate, providerEventSignal } from '../../contracts/messages.ts';
import { completed } from '../support/orders.ts';
import { breaks, declines, exhausts, failsFor, Gate, hangs, refuses } from '../support/workflow-behaviours.ts';
import type { WorkflowWorld } from '../support/workflow-world.ts';

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

export const shapes: Readonly<Record<string, Shape>> = {
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
  'mint-minted': async (world) => ended(await world.mint()),
  'mint-rejected': async (world) =>
    ended(await world.mint((twin) => twin.plan('mintTickets', declines('ticket_taken')))),
  'mint-cancelled': async (world) => {
    const mint = await world.mint((twin) => twin.plan('mintTickets', hangs()));
    await mint.twin.begun('mintTickets');
    await mint.handle.signal(cancelSignal, me);
    return ended(mint);
  },
  'email-sent': async (world) => ended(await world.email()),
  'email-undeliverable': async (world) => ended(await world.email((twin) => twin.plan('sendMail', declines('550')))),
  'email-cancelled': async (world) => {
    const email = await world.email((twin) => twin.plan('sendMail', hangs()));
    await email.twin.begun('sendMail');
    await email.handle.signal(cancelSignal, me);
    return ended(email);
  },
};
