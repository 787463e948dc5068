/** Scripts of what can happen to a venue's money, made by chance, and how each of their steps is told to the store. */
import * as fc from 'fast-check';
import type { Currency } from '../../contracts/money.ts';

/** `of` picks one of those that the step can happen to; where there is none, the step is nothing. */
export type BooksStep =
  | { kind: 'sell'; prices: number[]; feePermille: number; availableInDays: number }
  | { kind: 'refund'; of: number; wanted: 'rest' | 'ticket' | { permille: number } }
  | { kind: 'refund done' | 'refund settled' | 'refund given back' | 'refund returned'; of: number }
  | { kind: 'dispute'; of: number; permille: number; fee: number }
  | { kind: 'dispute won'; of: number; feeReturned: boolean; firstPermille: number }
  | { kind: 'dispute lost'; of: number }
  | { kind: 'payout'; wanted: 'all' | { permille: number } }
  | { kind: 'payout goes on' | 'payout released' | 'payout returned'; of: number }
  | { kind: 'days pass'; days: number };

export interface BooksScript {
  currency: Currency;
  venue: { feeBasisPoints: number; feeFixed: number; reserveBasisPoints: number; reserveDays: number };
  /** The event's end, in days after the start. */
  eventEndsIn: number;
  /** Each call is made twice where this is true: the second one must change nothing. */
  steps: { step: BooksStep; twice: boolean }[];
}

/** The provider's smallest charge, and what its amounts are multiples of. */
const charges: Partial<Record<Currency, { least: number; step: number }>> = {
  JPY: { least: 50, step: 1 },
  USD: { least: 50, step: 1 },
  KWD: { least: 10, step: 10 },
};

export const stepOf = (currency: Currency): number => charges[currency]?.step ?? 1;

/** Plain objects, which a failing run prints so that they can be read. */
export const recordOf = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

/** Prices that the provider takes: mostly small, now and then as large as it allows for three of them. */
export function priceOf(currency: Currency): fc.Arbitrary<number> {
  const { least, step } = charges[currency] ?? { least: 50, step: 1 };
  const upTo = (most: number) => fc.integer({ min: least / step, max: Math.floor(most / step) }).map((n) => n * step);
  return fc.oneof({ weight: 5, arbitrary: upTo(30_000) }, { weight: 1, arbitrary: upTo(33_000_000) });
}

export const permille = fc.integer({ min: 1, max: 1_000 });
const of = fc.nat({ max: 1_000 });

const stepsOf = (currency: Currency): fc.Arbitrary<BooksStep> => {
  const about = <Kind extends string>(...kinds: Kind[]) => recordOf({ kind: fc.constantFrom(...kinds), of });
  const sell = recordOf({
    kind: fc.constant('sell' as const),
    prices: fc.array(priceOf(currency), { minLength: 1, maxLength: 3 }),
    feePermille: fc.integer({ min: 0, max: 60 }),
    availableInDays: fc.constantFrom(0, 0, 2, 7),
  });
  const refund = recordOf({
    kind: fc.constant('refund' as const),
    of,
    wanted: fc.oneof(fc.constantFrom('rest' as const, 'ticket' as const), recordOf({ permille })),
  });
  const payout = recordOf({
    kind: fc.constant('payout' as const),
    wanted: fc.oneof(fc.constant('all' as const), recordOf({ permille: fc.integer({ min: 1, max: 1_200 }) })),
  });
  return fc.oneof(
    { weight: 5, arbitrary: sell },
    { weight: 6, arbitrary: refund },
    { weight: 6, arbitrary: about('refund done', 'refund settled', 'refund given back', 'refund returned') },
    { weight: 2, arbitrary: recordOf({ kind: fc.constant('dispute' as const), of, permille, fee: fc.constantFrom(0, 1_500) }) }, // prettier-ignore
    { weight: 1, arbitrary: recordOf({ kind: fc.constant('dispute won' as const), of, feeReturned: fc.boolean(), firstPermille: permille }) }, // prettier-ignore
    { weight: 1, arbitrary: about('dispute lost') },
    { weight: 4, arbitrary: payout },
    { weight: 7, arbitrary: about('payout goes on') },
    { weight: 2, arbitrary: about('payout released', 'payout returned') },
    { weight: 2, arbitrary: recordOf({ kind: fc.constant('days pass' as const), days: fc.integer({ min: 1, max: 9 }) }) }, // prettier-ignore
  );
};

export const booksScript = (currency: Currency): fc.Arbitrary<BooksScript> =>
  recordOf({
    currency: fc.constant(currency),
    venue: recordOf({
      feeBasisPoints: fc.integer({ min: 0, max: 1_500 }),
      feeFixed: fc.nat({ max: 60 }),
      reserveBasisPoints: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_000 })),
      reserveDays: fc.integer({ min: 0, max: 5 }),
    }),
    eventEndsIn: fc.integer({ min: 0, max: 10 }),
    steps: fc.array(recordOf({ step: stepsOf(currency), twice: fc.nat({ max: 3 }).map((n) => n === 0) }), {
      minLength: 25,
      maxLength: 35,
    }),
  });
