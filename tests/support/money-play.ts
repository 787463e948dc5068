/** Plays a script of money commands on the real world: each one from its request to its end, all of them at once. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { NotFoundError, type RequestedPayout } from '../../client/index.ts';
import { payoutReturnWorkflowId, refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { Currency } from '../../contracts/money.ts';
import type { PaymentResult, PurchaseOrder } from '../../contracts/payment.ts';
import type { PayoutResult } from '../../contracts/payout.ts';
import type { RefundRequest, RefundResult } from '../../contracts/refund.ts';
import { until } from '../../sandbox/processes/until.ts';
import { stepOf } from './books-script.ts';
import { createDisputeDesk } from './disputing.ts';
import { type Bought, type Card, type Command, moneyCurrencies, type MoneyScript } from './money-script.ts';
import { openPayoutDesk, type PayoutDesk } from './paying-out.ts';
import { type Ended, openShop, type Shop, type ShopEndpoints } from './purchases.ts';
import { refundWorkflowIdOf } from './refunding.ts';

/** What became of a venue's script, as those who asked were told. */
export interface VenueStory {
  currency: Currency;
  shop: Shop;
  desk: PayoutDesk;
  purchases: Ended[];
  refunds: { request: RefundRequest; result: RefundResult; returned: boolean }[];
  payouts: { payout: RequestedPayout; result: PayoutResult; returned: boolean }[];
  /** Ids of the workflows of its disputes. */
  disputes: string[];
}

interface Sold extends Ended {
  card: Card;
  refunds: number;
  disputed: boolean;
  /** Ends when the dispute is there: a refund between its amount and it would make more go back than was taken. */
  opening: Promise<unknown>;
}

const withinMs = 90_000;
/** The highest limits there are: payouts of any amount need nobody's consent. */
const nobodysConsent = { one: Number.MAX_SAFE_INTEGER, two: Number.MAX_SAFE_INTEGER };

export class VenuePlay implements VenueStory {
  readonly currency: Currency;
  readonly shop: Shop;
  readonly desk: PayoutDesk;
  readonly purchases: Ended[] = [];
  readonly refunds: VenueStory['refunds'] = [];
  readonly payouts: VenueStory['payouts'] = [];
  readonly disputes: string[] = [];
  readonly #sold: Sold[] = [];
  readonly #disputeDesk: ReturnType<typeof createDisputeDesk>;

  constructor(currency: Currency, shop: Shop, desk: PayoutDesk) {
    this.currency = currency;
    this.shop = shop;
    this.desk = desk;
    this.#disputeDesk = createDisputeDesk(shop);
  }

  async play(command: Command): Promise<void> {
    switch (command.kind) {
      case 'buy':
        return this.buy(command.what);
      case 'buy and cancel':
        return this.#buyAndCancel(command);
      case 'refund':
        return this.#refund(command);
      case 'payout':
        return this.#payout(command);
      case 'dispute':
        return this.#dispute(command);
      case 'event over':
        return this.#eventOver();
    }
  }

  #order({ tickets, price, fee, card }: Bought): PurchaseOrder {
    const paymentMethods: Record<Card, string> = {
      'at once': 'pm_card_bypassPending',
      'in days': 'pm_card_visa',
      'slow refunds': 'pm_card_pendingRefund',
      declined: 'pm_card_visa_chargeDeclined',
    };
    const { currency } = this;
    return this.shop.order({ tickets, price, fee, currency, paymentMethod: paymentMethods[card] });
  }

  async buy(what: Bought): Promise<void> {
    const order = this.#order(what);
    const purchase = await this.shop.boxoffice.payments.purchase(order, { deadlineMs: withinMs });
    this.#ended(order, await purchase.result({ deadlineMs: withinMs }), what.card);
  }

  #ended(order: PurchaseOrder, end: PaymentResult, card: Card): void {
    this.purchases.push({ order, end });
    if (end.status !== 'completed') return;
    this.#sold.push({ order, end, card, refunds: 0, disputed: false, opening: Promise.resolve() });
  }

  async #buyAndCancel({ what, afterMs }: Extract<Command, { kind: 'buy and cancel' }>): Promise<void> {
    const order = this.#order(what);
    const { payments } = this.shop.boxoffice;
    const bought = payments.purchase(order, { deadlineMs: withinMs });
    await delay(afterMs);
    const cancel = () =>
      payments
        .get(order.tenantId, order.idempotencyKey)
        .cancel({ actor: 'buyer', reason: 'changed my mind' }, { deadlineMs: withinMs });
    // It may not be there yet.
    const answer = await cancel().catch(async (error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
      await bought;
      return cancel();
    });
    const end = await (await bought).result({ deadlineMs: withinMs });
    if (end.status !== answer.status) throw new Error(`${order.idempotencyKey}: ${answer.status}, then ${end.status}`);
    this.#ended(order, end, what.card);
  }

  #one(of: number, fits: (sold: Sold) => boolean = () => true): Sold | undefined {
    const candidates = this.#sold.filter(fits);
    return candidates[of % Math.max(candidates.length, 1)];
  }

  #part(amount: number, permille: number): number {
    const step = stepOf(this.currency);
    return Math.max(step, Math.floor((amount * permille) / 1_000 / step) * step);
  }

  /** Whether the simulator could do it by now. */
  async #bank(name: 'refunds' | 'disputes', body: object): Promise<boolean> {
    const url = `${this.shop.endpoints.stripe}/_sim/${name}`;
    return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).ok;
  }

  async #refund({ of, wanted, tickets, bank, bankMs }: Extract<Command, { kind: 'refund' }>): Promise<void> {
    const sold = this.#one(of);
    if (!sold) return;
    const { order } = sold;
    sold.refunds += 1;
    await sold.opening;
    const desk = this.#disputeDesk.refunds;
    const request = desk.request(order, {
      // Tickets that are gone cannot come back: the money of those stays where it is.
      tickets: bank === 'cannot, later' ? 'keep' : tickets,
      ...(wanted === 'ticket' ? { ticketIds: [order.tickets[of % order.tickets.length]!.ticketId] } : {}),
      ...(typeof wanted === 'object' ? { amount: this.#part(order.amount, wanted.permille) } : {}),
    });
    const handle = await desk.start(request);
    let result: RefundResult | undefined;
    const ended = handle.result().then((end) => (result = end));
    const made = async () => {
      const all = await desk.atProvider(order);
      return all.find(({ metadata }) => metadata?.['workflow'] === refundWorkflowIdOf(request));
    };
    if (sold.card === 'slow refunds') {
      let refund: Stripe.Refund | undefined;
      await until(async () => result !== undefined || (refund = await made()) !== undefined, { withinMs });
      await delay(bankMs);
      if (refund) await this.#bank('refunds', { id: refund.id, outcome: bank === 'cannot' ? 'fail' : 'succeed' });
    }
    const end = await ended;
    const returned = bank === 'cannot, later' && end.status === 'completed';
    if (returned) {
      await delay(bankMs);
      await this.#bank('refunds', { id: end.providerRefundId, outcome: 'fail' });
      await this.#follower(refundReturnWorkflowId(request.tenantId, request.refundId));
    }
    this.refunds.push({ request, result: end, returned });
  }

  /** Waits for what a webhook starts. */
  async #follower(workflowId: string): Promise<void> {
    const handle = this.shop.client.workflow.getHandle(workflowId);
    const started = () => handle.describe().then(() => true);
    if (!(await until(started, { withinMs }))) throw new Error(`nothing started ${workflowId}`);
    await handle.result();
  }

  async #payout({ wanted, bank, bankMs }: Extract<Command, { kind: 'payout' }>): Promise<void> {
    const sales = this.#sold.reduce((sum, { order }) => sum + order.amount, 0);
    const payout = await this.desk.request(wanted === 'all' ? {} : { amount: this.#part(sales, wanted.permille) });
    await this.finish(payout, bank, () => delay(bankMs));
  }

  async finish(
    payout: RequestedPayout,
    bank: 'pays' | 'fails' | 'pays, then fails',
    whenMade: () => Promise<unknown>,
  ): Promise<void> {
    let result: PayoutResult | undefined;
    const ended = payout.result({ deadlineMs: withinMs }).then((end) => (result = end));
    let made: Stripe.Payout | undefined;
    const find = async () => (await this.desk.atProvider()).find((one) => one.metadata?.['workflow'] === payout.workflowId); // prettier-ignore
    await until(async () => result !== undefined || (made = await find()) !== undefined, { withinMs });
    await whenMade();
    if (made) await this.desk.decide(made, bank === 'fails' ? 'fail' : 'pay');
    const end = await ended;
    const returned = made !== undefined && bank === 'pays, then fails' && end.status === 'paid';
    if (made && returned) {
      await this.desk.decide(made, 'fail');
      await this.#follower(payoutReturnWorkflowId(this.shop.tenantId, payout.payoutId));
    }
    this.payouts.push({ payout, result: end, returned });
  }

  /** One per purchase at most. */
  async #dispute(command: Extract<Command, { kind: 'dispute' }>): Promise<void> {
    const { of, permille, end, feeReturned, bankMs } = command;
    const sold = this.#one(of, ({ disputed }) => !disputed);
    if (!sold) return;
    sold.disputed = true;
    const part = permille !== null && sold.refunds === 0 ? { amount: this.#part(sold.order.amount, permille) } : {};
    const asks = end === 'only asked';
    const opening = this.#disputeDesk.open(sold.order, asks ? { status: 'warning_needs_response' } : part);
    sold.opening = opening.catch(() => undefined);
    // Nothing is left to dispute.
    const dispute = await opening.catch(() => undefined);
    if (!dispute) return;
    this.disputes.push(dispute.handle.workflowId);
    await delay(bankMs);
    // An inquiry is closed by a refund, too.
    const outcome = asks ? 'withdrawn' : end;
    await this.#bank('disputes', { id: dispute.id, outcome, ...(feeReturned && !asks ? { feeReturned } : {}) });
    await this.#follower(dispute.handle.workflowId);
  }

  async #eventOver(): Promise<void> {
    const { boxoffice, venueId, eventId } = this.shop;
    await boxoffice.events.put(eventId, {
      venueId,
      name: 'The Event',
      endsAt: '2026-01-01T22:00:00Z',
      salesOpen: true,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.shop.close(), this.desk.close()]);
  }
}

/** New venues, each with a purchase; then all commands. Answers when every one of them has ended. */
export async function playMoney(
  endpoints: ShopEndpoints,
  { venues, first, commands }: MoneyScript,
): Promise<VenuePlay[]> {
  const plays = await Promise.all(
    moneyCurrencies.map(async (currency, index) => {
      const shop = await openShop(endpoints, currency);
      const policy = { ...venues[index], currency, reserveDays: 0, payoutApproval: nobodysConsent };
      return new VenuePlay(currency, shop, await openPayoutDesk(shop, policy));
    }),
  );
  await Promise.all(plays.map((play, index) => play.buy(first[index]!)));
  const running: Promise<void>[] = [];
  for (const { venue, pauseMs, command } of commands) {
    const run = plays[venue]!.play(command);
    // Heard of below, when all have begun.
    run.catch(() => undefined);
    running.push(run);
    await delay(pauseMs);
  }
  await Promise.all(running);
  return plays;
}
