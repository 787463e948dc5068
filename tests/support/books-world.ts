/** What the steps of a script share: the store under one tenant, the model of its books, the day, and whether calls are made twice. */
import { expect } from 'vitest';
import type { Store } from '../../store/index.ts';
import { ModelBooks } from './books-model.ts';
import { type BooksScript, stepOf } from './books-script.ts';

const startsAt = Date.parse('2027-01-01T00:00:00.000Z');
const dayMs = 24 * 3_600_000;
export const onDay = (day: number): string => new Date(startsAt + day * dayMs).toISOString();

/** What was refused is settled from then on, with the same result. */
const known = (answer: unknown): unknown =>
  typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'refused'
    ? { ...answer, kind: 'settled' }
    : answer;

export class BooksWorld {
  readonly store: Store;
  readonly tenantId: string;
  readonly script: BooksScript;
  readonly books: ModelBooks;
  day = 0;
  twice = false;
  /** Whether the step was one: it found what it happens to. */
  told = false;

  constructor(store: Store, tenantId: string, script: BooksScript) {
    this.store = store;
    this.tenantId = tenantId;
    this.script = script;
    this.books = new ModelBooks({ ...script.venue, step: stepOf(script.currency) });
  }

  get now(): string {
    return onDay(this.day);
  }

  /** Reserves are due. */
  get eventOver(): boolean {
    return this.day >= this.script.eventEndsIn + this.script.venue.reserveDays;
  }

  /** As after a lost answer: the same call again has to answer the same. */
  async tell<T>(call: () => Promise<T>): Promise<T> {
    this.told = true;
    const first = await call();
    if (this.twice) expect(known(await call())).toEqual(known(first));
    return first;
  }

  /** A share of an amount in the provider's steps, at least one of them. */
  part(amount: number, permille: number): number {
    const step = stepOf(this.script.currency);
    return Math.max(step, Math.floor((amount * permille) / 1_000 / step) * step);
  }

  /** The ledger is the model's, and both are the provider's; what is available is the same. */
  async compare(): Promise<void> {
    const rows = await this.store.ledger.balances(this.tenantId);
    const ledger = Object.fromEntries(
      rows.filter(({ balance }) => balance !== 0).map(({ account, balance }) => [account, balance]),
    );
    expect(ledger).toEqual(this.books.balances);
    expect(Object.values(ledger).reduce((sum, balance) => sum + balance, 0)).toBe(0);
    const of = (account: string) => ledger[account] ?? 0;
    expect(this.books.provider).toEqual({
      platform: of('stripe_balance'),
      connected: of('connected_balance'),
      inTransit: of('in_transit'),
      fees: of('provider_fees') + of('dispute_fees'),
    });
    const venue = await this.store.payouts.balances(this.tenantId, 'venue', this.now);
    expect(venue?.available).toBe(this.books.available(this.now, this.eventOver));
  }
}

/** One of those that fit. */
export function oneOf<T>(all: readonly T[], of: number, fits: (one: T) => boolean = () => true): T | undefined {
  const candidates = all.filter(fits);
  return candidates[of % Math.max(candidates.length, 1)];
}
