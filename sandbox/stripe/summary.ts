import { availableOf } from './transactions.ts';
import { type Books, booksOf, type World } from './world.ts';

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
  /** What Stripe kept of the platform's balance, dispute fees included. */
  fees: number;
  /** Refunds that neither failed nor were canceled; what waits for its outcome is in `refundsPending` too. */
  refunded: Tally;
  refundsPending: Tally;
  refundsFailed: Tally;
  /** Transfers, less what was reversed of them. */
  transferred: Tally;
  /** Payouts of all accounts: on their way, paid, failed or canceled. */
  payoutsOpen: Tally;
  payoutsPaid: Tally;
  payoutsReturned: Tally;
  /** Disputes and inquiries without an outcome. */
  disputesOpen: Tally;
  disputesWon: Tally;
  disputesLost: Tally;
  inquiriesClosed: Tally;
}

export interface AccountSummary {
  available: number;
  pending: number;
  /** All that ever moved, fees deducted: `available` and `pending`. */
  total: number;
  fees: number;
  /** The parts of `total`, by the type of the balance transactions. */
  net: Record<string, number>;
}

export interface Summary {
  intents: number;
  currencies: Record<string, CurrencySummary>;
  /** By account and currency. */
  accounts: Record<string, Record<string, AccountSummary>>;
}

const tallies = () => ({
  captured: { count: 0, amount: 0 },
  held: { count: 0, amount: 0 },
  canceled: { count: 0, amount: 0 },
  declined: { count: 0, amount: 0 },
  refunded: { count: 0, amount: 0 },
  refundsPending: { count: 0, amount: 0 },
  refundsFailed: { count: 0, amount: 0 },
  transferred: { count: 0, amount: 0 },
  payoutsOpen: { count: 0, amount: 0 },
  payoutsPaid: { count: 0, amount: 0 },
  payoutsReturned: { count: 0, amount: 0 },
  disputesOpen: { count: 0, amount: 0 },
  disputesWon: { count: 0, amount: 0 },
  disputesLost: { count: 0, amount: 0 },
  inquiriesClosed: { count: 0, amount: 0 },
});
type TallyName = keyof ReturnType<typeof tallies>;

const ofPayout: Record<string, TallyName> = {
  pending: 'payoutsOpen',
  in_transit: 'payoutsOpen',
  paid: 'payoutsPaid',
  failed: 'payoutsReturned',
  canceled: 'payoutsReturned',
};
const ofDispute: Record<string, TallyName> = {
  won: 'disputesWon',
  lost: 'disputesLost',
  warning_closed: 'inquiriesClosed',
};

interface Counted {
  currency: string;
  name: TallyName;
  amount: number;
}

const counted = (name: TallyName, { currency }: { currency: string }, amount: number): Counted => ({
  currency,
  name,
  amount,
});

function customersMoney({ store }: World): Counted[] {
  return [
    ...store.charges
      .all()
      .flatMap((charge) => [
        ...(charge.captured ? [counted('captured', charge, charge.amount_captured)] : []),
        ...(charge.status === 'failed' ? [counted('declined', charge, charge.amount)] : []),
      ]),
    ...store.payment_intents
      .all()
      .flatMap((intent) => [
        ...(intent.status === 'requires_capture' ? [counted('held', intent, intent.amount_capturable)] : []),
        ...(intent.status === 'canceled' ? [counted('canceled', intent, intent.amount)] : []),
      ]),
    ...store.refunds.all().flatMap((refund) => {
      const failed = refund.status === 'failed' || refund.status === 'canceled';
      const waits = refund.status === 'pending' || refund.status === 'requires_action';
      return [
        counted(failed ? 'refundsFailed' : 'refunded', refund, refund.amount),
        ...(waits ? [counted('refundsPending', refund, refund.amount)] : []),
      ];
    }),
    ...store.disputes
      .all()
      .map((dispute) => counted(ofDispute[dispute.status] ?? 'disputesOpen', dispute, dispute.amount)),
  ];
}

function accountsMoney({ store, accounts }: World): Counted[] {
  return [
    ...store.transfers
      .all()
      .map((transfer) => counted('transferred', transfer, transfer.amount - transfer.amount_reversed)),
    ...[...accounts.values()].flatMap((account) =>
      account.store.payouts
        .all()
        .map((payout) => counted(ofPayout[payout.status] ?? 'payoutsOpen', payout, payout.amount)),
    ),
  ];
}

function balances(books: Books): Record<string, AccountSummary> {
  const summaries: Record<string, AccountSummary> = {};
  for (const { currency, type, net, fee } of books.store.balance_transactions.all()) {
    const own = (summaries[currency] ??= { available: 0, pending: 0, total: 0, fees: 0, net: {} });
    own.total += net;
    own.fees += fee;
    own.net[type] = (own.net[type] ?? 0) + net;
  }
  for (const [currency, own] of Object.entries(summaries)) {
    own.available = availableOf(books, currency);
    own.pending = own.total - own.available;
  }
  return summaries;
}

/** Counts and sums, computed from the objects. Amounts in minor units. */
export function summarize(world: World): Summary {
  const currencies: Record<string, CurrencySummary> = {};
  const of = (currency: string): CurrencySummary => (currencies[currency] ??= { ...tallies(), fees: 0 });
  for (const { currency, name, amount } of [...customersMoney(world), ...accountsMoney(world)]) {
    const tally = of(currency)[name];
    tally.count += 1;
    tally.amount += amount;
  }
  for (const { currency, fee } of world.store.balance_transactions.all()) of(currency).fees += fee;
  const accounts = [...world.accounts.keys()].map((id) => [id, balances(booksOf(world, id))] as const);
  return { intents: world.store.payment_intents.all().length, currencies, accounts: Object.fromEntries(accounts) };
}
