/** How a day's ledger becomes a report. Pure. */
import { parseWorkflowId } from '../contracts/ids.ts';
import type { Currency } from '../contracts/money.ts';
import {
  type AccountOfDay,
  type CurrencyOfDay,
  type Movement,
  type MovementKind,
  movementKinds,
  type ReportTotals,
} from '../contracts/report.ts';
import { accounts } from './postings.ts';
import { lineKindOf } from './statements.ts';

/** What an account of a venue had when the day began. */
export interface OpeningRow {
  currency: Currency;
  account: string;
  opening: number;
}

/** What one group of transactions did to one account on the day: of one kind of operation, and of one step where that matters. */
export interface MovementRow {
  currency: Currency;
  account: string;
  /** One of the group, to tell what it is about. */
  operation: string;
  step: string;
  /** Of the whole group. */
  transactions: number;
  amount: number;
}

const kindsOfPayouts: Readonly<Record<string, MovementKind>> = {
  payout_reserved: 'payout_reserved',
  transferred: 'payout_transferred',
  payout_created: 'payout_created',
  paid: 'payout_paid',
  payout_failed: 'payout_failed',
  payout_released: 'payout_released',
};

/** By who posted it, and as what; a statement lists less of a purchase and of a payout than was posted. */
export function movementKindOf(operation: string, step: string): MovementKind {
  const kind = parseWorkflowId(operation)?.kind;
  if (kind === 'payout') return kindsOfPayouts[step] ?? 'adjustment';
  return kind === 'payment' && step === 'provider_fee' ? 'provider_fee' : lineKindOf(operation, step);
}

const inOrderOf =
  <T>(order: readonly string[], nameOf: (item: T) => string) =>
  (a: T, b: T) =>
    order.indexOf(nameOf(a)) - order.indexOf(nameOf(b));

/** Several groups can be of one kind. */
function movementsOf(rows: readonly MovementRow[]): Movement[] {
  const kinds = new Map<MovementKind, { groups: Map<string, number>; amounts: Map<string, number> }>();
  for (const { operation, step, account, transactions, amount } of rows) {
    const kind = movementKindOf(operation, step);
    const { groups, amounts } = kinds.get(kind) ?? {
      groups: new Map<string, number>(),
      amounts: new Map<string, number>(),
    };
    kinds.set(kind, { groups: groups.set(`${operation} ${step}`, transactions), amounts });
    amounts.set(account, (amounts.get(account) ?? 0) + amount);
  }
  return [...kinds]
    .map(([kind, { groups, amounts }]) => ({
      kind,
      transactions: [...groups.values()].reduce((sum, transactions) => sum + transactions, 0),
      amounts: [...amounts]
        .map(([account, amount]) => ({ account, amount }))
        .toSorted(inOrderOf(accounts, ({ account }) => account)),
    }))
    .toSorted(inOrderOf(movementKinds, ({ kind }) => kind));
}

function accountsOf(openings: readonly OpeningRow[], movements: readonly Movement[]): AccountOfDay[] {
  const changes = new Map<string, number>();
  for (const { account, amount } of movements.flatMap(({ amounts }) => amounts))
    changes.set(account, (changes.get(account) ?? 0) + amount);
  const opened = new Map(openings.map(({ account, opening }) => [account, opening]));
  return accounts
    .filter((account) => opened.has(account) || changes.has(account))
    .map((account) => {
      const [opening, change] = [opened.get(account) ?? 0, changes.get(account) ?? 0];
      return { account, opening, change, closing: opening + change };
    });
}

/** Without a -0. */
const negative = (amount: number) => (amount === 0 ? 0 : -amount);

function totalsOf(movements: readonly Movement[]): ReportTotals {
  const sum = (account: string, ...kinds: MovementKind[]) =>
    movements
      .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
      .flatMap(({ amounts }) => amounts)
      .reduce((total, entry) => (entry.account === account ? total + entry.amount : total), 0);
  return {
    captured: sum('stripe_balance', 'purchase'),
    platformFees: negative(sum('platform_fees')),
    providerFees: sum('provider_fees'),
    refunded: negative(sum('stripe_balance', 'refund')),
    disputed: negative(sum('stripe_balance', 'dispute', 'dispute_fee') + sum('dispute_fees', 'dispute', 'dispute_fee')),
    disputeFees: sum('dispute_fees'),
    paidOut: negative(sum('in_transit', 'payout_paid')) - sum('connected_balance', 'payout_returned'),
  };
}

/** Per currency, in alphabetical order. */
export function currenciesOfDay(openings: readonly OpeningRow[], rows: readonly MovementRow[]): CurrencyOfDay[] {
  const currencies = new Set([...openings, ...rows].map(({ currency }) => currency));
  return [...currencies].toSorted().map((currency) => {
    const movements = movementsOf(rows.filter((row) => row.currency === currency));
    const opened = openings.filter((row) => row.currency === currency);
    return { currency, totals: totalsOf(movements), accounts: accountsOf(opened, movements), movements };
  });
}
