/** Scripts of what buyers, support, banks and venues do at once, made by chance: for three venues, one per currency. */
import * as fc from 'fast-check';
import type { Currency } from '../../contracts/money.ts';
import { permille, priceOf, recordOf, stepOf } from './books-script.ts';

export const moneyCurrencies = ['JPY', 'USD', 'KWD'] as const satisfies readonly Currency[];

/**
 * `at once`: its money is available as soon as it is captured · `in days`: it is not available here · `slow refunds`: also
 * not, and its refunds wait for the bank.
 */
export type Card = 'at once' | 'in days' | 'slow refunds' | 'declined';

export interface Bought {
  tickets: number;
  price: number;
  /** Minor units, beside the tickets. */
  fee: number;
  card: Card;
}

/** `of` picks one of the venue's purchases that the command fits; where there is none, it is nothing. Times in milliseconds. */
export type Command =
  | { kind: 'buy'; what: Bought }
  | { kind: 'buy and cancel'; what: Bought; afterMs: number }
  | {
      kind: 'refund';
      of: number;
      wanted: 'rest' | 'ticket' | { permille: number };
      tickets: 'keep' | 'burn';
      /** What becomes of one that waits, or of one that was made. */
      bank: 'gives it' | 'cannot' | 'cannot, later';
      bankMs: number;
    }
  | {
      kind: 'payout';
      wanted: 'all' | { permille: number };
      bank: 'pays' | 'fails' | 'pays, then fails';
      bankMs: number;
    }
  | {
      kind: 'dispute';
      of: number;
      /** Of what was captured; where it is not given, or something was refunded already: all that is left. */
      permille: number | null;
      end: 'won' | 'lost' | 'withdrawn' | 'only asked';
      feeReturned: boolean;
      bankMs: number;
    }
  /** From then on the reserves of its sales are due. */
  | { kind: 'event over' };

export interface MoneyScript {
  /** Bought before the commands begin, one per venue. */
  first: Bought[];
  venues: { feeBasisPoints: number; feeFixed: number; reserveBasisPoints: number }[];
  /** Each begins `pauseMs` after the one before it, whatever became of that. */
  commands: { venue: number; pauseMs: number; command: Command }[];
}

const upToMs = (max: number) => fc.nat({ max });
const of = fc.nat({ max: 1_000 });

const boughtIn = (currency: Currency): fc.Arbitrary<Bought> =>
  recordOf<Bought>({
    tickets: fc.integer({ min: 1, max: 3 }),
    price: priceOf(currency).map((price) => (price % 1_000_000) + 1_000 * stepOf(currency)),
    fee: fc.nat({ max: 99 }).map((n) => n * stepOf(currency)),
    card: fc.constantFrom<Card[]>('at once', 'at once', 'at once', 'slow refunds', 'in days'),
  });

const commandIn = (currency: Currency): fc.Arbitrary<Command> => {
  const what = boughtIn(currency);
  return fc.oneof(
    { weight: 5, arbitrary: recordOf<Command & { kind: 'buy' }>({ kind: fc.constant('buy'), what }) },
    {
      weight: 1,
      arbitrary: recordOf<Command & { kind: 'buy' }>({
        kind: fc.constant('buy'),
        what: what.map((bought) => ({ ...bought, card: 'declined' as const })),
      }),
    },
    {
      weight: 3,
      arbitrary: recordOf<Command & { kind: 'buy and cancel' }>({
        kind: fc.constant('buy and cancel'),
        what,
        afterMs: upToMs(800),
      }),
    },
    {
      weight: 9,
      arbitrary: recordOf<Command & { kind: 'refund' }>({
        kind: fc.constant('refund'),
        of,
        wanted: fc.oneof(fc.constantFrom('rest' as const, 'ticket' as const), recordOf({ permille })),
        tickets: fc.constantFrom('keep', 'burn'),
        bank: fc.constantFrom('gives it', 'gives it', 'cannot', 'cannot, later'),
        bankMs: upToMs(600),
      }),
    },
    {
      weight: 6,
      arbitrary: recordOf<Command & { kind: 'payout' }>({
        kind: fc.constant('payout'),
        wanted: fc.oneof(fc.constant('all' as const), recordOf({ permille })),
        bank: fc.constantFrom('pays', 'pays', 'fails', 'pays, then fails'),
        bankMs: upToMs(600),
      }),
    },
    {
      weight: 4,
      arbitrary: recordOf<Command & { kind: 'dispute' }>({
        kind: fc.constant('dispute'),
        of,
        permille: fc.option(permille),
        end: fc.constantFrom('won', 'lost', 'lost', 'withdrawn', 'only asked'),
        feeReturned: fc.boolean(),
        bankMs: upToMs(600),
      }),
    },
    { weight: 1, arbitrary: recordOf<Command & { kind: 'event over' }>({ kind: fc.constant('event over') }) },
  );
};

/** With `length` commands. */
export const moneyScript = (length: number): fc.Arbitrary<MoneyScript> =>
  recordOf<MoneyScript>({
    venues: fc.array(
      recordOf({
        feeBasisPoints: fc.integer({ min: 0, max: 1_500 }),
        feeFixed: fc.nat({ max: 60 }),
        reserveBasisPoints: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_000 })),
      }),
      { minLength: moneyCurrencies.length, maxLength: moneyCurrencies.length },
    ),
    first: fc.tuple(...moneyCurrencies.map(boughtIn)),
    commands: fc.array(
      fc
        .nat({ max: moneyCurrencies.length - 1 })
        .chain((venue) =>
          recordOf({ venue: fc.constant(venue), pauseMs: upToMs(300), command: commandIn(moneyCurrencies[venue]!) }),
        ),
      { minLength: length, maxLength: length },
    ),
  });
