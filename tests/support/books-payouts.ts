/** Steps of a script that happen to a payout. */
import { expect } from 'vitest';
import type { PayoutRequest } from '../../contracts/schema/payout.ts';
import type { ModelPayout } from './books-model.ts';
import type { BooksStep } from './books-script.ts';
import { type BooksWorld, oneOf } from './books-world.ts';
import {
  bankSaidNo, creationOf, paymentOf, payoutOf, payoutOperationOf, releaseOf, reservePayoutOf, returnOf,
  transferOf,
} from './payouts.ts'; // prettier-ignore

interface PaidOut {
  request: PayoutRequest;
  model: ModelPayout;
  state: 'reserved' | 'transferred' | 'created' | 'paid' | 'over';
}

export class PayoutSteps {
  readonly #world: BooksWorld;
  readonly #payouts: PaidOut[] = [];

  constructor(world: BooksWorld) {
    this.#world = world;
  }

  async request({ wanted }: Extract<BooksStep, { kind: 'payout' }>): Promise<void> {
    const available = this.#world.books.available(this.#world.now, this.#world.eventOver);
    const amount = wanted === 'all' ? undefined : this.#world.part(available, wanted.permille);
    const request = payoutOf(this.#world.tenantId, amount === undefined ? {} : { amount });
    const claim = await this.#world.tell(() =>
      this.#world.store.payouts.reserve(reservePayoutOf(request, { now: this.#world.now })),
    );
    this.#world.books.releaseReserves(this.#world.now, this.#world.eventOver);
    const can = amount ?? this.#world.books.payableIn(available);
    if (can > available || can === 0) {
      const reason = amount === undefined ? 'nothing_available' : 'exceeds';
      expect(claim).toMatchObject({ kind: 'refused', result: { reason, available } });
      return;
    }
    if (claim.kind !== 'owned') throw new Error(`${can} of ${available} refused: ${JSON.stringify(claim)}`);
    const { amount: reserved, transferAmount } = claim.reservation;
    expect(reserved).toBe(can);
    const model = { amount: reserved, transferAmount };
    this.#world.books.payoutReserved(model);
    this.#payouts.push({ request, model, state: 'reserved' });
  }

  async goesOn(of: number): Promise<void> {
    const payout = oneOf(this.#payouts, of, ({ state }) => state !== 'paid' && state !== 'over');
    if (!payout) return;
    const { request, model, state } = payout;
    const { payouts } = this.#world.store;
    const { currency } = this.#world.script;
    if (state === 'reserved' && model.transferAmount > 0) {
      await this.#world.tell(() => payouts.transferred(transferOf(request)));
      this.#world.books.transferred(model);
      payout.state = 'transferred';
    } else if (state !== 'created') {
      await this.#world.tell(() => payouts.created(creationOf(request)));
      this.#world.books.payoutCreated(model);
      payout.state = 'created';
    } else {
      const { transferId, ...result } = paymentOf(request, model.amount, { currency }).result;
      const paid = model.transferAmount > 0 ? { ...result, transferId } : result;
      await this.#world.tell(() =>
        payouts.settle({ operation: payoutOperationOf(request), result: paid, now: this.#world.now }),
      );
      this.#world.books.paid(model);
      payout.state = 'paid';
    }
  }

  async released(of: number): Promise<void> {
    const payout = oneOf(this.#payouts, of, ({ state }) => state !== 'paid' && state !== 'over');
    if (!payout) return;
    await this.#world.tell(() => this.#world.store.payouts.release(releaseOf(payout.request, bankSaidNo)));
    if (payout.state === 'created') this.#world.books.payoutCreated(payout.model, -1);
    this.#world.books.payoutReserved(payout.model, -1);
    payout.state = 'over';
  }

  async returned(of: number): Promise<void> {
    const payout = oneOf(this.#payouts, of, ({ state }) => state === 'paid');
    if (!payout) return;
    const { payoutReturns } = this.#world.store;
    const booking = returnOf(payout.request, payout.model.amount);
    const { currency } = this.#world.script;
    await this.#world.tell(() => payoutReturns.book({ ...booking, returned: { ...booking.returned, currency } }));
    this.#world.books.payoutReturned(payout.model);
    payout.state = 'over';
  }
}
