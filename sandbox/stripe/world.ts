import type { Stripe } from 'stripe';
import type { SimClock } from '../sim/clock.ts';
import type { Agenda } from './agenda.ts';
import type { CardBehavior } from './cards.ts';
import type { Plans } from './plans.ts';
import type { Store } from './store.ts';
import type { Webhooks } from './webhooks.ts';

export interface Account {
  record: Stripe.Account & { created: number };
  store: Store;
}

/** What one account holds, as the clock shows it. */
export interface Books {
  store: Store;
  clock: SimClock;
  /** The platform and the accounts connected to it, by id. */
  accounts: ReadonlyMap<string, Account>;
}

/** The simulated platform, the accounts connected to it, and what their objects live by. `store` is the platform's. */
export interface World extends Books {
  accounts: Map<string, Account>;
  webhooks: Webhooks;
  /** What each payment method does when it is charged, by its id. */
  behaviors: Map<string, CardBehavior>;
  /** Authorized and not captured: the end of each authorization in epoch seconds, by the intent's id. */
  authorizations: Map<string, number>;
  /** How long an authorization holds, in seconds; 7 days at Stripe. */
  authorizationSeconds: number;
  /** From a refund to its outcome, in seconds, where the outcome comes by itself. */
  refundSeconds: number;
  /** From a payout to its arrival, in seconds. */
  payoutSeconds: number;
  agenda: Agenda;
  plans: Plans;
}

/** The request that caused an event; nulls where the account itself acted. */
export interface Origin {
  id: string | null;
  idempotencyKey: string | null;
}

export const nobody: Origin = { id: null, idempotencyKey: null };

/** One call whose parameters are right and which is being executed. */
export interface Call {
  world: World;
  /** The account that the call is for: the platform, or what the header `Stripe-Account` names. */
  account: string;
  books: Books;
  origin: Origin;
  /** The address, without its query. */
  url: string;
  /** The `:id` of the address; empty where it has none. */
  id: string;
  /** The `:inner` of the address; empty where it has none. */
  inner: string;
}

/** @throws Error for an account that does not exist */
export function booksOf({ accounts, clock }: World, account: string): Books {
  const found = accounts.get(account);
  if (!found) throw new Error(`no account '${account}'`);
  return { store: found.store, clock, accounts };
}
