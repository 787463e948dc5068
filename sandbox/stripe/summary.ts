import type { World } from './world.ts';

interface Tally {
  count: number;
  amount: number;
}

export interface CurrencySummary {
  /** Money taken: captured charges and what was captured of them. */
  captured: Tally;
  /** Money held: authorized, neither captured nor canceled nor expired. */
  held: Tally;
  canceled: Tally;
  /** Declined attempts. */
  declined: Tally;
  fees: number;
}

const nothing = (): Tally => ({ count: 0, amount: 0 });

function add(tally: Tally, amount: number): void {
  tally.count += 1;
  tally.amount += amount;
}

/** Counts and sums by currency, computed from the objects. Amounts in minor units. */
export function summarize({ store }: World): { intents: number; currencies: Record<string, CurrencySummary> } {
  const currencies: Record<string, CurrencySummary> = {};
  const of = (currency: string): CurrencySummary =>
    (currencies[currency] ??= {
      captured: nothing(),
      held: nothing(),
      canceled: nothing(),
      declined: nothing(),
      fees: 0,
    });
  for (const charge of store.charges.all()) {
    if (charge.captured) add(of(charge.currency).captured, charge.amount_captured);
    if (charge.status === 'failed') add(of(charge.currency).declined, charge.amount);
  }
  const intents = store.payment_intents.all();
  for (const intent of intents) {
    if (intent.status === 'requires_capture') add(of(intent.currency).held, intent.amount_capturable);
    if (intent.status === 'canceled') add(of(intent.currency).canceled, intent.amount);
  }
  for (const transaction of store.balance_transactions.all()) of(transaction.currency).fees += transaction.fee;
  return { intents: intents.length, currencies };
}
