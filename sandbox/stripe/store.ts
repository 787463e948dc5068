import type { Stripe } from 'stripe';

/** Objects of one type, in the order of their creation. */
export class Collection<T extends { id: string; created: number }> {
  #byId = new Map<string, T>();

  add(object: T): T {
    this.#byId.set(object.id, object);
    return object;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  all(): T[] {
    return [...this.#byId.values()];
  }
}

/** Everything one account holds. A new resource adds its collection here. */
export interface Store {
  payment_intents: Collection<Stripe.PaymentIntent>;
  charges: Collection<Stripe.Charge>;
  balance_transactions: Collection<Stripe.BalanceTransaction>;
  payment_methods: Collection<Stripe.PaymentMethod>;
  events: Collection<Stripe.Event>;
  refunds: Collection<Stripe.Refund>;
  transfers: Collection<Stripe.Transfer>;
  transfer_reversals: Collection<Stripe.TransferReversal>;
  payouts: Collection<Stripe.Payout>;
  disputes: Collection<Stripe.Dispute>;
}

export function createStore(): Store {
  return {
    payment_intents: new Collection(),
    charges: new Collection(),
    balance_transactions: new Collection(),
    payment_methods: new Collection(),
    events: new Collection(),
    refunds: new Collection(),
    transfers: new Collection(),
    transfer_reversals: new Collection(),
    payouts: new Collection(),
    disputes: new Collection(),
  };
}

/** The id behind a field that is an id, or the object itself when expanded; stored objects hold ids only. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'object' && reference !== null ? reference.id : (reference ?? null);
}
