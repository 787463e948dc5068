/** Steps of a script that happen to a purchase: sold, refunded, disputed. */
import { expect } from 'vitest';
import type { ProviderDispute } from '../../contracts/dispute.ts';
import { fingerprintOf } from '../../contracts/hashes.ts';
import { disputeWorkflowId, refundReturnWorkflowId } from '../../contracts/ids.ts';
import type { PurchaseOrder } from '../../contracts/payment.ts';
import type { RefundRequest } from '../../contracts/refund.ts';
import type { ModelPart, ModelSale } from './books-model.ts';
import type { BooksStep } from './books-script.ts';
import { type BooksWorld, oneOf, onDay } from './books-world.ts';
import { completionOf, doneOf, failureOf, refundOf, refundOperationOf, reserveOf } from './refunds.ts';
import { captureOf, claimOf, completedOf, orderOf, settlementOf } from './sales.ts';

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
export class SaleSteps {
  readonly #world: BooksWorld;
  readonly #sold: Sold[] = [];
  readonly #refunds: Refunded[] = [];
  readonly #disputes: Disputed[] = [];

  constructor(world: BooksWorld) {
    this.#world = world;
  }

  async sell({ prices, feePermille, availableInDays }: Extract<BooksStep, { kind: 'sell' }>): Promise<void> {
    const { payments } = this.#world.store;
    const [tenantId, currency] = [this.#world.tenantId, this.#world.script.currency];
    const bare = orderOf(tenantId, { currency, tickets: prices.map((_, index) => `t-${this.#sold.length}-${index}`) });
    const tickets = bare.tickets.map(({ ticketId }, index) => ({ ticketId, price: prices[index]! }));
    const lines = tickets.map(({ ticketId, price }) => ({ kind: 'ticket' as const, ticketId, amount: price }));
    const amount = prices.reduce((sum, price) => sum + price, 0);
    const order = { ...bare, amount, tickets, lines };
    const fee = Math.floor((amount * feePermille) / 1_000);
    const capture = { ...captureOf(order, fee), availableOn: onDay(this.#world.day + availableInDays) };
    await payments.claim(claimOf(order));
    await this.#world.tell(() => payments.settle({ ...settlementOf(order), capture, result: completedOf(order) }));
    this.#sold.push({ order, sale: this.#world.books.sell({ amount, fee, availableOn: capture.availableOn }) });
  }

  async refund({ of, wanted }: Extract<BooksStep, { kind: 'refund' }>): Promise<void> {
    const sold = oneOf(this.#sold, of, () => true);
    if (!sold) return;
    const { order, sale } = sold;
    const left = this.#world.books.left(sale);
    const ticket = order.tickets[of % order.tickets.length]!;
    const amount = typeof wanted === 'object' ? this.#world.part(sale.captured, wanted.permille) : undefined;
    const request = refundOf(order, {
      ...(wanted === 'ticket' ? { ticketIds: [ticket.ticketId] } : {}),
      ...(amount === undefined ? {} : { amount }),
    });
    const claim = await this.#world.tell(() => this.#world.store.refunds.reserve(reserveOf(request)));
    const disputed = sold.dispute !== undefined && !sold.dispute.over;
    if (claim.kind === 'owned') {
      const { amount: reserved } = claim.reservation;
      expect(disputed).toBe(false);
      expect(reserved).toBe(amount ?? (wanted === 'ticket' ? Math.min(ticket.price, left) : left));
      expect(reserved).toBeLessThanOrEqual(left);
      this.#refunds.push({
        of: sold,
        request,
        part: this.#world.books.refundReserved(sale, reserved),
        state: 'reserved',
      });
      return;
    }
    const reason = claim.kind === 'foreign' ? claim.kind : (claim.result as { reason?: string }).reason;
    if (disputed) expect(reason).toBe('disputed');
    else if (wanted === 'ticket') expect(['ticket_refunded', 'exceeds']).toContain(reason);
    else expect([reason, left < (amount ?? 1)]).toEqual(['exceeds', true]);
  }

  async refundDone(of: number): Promise<void> {
    const refund = oneOf(this.#refunds, of, ({ state, of: { dispute } }) => state === 'reserved' && !dispute);
    if (!refund) return;
    await this.#world.tell(() => this.#world.store.refunds.refunded(doneOf(refund.request)));
    this.#world.books.refundDone(refund.part);
    refund.state = 'done';
  }

  /** Books what `refund done` would have. */
  async refundSettled(of: number): Promise<void> {
    const refund = oneOf(
      this.#refunds,
      of,
      ({ state, of: { dispute } }) => state === 'done' || (state === 'reserved' && !dispute),
    );
    if (!refund) return;
    const { request, part, state } = refund;
    const { currency } = this.#world.script;
    await this.#world.tell(() => this.#world.store.refunds.settle(completionOf(request, part.amount, { currency })));
    if (state === 'reserved') this.#world.books.refundDone(part);
    refund.state = 'completed';
  }

  async refundGivenBack(of: number): Promise<void> {
    const refund = oneOf(this.#refunds, of, ({ state }) => state === 'reserved' || state === 'done');
    if (!refund) return;
    await this.#world.tell(() => this.#world.store.refunds.giveBack(failureOf(refund.request)));
    this.#world.books.refundGivenBack(refund.part, refund.state === 'done');
    refund.state = 'over';
  }

  async refundReturned(of: number): Promise<void> {
    const refund = oneOf(this.#refunds, of, ({ state }) => state === 'completed');
    if (!refund) return;
    const { tenantId, refundId } = refund.request;
    const { providerRefundId } = doneOf(refund.request).refund;
    const request = { tenantId, refundId, providerRefundId };
    const body: object = { refundId };
    const operation = { ...refundOperationOf(refund.request), workflowId: refundReturnWorkflowId(tenantId, refundId) };
    const outcome = await this.#world.tell(() =>
      this.#world.store.refundReturns.take({
        operation,
        input: { request, fingerprint: fingerprintOf(body) },
        refund: { providerRefundId, status: 'failed', failureCode: 'expired_or_canceled_card' },
        now: this.#world.now,
      }),
    );
    expect(outcome).toMatchObject({ kind: 'ended', result: { status: 'returned', amount: refund.part.amount } });
    this.#world.books.refundGivenBack(refund.part, true);
    refund.state = 'over';
  }

  #record({ of: { order }, seen }: Pick<Disputed, 'of' | 'seen'>) {
    const { tenantId, idempotencyKey: paymentKey } = order;
    const operation = { tenantId, workflowId: disputeWorkflowId(tenantId, seen.disputeId), runId: 'run-1' };
    return { operation, paymentKey, dispute: seen, now: this.#world.now };
  }

  /** Once per sale, of at most what the provider has not refunded: of what is only reserved, too. */
  async dispute({ of, permille, fee }: Extract<BooksStep, { kind: 'dispute' }>): Promise<void> {
    const sold = oneOf(this.#sold, of, ({ sale, dispute }) => !dispute && sale.gone < sale.captured);
    if (!sold) return;
    const { order, sale } = sold;
    const { disputes } = this.#world.store;
    const { currency } = order;
    const amount = Math.min(this.#world.part(sale.captured, permille), sale.captured - sale.gone);
    const disputeId = `dp_${this.#disputes.length}`;
    const seen: ProviderDispute = {
      disputeId, chargeId: captureOf(order).chargeId, status: 'needs_response', amount, currency, reason: 'fraudulent',
      refundable: false, movements: [{ transactionId: `txn_${disputeId}_out`, amount: -amount, fee, currency }],
    }; // prettier-ignore
    const record = this.#record({ of: sold, seen });
    const request = { tenantId: this.#world.tenantId, disputeId, paymentKey: record.paymentKey };
    const body: object = { disputeId };
    const input = { request, fingerprint: fingerprintOf(body) };
    await this.#world.tell(() => disputes.claim({ operation: record.operation, input, now: this.#world.now }));
    await this.#world.tell(() => disputes.book(record));
    const part = this.#world.books.disputed(sale, amount, fee);
    sold.dispute = { of: sold, part, seen, over: false };
    this.#disputes.push(sold.dispute);
  }

  /** The bank gives some of it back first, then the rest. */
  async disputeWon({ of, feeReturned, firstPermille }: Extract<BooksStep, { kind: 'dispute won' }>): Promise<void> {
    const disputed = oneOf(this.#disputes, of, ({ over }) => !over);
    if (!disputed) return;
    const { seen, part } = disputed;
    const { disputeId, currency, movements } = seen;
    const fee = feeReturned ? movements[0]!.fee : 0;
    const first = this.#world.part(seen.amount, firstPermille);
    const rest = seen.amount - first;
    const { disputes } = this.#world.store;
    if (rest > 0) {
      seen.movements.push({ transactionId: `txn_${disputeId}_one`, amount: first, fee: 0, currency });
      await this.#world.tell(() => disputes.book(this.#record(disputed)));
      this.#world.books.reinstated(part, first, 0);
      await this.#world.compare();
    }
    const last = rest > 0 ? rest : first;
    seen.movements.push({ transactionId: `txn_${disputeId}_two`, amount: last, fee: -fee, currency });
    Object.assign(seen, { status: 'won', refundable: true });
    const ended = await this.#world.tell(() => disputes.settle(this.#record(disputed)));
    expect(ended).toMatchObject({ status: 'won', amount: seen.amount });
    this.#world.books.reinstated(part, last, fee);
    disputed.over = true;
    delete disputed.of.dispute;
  }

  async disputeLost(of: number): Promise<void> {
    const disputed = oneOf(this.#disputes, of, ({ over }) => !over);
    if (!disputed) return;
    disputed.seen.status = 'lost';
    const ended = await this.#world.tell(() => this.#world.store.disputes.settle(this.#record(disputed)));
    expect(ended).toMatchObject({ status: 'lost', amount: disputed.part.amount });
    this.#world.books.lost(disputed.part);
    disputed.over = true;
  }
}
