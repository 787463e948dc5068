import type { SimClock } from '../sim/clock.ts';
import type { CardBehavior } from './cards.ts';
import type { Store } from './store.ts';
import type { Webhooks } from './webhooks.ts';

/** The simulated account and what its objects live by. */
export interface World {
  store: Store;
  clock: SimClock;
  webhooks: Webhooks;
  /** What each payment method does when it is charged, by its id. */
  behaviors: Map<string, CardBehavior>;
  /** Authorized and not captured: the end of each authorization in epoch seconds, by the intent's id. */
  authorizations: Map<string, number>;
  /** How long an authorization holds, in seconds; 7 days at Stripe. */
  authorizationSeconds: number;
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
  origin: Origin;
  /** The address, without its query. */
  url: string;
  /** The `:id` of the address; empty where it has none. */
  id: string;
}
