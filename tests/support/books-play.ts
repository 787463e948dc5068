/** Plays a script of money events to the store and to the model at once, and compares the two after every step. */
import { expect } from 'vitest';
import type { ProviderDispute } from '../../contracts/dispute.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { disputeWorkflowId, refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import type { PayoutRequest } from '../../contracts/schema/payout.ts';
import { ModelBooks, type ModelPart, type ModelPayout, type ModelSale } from './books-model.ts';
import { type BooksScript, type BooksStep, stepOf } from './books-script.ts';
import {
  bankSaidNo, claimReturnOf, creationOf, payable, paymentOf, payoutOf, payoutOperationOf, releaseOf, reservePayoutOf,
  returnOf, transferOf,
} from './payouts.ts'; // prettier-ignore
import type { TestDatabase } from './postgres.ts';
import { completionOf, doneOf, failureOf, refundOf, refundOperationOf, reserveOf } from './refunds.ts';
import { captureOf, claimOf, completedOf, openSale, orderOf, settlementOf } from './sales.ts';

interface Sold {
  order: PurchaseOrder;
  sale: ModelSale;
  /** While a bank has some of it, or has kept it: the provider refunds nothing then. */
  dispute?: Disputed;
}
interface Refunded {
  of: Sold;
  request: RefundRequest;
  part: ModelPart;
  state: 'reserved' | 'done' | 'completed' | 'over';
}
interface Disputed {
  of: Sold;
  part: ModelPart;
  seen: ProviderDispute;
  over: boolean;
}
interface PaidOut {
  request: PayoutRequest;
  model: ModelPayout;
  state: 'reserved' | 'transferred' | 'created' | 'paid' | 'over';
}

const startsAt = Date.parse('2027-01-01T00:00:00.000Z');
const dayMs = 24 * 3_600_000;
const onDay = (day: number) => new Date(startsAt + day * dayMs).toISOString();

/** What was refused is settled from then on, with the same result. */
const known = (answer: unknown): unknown =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'
    ? { ...answer, kind: 'settled' }
    : answer;

export class BooksPlay {
  readonly #db: TestDatabase;
  readonly #tenantId: string;
  readonly #script: BooksScript;
  readonly #books: ModelBooks;
  readonly #sold: Sold[] = [];
  readonly #refunds: Refunded[] = [];
  readonly #disputes: Disputed[] = [];
  readonly #payouts: PaidOut[] = [];
  #day = 0;
  #twice = false;
  /** Whether the step was one. */
  #told = false;

  constructor(db: TestDatabase, tenantId: string, script: BooksScript) {
    this.#db = db;
    this.#tenantId = tenantId;
    this.#script = script;
    this.#books = new ModelBooks({ ...script.venue, step: stepOf(script.currency) });
  }

  async run(): Promise<void> {
    const { currency, venue, eventEndsIn, steps } = this.#script;
    const { store } = this.#db;
    await openSale(store, this.#tenantId, { ...payable, ...venue, currency });
    const event = { venueId: 'venue', name: 'The Event', endsAt: onDay(eventEndsIn), salesOpen: true };
    await store.events.put(this.#tenantId, 'event', event);
    for (const { step, twice } of steps) {
      this.#twice = twice;
      this.#told = false;
      await this.#play(step);
      if (this.#told) await this.#compare();
    }
  }

  get #now(): string {
    return onDay(this.#day);
  }

  get #eventOver(): boolean {
    return this.#day >= this.#script.eventEndsIn + this.#script.venue.reserveDays;
  }

  /** As after a lost answer: the same call again has to answer the same. */
  async #tell<T>(call: () => Promise<T>): Promise<T> {
    this.#told = true;
    const first = await call();
    if (this.#twice) expect(known(await call())).toEqual(known(first));
    return first;
  }

  /** The ledger is the model's, and both are the provider's; what is available is the same. */
  async #compare(): Promise<void> {
    const { store } = this.#db;
    const rows = await store.ledger.balances(this.#tenantId);
    const ledger = Object.fromEntries(rows.filter(({ balance }) => balance !== 0).map((row) => [row.account, row.balance])); // prettier-ignore
    expect(ledger).toEqual(this.#books.balances);
    expect(Object.values(ledger).reduce((sum, balance) => sum + balance, 0)).toBe(0);
    const of = (account: string) => ledger[account] ?? 0;
    expect(this.#books.provider).toEqual({
      platform: of('stripe_balance'),
      connected: of('connected_balance'),
      inTransit: of('in_transit'),
      fees: of('provider_fees') + of('dispute_fees'),
    });
    const venue = await store.payouts.balances(this.#tenantId, 'venue', this.#now);
    expect(venue?.available).toBe(this.#books.available(this.#now, this.#eventOver));
  }

  async #play(step: BooksStep): Promise<void> {
    switch (step.kind) {
      case 'sell':
        return this.#sell(step);
      case 'refund':
        return this.#refund(step);
      case 'refund done':
        return this.#refundDone(
          this.#one(this.#refunds, step.of, ({ state, of }) => state === 'reserved' && !of.dispute),
        );
      case 'refund settled':
        return this.#refundSettled(this.#one(this.#refunds, step.of, ({ state, of }) => state === 'done' || (state === 'reserved' && !of.dispute))); // prettier-ignore
      case 'refund given back':
        return this.#refundGivenBack(
          this.#one(this.#refunds, step.of, ({ state }) => ['reserved', 'done'].includes(state)),
        );
      case 'refund returned':
        return this.#refundReturned(this.#one(this.#refunds, step.of, ({ state }) => state === 'completed'));
      case 'dispute':
        return this.#dispute(step);
      case 'dispute won':
        return this.#disputeWon(step);
      case 'dispute lost':
        return this.#disputeLost(this.#one(this.#disputes, step.of, ({ over }) => !over));
      case 'payout':
        return this.#payout(step);
      case 'payout goes on':
        return this.#payoutGoesOn(this.#one(this.#payouts, step.of, ({ state }) => !['paid', 'over'].includes(state)));
      case 'payout released':
        return this.#payoutReleased(
          this.#one(this.#payouts, step.of, ({ state }) => !['paid', 'over'].includes(state)),
        );
      case 'payout returned':
        return this.#payoutReturned(this.#one(this.#payouts, step.of, ({ state }) => state === 'paid'));
      case 'days pass':
        this.#day += step.days;
        this.#told = true;
    }
  }

  #one<T>(all: readonly T[], of: number, fits: (one: T) => boolean): T | undefined {
    const candidates = all.filter(fits);
    return candidates[of % Math.max(candidates.length, 1)];
  }

  /** A share of an amount in the provider's steps, at least one of them. */
  #part(amount: number, permille: number): number {
    const step = stepOf(this.#script.currency);
    return Math.max(step, Math.floor((amount * permille) / 1_000 / step) * step);
  }

  async #sell({ prices, feePermille, availableInDays }: Extract<BooksStep, { kind: 'sell' }>): Promise<void> {
    const { payments } = this.#db.store;
    const [tenantId, currency] = [this.#tenantId, this.#script.currency];
    const bare = orderOf(tenantId, { currency, tickets: prices.map((_, index) => `t-${this.#sold.length}-${index}`) });
    const tickets = bare.tickets.map(({ ticketId }, index) => ({ ticketId, price: prices[index]! }));
    const lines = tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price }));
    const amount = prices.reduce((sum, price) => sum + price, 0);
    const order = { ...bare, amount, tickets, lines };
    const fee = Math.floor((amount * feePermille) / 1_000);
    const capture = { ...captureOf(order, fee), availableOn: onDay(this.#day + availableInDays) };
    await payments.claim(claimOf(order));
    await this.#tell(() => payments.settle({ ...settlementOf(order), capture, result: completedOf(order) }));
    this.#sold.push({ order, sale: this.#books.sell({ amount, fee, availableOn: capture.availableOn }) });
  }

  async #refund({ of, wanted }: Extract<BooksStep, { kind: 'refund' }>): Promise<void> {
    const sold = this.#one(this.#sold, of, () => true);
    if (!sold) return;
    const { order, sale } = sold;
    const left = this.#books.left(sale);
    const ticket = order.tickets[of % order.tickets.length]!;
    const amount = typeof wanted === 'object' ? this.#part(sale.captured, wanted.permille) : undefined;
    const request = refundOf(order, {
      ...(wanted === 'ticket' ? { ticketIds: [ticket.ticketId] } : {}),
      ...(amount === undefined ? {} : { amount }),
    });
    const claim = await this.#tell(() => this.#db.store.refunds.reserve(reserveOf(request)));
    const disputed = sold.dispute !== undefined && !sold.dispute.over;
    if (claim.kind === 'owned') {
      const { amount: reserved } = claim.reservation;
      expect(disputed).toBe(false);
      expect(reserved).toBe(amount ?? (wanted === 'ticket' ? Math.min(ticket.price, left) : left));
      expect(reserved).toBeLessThanOrEqual(left);
      this.#refunds.push({ of: sold, request, part: this.#books.refundReserved(sale, reserved), state: 'reserved' });
      return;
    }
    const reason = claim.kind === 'foreign' ? claim.kind : (claim.result as { reason?: string }).reason;
    if (disputed) expect(reason).toBe('disputed');
    else if (wanted === 'ticket') expect(['ticket_refunded', 'exceeds']).toContain(reason);
    else expect([reason, left < (amount ?? 1)]).toEqual(['exceeds', true]);
  }

  async #refundDone(refund: Refunded | undefined): Promise<void> {
    if (!refund) return;
    await this.#tell(() => this.#db.store.refunds.refunded(doneOf(refund.request)));
    this.#books.refundDone(refund.part);
    refund.state = 'done';
  }

  /** Books what `refund done` would have. */
  async #refundSettled(refund: Refunded | undefined): Promise<void> {
    if (!refund) return;
    const { request, part, state } = refund;
    const { currency } = this.#script;
    await this.#tell(() => this.#db.store.refunds.settle(completionOf(request, part.amount, { currency })));
    if (state === 'reserved') this.#books.refundDone(part);
    refund.state = 'completed';
  }

  async #refundGivenBack(refund: Refunded | undefined): Promise<void> {
    if (!refund) return;
    await this.#tell(() => this.#db.store.refunds.giveBack(failureOf(refund.request)));
    this.#books.refundGivenBack(refund.part, refund.state === 'done');
    refund.state = 'over';
  }

  async #refundReturned(refund: Refunded | undefined): Promise<void> {
    if (!refund) return;
    const { tenantId, refundId } = refund.request;
    const { providerRefundId } = doneOf(refund.request).refund;
    const request = { tenantId, refundId, providerRefundId };
    const body: object = { refundId };
    const operation = { ...refundOperationOf(refund.request), workflowId: refundReturnWorkflowId(tenantId, refundId) };
    const outcome = await this.#tell(() =>
      this.#db.store.refundReturns.take({
        operation,
        input: { request, fingerprint: fingerprintOf(body) },
        refund: { providerRefundId, status: 'failed', failureCode: 'expired_or_canceled_card' },
        now: this.#now,
      }),
    );
    expect(outcome).toMatchObject({ kind: 'ended', result: { status: 'returned', amount: refund.part.amount } });
    this.#books.refundGivenBack(refund.part, true);
    refund.state = 'over';
  }

  #record({ of: { order }, seen }: Pick<Disputed, 'of' | 'seen'>) {
    const { tenantId, idempotencyKey: paymentKey } = order;
    const operation = { tenantId, workflowId: disputeWorkflowId(tenantId, seen.disputeId), runId: 'run-1' };
    return { operation, paymentKey, dispute: seen, now: this.#now };
  }

  /** Once per sale, of at most what the provider has not refunded: of what is only reserved, too. */
  async #dispute({ of, permille, fee }: Extract<BooksStep, { kind: 'dispute' }>): Promise<void> {
    const sold = this.#one(this.#sold, of, ({ sale, dispute }) => !dispute && sale.gone < sale.captured);
    if (!sold) return;
    const { order, sale } = sold;
    const { disputes } = this.#db.store;
    const { currency } = order;
    const amount = Math.min(this.#part(sale.captured, permille), sale.captured - sale.gone);
    const disputeId = `dp_${this.#disputes.length}`;
    const seen: ProviderDispute = {
      disputeId, chargeId: captureOf(order).chargeId, status: 'needs_response', amount, currency, reason: 'fraudulent',
      refundable: false, movements: [{ transactionId: `txn_${disputeId}_out`, amount: -amount, fee, currency }],
    }; // prettier-ignore
    const record = this.#record({ of: sold, seen });
    const request = { tenantId: this.#tenantId, disputeId, paymentKey: record.paymentKey };
    const body: object = { disputeId };
    const input = { request, fingerprint: fingerprintOf(body) };
    await this.#tell(() => disputes.claim({ operation: record.operation, input, now: this.#now }));
    await this.#tell(() => disputes.book(record));
    const part = this.#books.disputed(sale, amount, fee);
    sold.dispute = { of: sold, part, seen, over: false };
    this.#disputes.push(sold.dispute);
  }

  /** The bank gives some of it back first, then the rest. */
  async #disputeWon({ of, feeReturned, firstPermille }: Extract<BooksStep, { kind: 'dispute won' }>): Promise<void> {
    const disputed = this.#one(this.#disputes, of, ({ over }) => !over);
    if (!disputed) return;
    const { seen, part } = disputed;
    const { disputeId, currency, movements } = seen;
    const fee = feeReturned ? movements[0]!.fee : 0;
    const first = this.#part(seen.amount, firstPermille);
    const rest = seen.amount - first;
    const { disputes } = this.#db.store;
    if (rest > 0) {
      seen.movements.push({ transactionId: `txn_${disputeId}_one`, amount: first, fee: 0, currency });
      await this.#tell(() => disputes.book(this.#record(disputed)));
      this.#books.reinstated(part, first, 0);
      await this.#compare();
    }
    const last = rest > 0 ? rest : first;
    seen.movements.push({ transactionId: `txn_${disputeId}_two`, amount: last, fee: -fee, currency });
    Object.assign(seen, { status: 'won', refundable: true });
    const ended = await this.#tell(() => disputes.settle(this.#record(disputed)));
    expect(ended).toMatchObject({ status: 'won', amount: seen.amount });
    this.#books.reinstated(part, last, fee);
    disputed.over = true;
    delete disputed.of.dispute;
  }

  async #disputeLost(disputed: Disputed | undefined): Promise<void> {
    if (!disputed) return;
    disputed.seen.status = 'lost';
    const ended = await this.#tell(() => this.#db.store.disputes.settle(this.#record(disputed)));
    expect(ended).toMatchObject({ status: 'lost', amount: disputed.part.amount });
    this.#books.lost(disputed.part);
    disputed.over = true;
  }

  async #payout({ wanted }: Extract<BooksStep, { kind: 'payout' }>): Promise<void> {
    const available = this.#books.available(this.#now, this.#eventOver);
    const amount = wanted === 'all' ? undefined : this.#part(available, wanted.permille);
    const request = payoutOf(this.#tenantId, amount === undefined ? {} : { amount });
    const claim = await this.#tell(() => this.#db.store.payouts.reserve(reservePayoutOf(request, { now: this.#now })));
    this.#books.releaseReserves(this.#now, this.#eventOver);
    const can = amount ?? this.#books.payableIn(available);
    if (can > available || can === 0) {
      const reason = amount === undefined ? 'nothing_available' : 'exceeds';
      expect(claim).toMatchObject({ kind: 'refused', result: { reason, available } });
      return;
    }
    if (claim.kind !== 'owned') throw new Error(`${can} of ${available} refused: ${JSON.stringify(claim)}`);
    const { amount: reserved, transferAmount } = claim.reservation;
    expect(reserved).toBe(can);
    const model = { amount: reserved, transferAmount };
    this.#books.payoutReserved(model);
    this.#payouts.push({ request, model, state: 'reserved' });
  }

  async #payoutGoesOn(payout: PaidOut | undefined): Promise<void> {
    if (!payout) return;
    const { request, model, state } = payout;
    const { payouts } = this.#db.store;
    const { currency } = this.#script;
    if (state === 'reserved' && model.transferAmount > 0) {
      await this.#tell(() => payouts.transferred(transferOf(request)));
      this.#books.transferred(model);
      payout.state = 'transferred';
    } else if (state !== 'created') {
      await this.#tell(() => payouts.created(creationOf(request)));
      this.#books.payoutCreated(model);
      payout.state = 'created';
    } else {
      const { transferId, ...result } = paymentOf(request, model.amount, { currency }).result;
      const paid = model.transferAmount > 0 ? { ...result, transferId } : result;
      await this.#tell(() => payouts.settle({ operation: payoutOperationOf(request), result: paid, now: this.#now }));
      this.#books.paid(model);
      payout.state = 'paid';
    }
  }

  async #payoutReleased(payout: PaidOut | undefined): Promise<void> {
    if (!payout) return;
    await this.#tell(() => this.#db.store.payouts.release(releaseOf(payout.request, bankSaidNo)));
    if (payout.state === 'created') this.#books.payoutCreated(payout.model, -1);
    this.#books.payoutReserved(payout.model, -1);
    payout.state = 'over';
  }

  async #payoutReturned(payout: PaidOut | undefined): Promise<void> {
    if (!payout) return;
    const { payoutReturns } = this.#db.store;
    const ending = returnOf(payout.request, payout.model.amount);
    await this.#tell(() => payoutReturns.claim(claimReturnOf(payout.request)));
    await this.#tell(() =>
      payoutReturns.settle({ ...ending, result: { ...ending.result, currency: this.#script.currency } }),
    );
    this.#books.payoutReturned(payout.model);
    payout.state = 'over';
  }
}
