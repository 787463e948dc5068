/** The stages of a purchase, and how to get there. */
import type { Stripe } from 'stripe';
import { tokenIdOf } from '../../../activities/providers/chain/token-id.ts';
import { receiptKeyOf } from '../../../contracts/hashes.ts';
import { statusQuery } from '../../../contracts/messages.ts';
import type { PaymentResult, PurchaseOrder } from '../../../contracts/payment.ts';
import { createProviderControl } from '../../../sandbox/scenarios/provider-control.ts';
import { callsOf, simulatorAt } from '../../support/faults.ts';
import { type OrderChange, workflowIdOf } from '../../support/purchases.ts';
import { type Gate, proxyGate, simulatorGate } from './gates.ts';
import { eventually, type End, type Stage, type Subject, waitingAt } from './stage.ts';
import type { Column, RowName } from './table.ts';
import type { StagesWorld } from './world.ts';

/** Two tickets of 50.00 and a fee of 5.00. */
const wish = { tickets: 2, price: 5_000, fee: 500 };
const patienceMs = 120_000;

const foreign: ReadonlySet<string> = new Set(['failed', 'rejected', 'paid', 'returned']);
const isPurchases = (end: End): end is PaymentResult => !foreign.has(end.status);

const bought = (end: End): PaymentResult => {
  if (isPurchases(end)) return end;
  throw new Error(`${end.status} is no purchase's end`);
};

/** In the bytes of a transaction about the first ticket of an order. */
export const tokenOf = ({ tenantId, tickets: [first] }: PurchaseOrder) =>
  tokenIdOf(tenantId, first!.ticketId, 0).toString(16).padStart(64, '0');

export async function sell({ shop }: StagesWorld, change?: OrderChange) {
  const order = shop.order({ ...wish, ...change });
  const end = await (await shop.boxoffice.payments.purchase(order, { deadlineMs: patienceMs })).result();
  if (end.status !== 'completed') throw new Error(`${order.idempotencyKey} is ${end.status}: nothing to go on with`);
  return { order, end };
}

/** Somebody else has the first ticket of the order, by a mint of its own. */
async function takeTicket({ shop }: StagesWorld, { tickets: [first] }: PurchaseOrder): Promise<void> {
  const { tenantId, venueId, eventId } = shop;
  const { ticketId } = first!;
  const wallet = `0x${'2b'.repeat(20)}`;
  const asked = { tenantId, venueId, eventId, ticketId, wallet, mintKey: `guest-${ticketId}`, reason: 'guest list' };
  const { status } = await (await shop.boxoffice.mints.request(asked)).result();
  if (status !== 'minted') throw new Error(`the guest's ticket is ${status}`);
}

async function intentAt(stripe: string, order: PurchaseOrder): Promise<string> {
  const intents = await simulatorAt(stripe).objects<Stripe.PaymentIntent>('payment_intents');
  const found = intents.find(({ metadata }) => metadata['workflow'] === workflowIdOf(order));
  if (!found) throw new Error(`the provider knows no intent of ${workflowIdOf(order)}`);
  return found.id;
}

/** The provider ends the authorization while the tickets are being minted. */
async function endAuthorization(
  { dashboard, relay, shop }: StagesWorld,
  gate: Gate,
  order: PurchaseOrder,
  how: Column,
) {
  const workflowId = workflowIdOf(order);
  const standing = await gate.stand();
  await standing.reached();
  await dashboard.paymentIntents.cancel(await intentAt(shop.endpoints.stripe, order));
  if (how === 'webhook twice') await relay.dealtWith(workflowId, 'payment_intent.canceled');
  await standing.release();
  return undefined;
}

const isWebhook = (column: Column) => column.startsWith('webhook');

export function purchaseStages(world: StagesWorld): Record<RowName & `purchase ${string}`, Stage> {
  const { shop, chain, books } = world;
  const { endpoints } = shop;

  const subjectOf = (order: PurchaseOrder, gate: Gate, more: Partial<Subject> = {}): Subject => ({
    workflowId: workflowIdOf(order),
    gate,
    run: async () => (await shop.boxoffice.payments.purchase(order, { deadlineMs: patienceMs })).result(),
    purchase: (end) => ({ order, end: bought(end) }),
    ...more,
  });
  const order = (change?: OrderChange) => shop.order({ ...wish, ...change });
  const cardCalls = (order: PurchaseOrder, step: 'authorize' | 'capture' | 'void') =>
    simulatorGate(endpoints.stripe, { method: 'POST', keyRegex: callsOf(workflowIdOf(order), step) });
  /** The order with a card that says no in the column of declines. */
  const withCard = (column: Column, paymentMethod: string) => order(column === 'decline' ? { paymentMethod } : {});
  const intentOf = (order: PurchaseOrder) => intentAt(endpoints.stripe, order);
  const minting = (order: PurchaseOrder) => proxyGate(chain, [tokenOf(order)]);

  return {
    'purchase claim': {
      recording: true,
      wave: 3,
      prepare: async (column) => {
        const taken = column === 'decline' ? (await sell(world)).order.tickets.map(({ ticketId }) => ticketId) : [];
        const wanted = order(taken.length > 0 ? { ticketIds: taken } : {});
        return subjectOf(wanted, proxyGate(books, [workflowIdOf(wanted), 'insert into idempotency_keys']));
      },
    },
    'purchase authorize': {
      wave: 1,
      prepare: async (column) => {
        const wanted = withCard(column, 'pm_card_visa_chargeDeclinedInsufficientFunds');
        return subjectOf(wanted, cardCalls(wanted, 'authorize'));
      },
    },
    'purchase customer': {
      wave: 1,
      prepare: async (column) => {
        const wanted = order({ paymentMethod: 'pm_card_threeDSecure2Required' });
        const workflowId = workflowIdOf(wanted);
        const arrived = async () => {
          const handle = shop.client.workflow.getHandle(workflowId);
          const asked = async () => (await handle.query(statusQuery)).stage === 'awaiting customer';
          await eventually(`${workflowId} awaiting its customer`, asked);
        };
        const act = async () => {
          if (column === 'cancel') return;
          const outcome = column === 'decline' ? 'fail' : 'succeed';
          await createProviderControl(endpoints.stripe).authenticate(await intentOf(wanted), outcome);
        };
        const next = async () =>
          simulatorGate(endpoints.stripe, { method: 'GET', path: `/v1/payment_intents/${await intentOf(wanted)}` });
        const waiting = waitingAt(column, { arrived, act, next });
        return subjectOf(wanted, waiting.gate, waiting);
      },
    },
    'purchase mint': {
      wave: 3,
      prepare: async (column) => {
        const wanted = order();
        if (column === 'decline') await takeTicket(world, wanted);
        const gate = minting(wanted);
        const meanwhile = () => endAuthorization(world, gate, wanted, column);
        return subjectOf(wanted, gate, isWebhook(column) ? { meanwhile } : {});
      },
    },
    'purchase capture': {
      wave: 1,
      prepare: async (column) => {
        const wanted = withCard(column, 'pm_card_sim_captureFails');
        return subjectOf(wanted, cardCalls(wanted, 'capture'));
      },
    },
    'purchase settle': {
      recording: true,
      wave: 2,
      prepare: async () => {
        const wanted = order();
        return subjectOf(wanted, proxyGate(books, [workflowIdOf(wanted), 'insert into ledger_transactions']));
      },
    },
    'purchase receipt': {
      wave: 2,
      prepare: async (column) => {
        const wanted = order();
        const keyRegex = `^<${wanted.tenantId}\\.${receiptKeyOf(workflowIdOf(wanted))}@`;
        const calls = { method: 'DATA', keyRegex };
        const mailbox = endpoints.smtp.inbox;
        if (column === 'decline') await simulatorAt(mailbox).add({ kind: 'status', status: 550, match: calls });
        // Of mail, 4xx is what passes; 5xx is a no.
        return subjectOf(wanted, simulatorGate(mailbox, calls, [{ status: 451, times: 3 }]));
      },
    },
    'purchase undo': {
      wave: 1,
      prepare: async () => {
        const wanted = order();
        await takeTicket(world, wanted);
        return subjectOf(wanted, cardCalls(wanted, 'void'));
      },
    },
  };
}
